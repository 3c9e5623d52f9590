import fc from "fast-check";
import { expect, it } from "vitest";
import {
  BELIEVED_AFTER_MS,
  planOf,
  SHOWN_BEFORE_MS,
  SIGNING_LIFE_MS,
  type SigningKey,
} from "#domain/oauth/signing-keys.ts";
import { TOKEN_LIFE_MS } from "#domain/oauth/access-token.ts";

const jwk = { kty: "EC", crv: "P-256", x: "x", y: "y" } as const;
const key = (generation: number, signsFromMs: number): SigningKey => ({
  generation,
  kid: `kid-${generation}`,
  publicJwk: jwk,
  signsFromMs,
  withdrawnAtMs: null,
});
const kids = (keys: readonly SigningKey[]) => keys.map(({ kid }) => kid);

it("asks for a first key that signs at once", () => {
  expect(planOf([], 5)).toEqual({
    signer: null,
    believed: [],
    make: { generation: 1, signsFromMs: 5 },
  });
});

it("shows the next key a day before it signs, and believes the last one while its tokens live", () => {
  const first = key(1, 0);
  const dueMs = SIGNING_LIFE_MS - SHOWN_BEFORE_MS;
  expect(planOf([first], dueMs - 1).make).toBeNull();
  const { make } = planOf([first], dueMs);
  expect(make).toEqual({ generation: 2, signsFromMs: SIGNING_LIFE_MS });
  const both = [first, key(2, SIGNING_LIFE_MS)];
  const before = planOf(both, SIGNING_LIFE_MS - 1);
  expect([before.signer?.kid, kids(before.believed)]).toEqual(["kid-1", ["kid-2", "kid-1"]]);
  const after = planOf(both, SIGNING_LIFE_MS);
  expect([after.signer?.kid, kids(after.believed)]).toEqual(["kid-2", ["kid-2", "kid-1"]]);
  const late = planOf(both, SIGNING_LIFE_MS + BELIEVED_AFTER_MS);
  expect(kids(late.believed)).toEqual(["kid-2"]);
  expect(BELIEVED_AFTER_MS).toBeGreaterThan(TOKEN_LIFE_MS);
});

it("believes a withdrawn key in nothing, and asks for another one at once", () => {
  const gone = { ...key(3, 0), withdrawnAtMs: 4 };
  expect(planOf([gone], 5)).toEqual({
    signer: null,
    believed: [],
    make: { generation: 4, signsFromMs: 5 },
  });
});

it("always signs with what it shows, whatever the history, and makes no generation twice", () => {
  const history = fc.array(fc.record({ at: fc.nat(3 * SIGNING_LIFE_MS), gone: fc.boolean() }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(history, fc.nat(4 * SIGNING_LIFE_MS), (made, nowMs) => {
      const keys = made.map(({ at, gone }, i) => ({
        ...key(i + 1, at),
        withdrawnAtMs: gone ? at : null,
      }));
      const { signer, believed, make } = planOf(keys, nowMs);
      if (signer !== null) expect(kids(believed)).toContain(signer.kid);
      if (signer === null) expect(make).not.toBeNull();
      if (make !== null) expect(kids(keys)).not.toContain(`kid-${make.generation}`);
      expect(believed.every(({ withdrawnAtMs }) => withdrawnAtMs === null)).toBe(true);
    }),
  );
});
