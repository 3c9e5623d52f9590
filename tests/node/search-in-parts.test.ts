import { expect, test } from "vitest";
import { memoryDisk } from "#domain/search/engine/memory-disk.ts";
import { rank } from "#domain/search/engine/rank.ts";
import { bestSoFar } from "#domain/search/leaves/best-so-far.ts";
import { add, exact, open, settle, vectorsIn } from "./clustered-vectors.ts";

test("parts asked one after the other find as many as asked alone, and compare less where enough is known", () => {
  const made = vectorsIn(60, 9_050, 1);
  const vectors = made.slice(0, 9_000);
  const engines = [0, 1, 2, 3].map((part) => {
    const engine = open(memoryDisk(), 2_000);
    for (const vector of vectors.slice(part * 2_250, (part + 1) * 2_250)) {
      add(engine, vector);
      if (engine.isFlushDue()) engine.flush();
    }
    settle(engine);
    expect(engine.lists().count).toBeGreaterThan(1);
    return engine;
  });
  let compared = 0;
  for (const { vectors: pages } of engines) {
    const { fetch } = pages;
    pages.fetch = (slots) => {
      compared += slots.length;
      fetch(slots);
    };
  }
  const search = (query: Float32Array, isTold: boolean): number[] => {
    const best = bestSoFar(10);
    return engines
      .flatMap((engine, part) => {
        const beyond = isTold ? best.beyond() : undefined;
        const request = { vector: query, mode: "semantic", filter: {}, limit: 10 } as const;
        const found = rank(engine, { ...request, explain: false, ...(beyond && { beyond }) });
        const hits = found.best.map(({ slot, score }) => ({ slot: slot + part * 2_250, score }));
        best.add(
          JSON.stringify(hits.map(({ slot, score }) => ({ unitId: slot, score }))),
          found.peaks,
        );
        return hits;
      })
      .sort((a, b) => b.score - a.score)
      .slice(0, 10)
      .map(({ slot }) => slot);
  };
  const run = (isTold: boolean) => {
    compared = 0;
    let found = 0;
    for (const query of made.slice(9_000)) {
      const near = search(query, isTold);
      found += exact(vectors, query, () => true).filter((slot) => near.includes(slot)).length;
    }
    return { found, compared };
  };
  const [untold, told] = [run(false), run(true)];
  expect(told.found).toBeGreaterThanOrEqual(485);
  expect(told.compared).toBeLessThan(0.75 * untold.compared);
});

test("a part too small for lists is looked through, however good what is known already", () => {
  const vectors = vectorsIn(1, 200, 1, 384);
  const engine = open(memoryDisk(), Infinity, 384);
  for (const vector of vectors) add(engine, vector);
  const request = { mode: "semantic", filter: {}, limit: 1, explain: false } as const;
  for (const [slot, vector] of vectors.entries()) {
    const { best } = rank(engine, { ...request, vector, beyond: { score: 0.95, peaks: null } });
    expect(best.map((hit) => hit.slot)).toEqual([slot]);
  }
});
