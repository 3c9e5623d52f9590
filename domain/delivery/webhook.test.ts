import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { expect, it, vi } from "vitest";
import { webhookHeaders, webhookSecret, webhookSecretOf } from "./webhook.ts";

// The receiver is the specification's own library (standardwebhooks).

const secrets = fc.uint8Array({ minLength: 24, maxLength: 64 }).map(webhookSecretOf);

it("signs what a receiver with any of the secrets takes, and no other", async () => {
  const input = fc.record({
    all: fc.uniqueArray(secrets, { minLength: 2, maxLength: 4 }),
    body: fc.json(),
    id: fc.uuid(),
  });
  await fc.assert(
    fc.asyncProperty(input, async ({ all, body, id }) => {
      const [stranger = "", ...known] = all;
      const headers = await webhookHeaders(known, id, Date.now(), body);
      for (const secret of known)
        expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
      expect(() => new Webhook(stranger).verify(body, headers)).toThrow("signature");
      const [secret = ""] = known;
      expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow("signature");
      const renamed = { ...headers, "webhook-id": `${id}x` };
      expect(() => new Webhook(secret).verify(body, renamed)).toThrow("signature");
    }),
    { numRuns: 50 },
  );
});

it("signs the time of the attempt, so that an old one is not taken again", async () => {
  const secret = webhookSecretOf(new Uint8Array(32));
  const headers = await webhookHeaders([secret], "a", Date.now() - 6 * 60_000, "{}");
  expect(() => new Webhook(secret).verify("{}", headers)).toThrow("too old");
  vi.useFakeTimers({ now: Date.now() - 6 * 60_000 });
  expect(new Webhook(secret).verify("{}", headers)).toEqual({});
  vi.useRealTimers();
});

it("takes secrets of 24 to 64 bytes and nothing else", () => {
  const of = (bytes: number) => webhookSecretOf(new Uint8Array(bytes));
  for (const good of [of(24), of(32), of(63), of(64)])
    expect(webhookSecret.safeParse(good).success, good).toBe(true);
  const bad = [of(23), of(65), of(32).slice(6), `${of(32)} `, `whsec_${"=".repeat(40)}`, "", of(0)];
  for (const text of bad) expect(webhookSecret.safeParse(text).success, text).toBe(false);
});
