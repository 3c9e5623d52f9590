import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentIdOf, contentKeyOf } from "#domain/units/content-id.ts";
import type { UnitContent } from "#domain/units/model.ts";

const content: UnitContent = {
  title: "Hono routes",
  body: "Order matters: 先注册先匹配。",
  kind: "note",
  language: "en",
  tags: ["router", "hono"],
  sources: [{ url: "https://hono.dev" }],
  appliesTo: [],
  links: [],
};

/** RFC 4648 base32, written apart from the library under test. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups
    .map((group) => "abcdefghijklmnopqrstuvwxyz234567"[Number.parseInt(group.padEnd(5, "0"), 2)])
    .join("");
}

const expectedCid = (canonical: string) => {
  const digest = createHash("sha256").update(canonical).digest();
  return `b${base32(Uint8Array.from([0x01, 0x80, 0x04, 0x12, 0x20, ...digest]))}`;
};

describe("a content id", () => {
  it("is a CIDv1 of codec json and sha2-256 over the canonical form with sorted tags", async () => {
    const canonical =
      '{"appliesTo":[],"body":"Order matters: 先注册先匹配。","kind":"note","language":"en","links":[],' +
      '"sources":[{"url":"https://hono.dev"}],"tags":["hono","router"],"title":"Hono routes"}';
    expect(await contentIdOf(content, null)).toBe(expectedCid(canonical));
  });

  it("covers the salt of a private unit", async () => {
    const salted = await contentIdOf(content, "s1");
    expect(salted).not.toBe(await contentIdOf(content, null));
    expect(salted).not.toBe(await contentIdOf(content, "s2"));
  });

  it("does not depend on the order of keys or tags", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(Object.keys(content), { minLength: 8 }),
        async (keys) => {
          const shuffled = Object.fromEntries(
            keys.map((key) => [key, content[key as keyof UnitContent]]),
          );
          const same = { ...shuffled, tags: content.tags.toReversed() } as UnitContent;
          expect(await contentIdOf(same, null)).toBe(await contentIdOf(content, null));
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("a content key", () => {
  it("tells collections apart, so that equal private content of two accounts is no duplicate", async () => {
    expect(await contentKeyOf("a1", content)).not.toBe(await contentKeyOf("a2", content));
    expect(await contentKeyOf("a1", content)).toMatch(/^[0-9a-f]{64}$/);
  });
});
