import { expect, test } from "vitest";
import { bestSoFar, holdsAll } from "#domain/search/leaves/best-so-far.ts";
import type { SearchHit } from "#domain/search/model.ts";

const hitsOf = (...scores: [unitId: string, score: number, version?: number][]): string =>
  JSON.stringify(
    scores.map(([unitId, score, version = 1]): SearchHit => ({
      unitId,
      version,
      title: unitId,
      snippet: "",
      score,
      level: "L3",
    })),
  );

test("any hit is wanted until there are as many as were asked for, then those as good as the last of them", () => {
  const best = bestSoFar(2);
  expect(best.beyond()).toBeUndefined();
  best.add(hitsOf(["a", 0.9]), { product: 0.5, worth: 0.7 });
  expect(best.beyond()).toBeUndefined();
  best.add(hitsOf(["b", 0.4], ["c", 0.3]), { product: 0.4, worth: 0.8 });
  expect(best.beyond()).toEqual({ score: 0.4, peaks: { product: 0.5, worth: 0.8 } });
  best.add(hitsOf(["d", 0.6]), null);
  expect(best.beyond()?.score).toBe(0.6);
  best.add("[]", null);
  expect(best.beyond()?.score).toBe(0.6);
});

test("a unit that two leaves have for a moment counts once, as its newest version", () => {
  const best = bestSoFar(2);
  best.add(hitsOf(["a", 0.9, 1]), null);
  best.add(hitsOf(["a", 0.5, 2]), null);
  expect(best.beyond()).toBeUndefined();
  best.add(hitsOf(["b", 0.7]), null);
  expect(best.beyond()?.score).toBe(0.5);
});

test("an answer serves again where as much is known as when it was given, or more", () => {
  const peaks = { product: 0.5, worth: 0.7 };
  expect(holdsAll(undefined, undefined)).toBe(true);
  expect(holdsAll(undefined, { score: 0.5, peaks })).toBe(true);
  expect(holdsAll({ score: 0.5, peaks }, undefined)).toBe(false);
  expect(holdsAll({ score: 0.5, peaks }, { score: 0.4, peaks })).toBe(false);
  expect(holdsAll({ score: 0.5, peaks }, { score: 0.6, peaks })).toBe(true);
  expect(holdsAll({ score: 0.5, peaks }, { score: 0.6, peaks: null })).toBe(false);
  expect(holdsAll({ score: 0.5, peaks }, { score: 0.6, peaks: { ...peaks, worth: 0.6 } })).toBe(
    false,
  );
  expect(holdsAll({ score: 0.5, peaks: null }, { score: 0.6, peaks: null })).toBe(true);
});
