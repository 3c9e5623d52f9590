import fc from "fast-check";
import { expect, it } from "vitest";
import { catalogShardOf, mintCredential, parseCredential } from "#domain/accounts/credential.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const kinds = fc.constantFrom(
  ...(["key", "session", "code", "link", "client", "authorization", "device"] as const),
);
const shards = fc.integer({ min: 0, max: 35 });

it("is read back as what it was made as, with the id its hash is stored under", () => {
  fc.assert(
    fc.property(kinds, shards, bytes(10), bytes(20), (kind, shard, id, secret) => {
      const made = mintCredential(kind, shard, id, secret);
      expect(parseCredential(made.text)).toEqual({ kind, shard, id: made.id });
      expect(catalogShardOf(made.id)).toBe(shard);
    }),
  );
});

it("is refused with any one character changed, dropped or doubled", () => {
  const { text } = mintCredential("key", 0, new Uint8Array(10).fill(7), new Uint8Array(20).fill(9));
  for (let at = 0; at < text.length; at++) {
    const other = text.charAt(at) === "0" ? "1" : "0";
    expect(
      parseCredential(text.slice(0, at) + other + text.slice(at + 1)),
      `changed at ${at}`,
    ).toBeNull();
    expect(parseCredential(text.slice(0, at) + text.slice(at + 1)), `dropped at ${at}`).toBeNull();
    expect(
      parseCredential(text.slice(0, at) + text.slice(at, at + 1) + text.slice(at)),
      `doubled at ${at}`,
    ).toBeNull();
  }
});

it("is never found in any other text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(parseCredential(text)).toBeNull();
    }),
  );
});
