import fc from "fast-check";
import { expect, test } from "vitest";
import type { Collection } from "#domain/search/model.ts";
import { searchUnits, tookLonger, viewText } from "#domain/search/query.ts";
import { ok } from "#domain/shared/result.ts";

const SPACES = {
  me: { id: "new", dimensions: 4 },
  public: { id: "old", dimensions: 2 },
};
const hit = { unitId: "u", version: 1, title: "T", snippet: "", score: 1, level: "L3" };

/** Two collections in two spaces; those whose spaces are in `busy` have too much to do. */
const deps = (busy: readonly string[]) => ({
  search: {
    answerText: ([collection]: Collection[]) =>
      Promise.resolve(
        busy.includes(collection?.space ?? "")
          ? { hits: "[]", partial: true, retryAfterS: 2 }
          : { hits: JSON.stringify([hit]), partial: false },
      ),
  },
  spaces: {
    preferred: SPACES.me,
    isStill: () => true,
    searchedSpaceOf: (owner: string) => Promise.resolve(SPACES[owner as keyof typeof SPACES]),
  },
  gloss: () => Promise.resolve(""),
  embed: { query: () => Promise.resolve(ok(new Float32Array(4))) },
});
const search = (busy: readonly string[]) =>
  searchUnits(deps(busy), "me", { query: "x", mode: "lexical" });

test("a space that is busy leaves an answer of the other one, which says that it is a part", async () => {
  for (const busy of ["new", "old"]) {
    const answer = await search([busy]);
    if (!answer.ok) throw new Error(answer.error.code);
    expect(JSON.parse(answer.value.hits)).toEqual([hit]);
    expect(answer.value.partial).toBe(true);
  }
});

test("a search is overloaded where every space is busy, and whole where none is", async () => {
  const refused = await search(["new", "old"]);
  expect(refused).toMatchObject({ ok: false, error: { code: "overloaded", retryAfterS: 2 } });
  const whole = await search([]);
  expect(whole).toMatchObject({ ok: true, value: { partial: false } });
});

test("a view that is kept says how long it took this time, and is the same otherwise", () => {
  const utf8 = (text: string) => new TextEncoder().encode(text);
  fc.assert(
    fc.property(fc.json(), fc.boolean(), fc.nat(1e6), (hits, partial, tookMs) => {
      const kept = utf8(viewText(hits, partial, 0));
      const before = kept.slice();
      expect(tookLonger(kept, tookMs)).toEqual(utf8(viewText(hits, partial, tookMs)));
      expect(kept).toEqual(before);
    }),
  );
});
