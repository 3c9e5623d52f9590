import fc from "fast-check";
import { Secret, TOTP } from "otpauth";
import { describe, expect, it } from "vitest";
import { matchingStep, stepAt, totpCode, totpSecret, totpUri } from "#domain/people/totp.ts";

const bytes20 = fc.uint8Array({ minLength: 20, maxLength: 20 });

describe("a time-based code", () => {
  // RFC 6238, appendix B, its SHA-1 rows cut to six digits.
  const ascii = Uint8Array.from("12345678901234567890", (char) => char.charCodeAt(0));
  it.each([
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
    [20_000_000_000, "353130"],
  ])("is the one of RFC 6238 at second %i", async (second, code) => {
    expect(await totpCode(totpSecret(ascii), stepAt(second * 1000))).toBe(code);
  });

  it("is what an authenticator shows that scanned the address", async () => {
    await fc.assert(
      fc.asyncProperty(bytes20, fc.integer({ min: 0, max: 4e12 }), async (random, atMs) => {
        const secret = totpSecret(random);
        const scanned = new URL(totpUri(secret, "WisHub", "a+b@example.org"));
        const app = new TOTP({
          secret: Secret.fromBase32(scanned.searchParams.get("secret") ?? ""),
          digits: Number(scanned.searchParams.get("digits")),
          period: Number(scanned.searchParams.get("period")),
        });
        expect(await totpCode(secret, stepAt(atMs))).toBe(app.generate({ timestamp: atMs }));
      }),
      { numRuns: 50 },
    );
  });
});

describe("a code that was typed", () => {
  const secret = totpSecret(new Uint8Array(20).fill(9));
  const NOW_MS = 1_800_000_000_000;
  const now = stepAt(NOW_MS);
  const match = async (step: number, used: number | null) =>
    matchingStep(secret, await totpCode(secret, step), used, NOW_MS);

  it("is taken from the step before to the step after, and from no other", async () => {
    expect(await Promise.all([-2, -1, 0, 1, 2].map((by) => match(now + by, null)))).toEqual([
      null,
      now - 1,
      now,
      now + 1,
      null,
    ]);
  });

  it("is taken once, and nothing older after it", async () => {
    expect(await match(now, now)).toBeNull();
    expect(await match(now - 1, now)).toBeNull();
    expect(await match(now + 1, now)).toBe(now + 1);
  });
});
