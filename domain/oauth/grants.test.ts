import fc from "fast-check";
import { expect, it } from "vitest";
import { mintCredential, parseCredential } from "#domain/accounts/credential.ts";
import {
  endAfterRefresh,
  FAMILY_LIFE_MS,
  type GrantRecord,
  IDLE_LIFE_MS,
  isHeldBy,
  mintRefresh,
  parseRefresh,
  REFRESH_BYTES,
} from "#domain/oauth/grants.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const grantId = bytes(10).map(
  (id) => mintCredential("authorization", 0, id, new Uint8Array(20)).id,
);

it("names its grant and its family in every token of a family, and is no other credential", () => {
  fc.assert(
    fc.property(grantId, bytes(REFRESH_BYTES), bytes(REFRESH_BYTES), (id, one, two) => {
      const first = mintRefresh(id, one);
      const next = mintRefresh(id, two, first.family);
      expect(parseRefresh(first.text)).toEqual(first);
      expect(parseRefresh(next.text)).toEqual(next);
      expect(next.family).toBe(first.family);
      expect(next.grantId).toBe(id);
      expect(parseCredential(first.text)).toBeNull();
    }),
  );
});

it("is refused with any one character changed, dropped or doubled", () => {
  const { text } = mintRefresh("g0_0000000000000000", new Uint8Array(REFRESH_BYTES).fill(9));
  for (let at = 0; at < text.length; at++) {
    const other = text.charAt(at) === "0" ? "1" : "0";
    expect(parseRefresh(text.slice(0, at) + other + text.slice(at + 1)), `at ${at}`).toBeNull();
    expect(parseRefresh(text.slice(0, at) + text.slice(at + 1)), `at ${at}`).toBeNull();
    expect(parseRefresh(text.slice(0, at + 1) + text.slice(at)), `at ${at}`).toBeNull();
  }
});

const grant: GrantRecord = {
  id: "g0_0000000000000000",
  accountId: "a",
  principalId: "p",
  keyId: null,
  clientId: "o",
  scopes: [],
  audience: [],
  boundJkt: null,
  boundX5t: null,
  familyHash: null,
  refreshHash: null,
  createdAtMs: 0,
  rotatedAtMs: null,
  expiresAtMs: 0,
  revokedAtMs: null,
};

it("lives on while it is used, and never longer than a year", () => {
  fc.assert(
    fc.property(fc.nat(2 * FAMILY_LIFE_MS), (nowMs) => {
      const end = endAfterRefresh(grant, nowMs);
      expect(end).toBeLessThanOrEqual(FAMILY_LIFE_MS);
      expect(end).toBeLessThanOrEqual(nowMs + IDLE_LIFE_MS);
    }),
  );
});

it("is held by whoever shows all that it is bound to", () => {
  const bound = { ...grant, boundJkt: "key", boundX5t: "certificate" };
  expect(isHeldBy(grant, undefined)).toBe(true);
  expect(isHeldBy(bound, undefined)).toBe(false);
  expect(isHeldBy(bound, { jkt: "key" })).toBe(false);
  expect(isHeldBy(bound, { jkt: "key", "x5t#S256": "other" })).toBe(false);
  expect(isHeldBy(bound, { jkt: "key", "x5t#S256": "certificate" })).toBe(true);
});
