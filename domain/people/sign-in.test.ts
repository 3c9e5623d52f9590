import { expect, it } from "vitest";
import type { PersonWithFactors } from "#domain/people/factors.ts";
import { signInByPassword } from "#domain/people/sign-in.ts";

const NOW_MS = 1_800_000_000_000;
const person: PersonWithFactors = {
  id: "h0_a",
  status: "active",
  emailIndex: "index",
  email: "sealed",
  name: "sealed",
  passwordHash: "hash",
  totp: null,
  totpPending: null,
  totpStep: null,
  createdAtMs: 0,
  passkeys: 0,
};

/** Ports that note each call, with a password that is right or not. */
function ports(found: PersonWithFactors | null, right: boolean) {
  const calls: string[] = [];
  const noting =
    <T>(name: string, value: T) =>
    async () => {
      calls.push(name);
      return value;
    };
  const never = () => Promise.reject(new Error("not asked for here"));
  const deps = {
    ring: { blindIndex: noting("index", "index"), open: never, seal: never },
    publicUrl: "https://hub.example",
    random: (length: number) => new Uint8Array(length),
    sha256Hex: noting("hash", "0".repeat(64)),
    countAttempt: noting("count", { failures: 1, sinceMs: NOW_MS }),
    clearAttempt: noting("clear", undefined),
    personByEmail: noting("person", found),
    prove: (async (kind: string) => {
      calls.push(kind);
      return { ok: true, value: right };
    }) as never,
    memberships: noting("memberships", []),
    insertSession: noting("insert", undefined),
    takeTotpStep: never,
    takeRecoveryCode: never,
    passkey: never,
    passkeyUsed: never,
    spend: never,
    endSession: never,
  };
  return { calls, deps };
}

const request = {
  email: "a@example.org",
  password: "whatever it is",
  device: null,
  network: null,
  factor: null,
};

it("does the same work in the same order for a wrong password, for nobody, and for who may not sign in", async () => {
  const seen = new Set<string>();
  for (const [found, right] of [
    [person, false],
    [null, false],
    [null, true],
    [{ ...person, passwordHash: null }, true],
    [{ ...person, status: "suspended" }, true],
    [{ ...person, totp: "sealed", passkeys: 2 }, false],
  ] as const) {
    const { calls, deps } = ports(found, right);
    const answer = await signInByPassword(deps, request, NOW_MS);
    expect(answer).toEqual({ ok: false, error: { code: "unauthenticated" } });
    expect(calls.filter((call) => call === "verify-password")).toHaveLength(1);
    seen.add(calls.join(" "));
  }
  expect(seen.size).toBe(1);
});

it("asks for no bcrypt once there were too many guesses", async () => {
  const { calls, deps } = ports(person, true);
  deps.countAttempt = async () => ({ failures: 11, sinceMs: NOW_MS - 60_000 });
  const answer = await signInByPassword(deps, request, NOW_MS);
  expect(answer).toEqual({
    ok: false,
    error: { code: "too-many-requests", retryAfterS: 840 },
  });
  expect(calls).not.toContain("verify-password");
});
