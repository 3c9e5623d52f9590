import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  blindIndexOf,
  dataKeyOf,
  openText,
  pseudonymOf,
  scopeName,
  sealText,
  unwrapKey,
  wrapKey,
} from "#domain/protection/envelope.ts";
import { newRing, parseRing, pruned, ringOf, rotated } from "#domain/protection/ring.ts";

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
const id = (letter: string) => letter.repeat(16);
const ring = newRing(id("r"), { id: id("a"), secret: bytes(32, 1) });
const person = scopeName({ person: "p0_a" });

describe("sealing a field", () => {
  it("gives back any text, and only as the field and scope it was sealed for", async () => {
    const key = await dataKeyOf(bytes(32, 7));
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme", maxLength: 200 }),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        async (text, iv) => {
          const sealed = await sealText(key, person, "email", text, new Uint8Array(iv));
          expect(await openText(key, person, "email", sealed)).toBe(text.toWellFormed());
          expect(await openText(key, person, "name", sealed)).toBeNull();
          expect(await openText(key, "person:p0_b", "email", sealed)).toBeNull();
        },
      ),
    );
  });

  it("opens nothing of which one character was changed", async () => {
    const key = await dataKeyOf(bytes(32, 7));
    const sealed = await sealText(key, person, "email", "ab@example.org", bytes(12, 3));
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
      expect(await openText(key, person, "email", changed), changed).toBeNull();
    }
    for (const other of ["", "e1.", "ab@example.org", sealed.slice(0, -1), `${sealed}AA`])
      expect(await openText(key, person, "email", other)).toBeNull();
  });

  it("opens nothing under another data key", async () => {
    const sealed = await sealText(
      await dataKeyOf(bytes(32, 7)),
      person,
      "email",
      "x",
      bytes(12, 3),
    );
    expect(await openText(await dataKeyOf(bytes(32, 8)), person, "email", sealed)).toBeNull();
  });

  it("does not show in an index what it is an index of, nor mix purposes, persons and accounts", async () => {
    const [key, other] = [await dataKeyOf(bytes(32, 7)), await dataKeyOf(bytes(32, 8))];
    const found = await Promise.all([
      blindIndexOf(key, "email", "a@example.org"),
      blindIndexOf(key, "name", "a@example.org"),
      blindIndexOf(other, "email", "a@example.org"),
      pseudonymOf(key, "a0_1"),
      pseudonymOf(key, "a0_2"),
      pseudonymOf(other, "a0_1"),
    ]);
    expect(new Set(found).size).toBe(6);
    expect(await blindIndexOf(key, "email", "a@example.org")).toBe(found[0]);
    expect(found[3]).toMatch(/^ps_[0-9a-v]{24}$/);
  });
});

describe("the ring", () => {
  it("unwraps a data key for its own scope only, and with the root key it was wrapped under", async () => {
    const open = await ringOf(ring);
    const wrapped = await wrapKey(open, person, bytes(32, 5), bytes(12, 1));
    expect(await unwrapKey(open, person, wrapped)).toEqual(bytes(32, 5));
    expect(await unwrapKey(open, "person:p0_b", wrapped)).toBeNull();
    const foreign = await ringOf(newRing(id("r"), { id: id("a"), secret: bytes(32, 2) }));
    expect(await unwrapKey(foreign, person, wrapped)).toBeNull();
    expect(await unwrapKey(open, person, { ...wrapped, kekId: id("z") })).toBeNull();
  });

  it("keeps its older keys until everything is under the current one", async () => {
    const next = rotated(ring, { id: id("b"), secret: bytes(32, 2) });
    if (next === "full") throw new Error("it is not");
    const before = await wrapKey(await ringOf(ring), person, bytes(32, 5), bytes(12, 1));
    expect(await unwrapKey(await ringOf(next), person, before)).toEqual(bytes(32, 5));
    expect(pruned(next)).toBe("unsettled");
    const settled = pruned({ ...next, settled: next.current });
    if (settled === "unsettled") throw new Error("it is");
    expect(Object.keys(settled.keys)).toEqual([id("b")]);
    expect(settled.id).toBe(ring.id);
  });

  it("is read from text, and anything else is no ring", () => {
    expect(parseRing(JSON.stringify(ring))).toEqual(ring);
    const wrong = [
      "",
      "[]",
      "null",
      JSON.stringify({ ...ring, current: id("c") }),
      JSON.stringify({ ...ring, keys: { [id("a")]: "AAAA" } }),
      JSON.stringify({ ...ring, more: 1 }),
    ];
    for (const text of wrong) expect(parseRing(text), text).toBeNull();
  });

  it("holds a bounded number of keys", () => {
    let full = ring;
    const letters = "bcdefghijklmnopq";
    for (const letter of letters) {
      const next = rotated(full, { id: id(letter), secret: bytes(32, 9) });
      if (next === "full") return expect(letter).toBe("q");
      full = next;
    }
    throw new Error("it takes any number");
  });
});
