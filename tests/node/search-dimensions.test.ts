import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryDisk } from "#domain/search/engine/memory-disk.ts";
import { rank } from "#domain/search/engine/rank.ts";
import { add, open, settle, vectorsIn } from "./clustered-vectors.ts";

/** What `WISHUB_AI_DIMENSIONS` takes at most. */
const DIMENSIONS_MAX = 4_096;

const nearest = (engine: ReturnType<typeof open>, vector: Float32Array) =>
  rank(engine, { vector, mode: "semantic", filter: {}, limit: 1, explain: true }).best[0];

describe("vectors of as many dimensions as an AI may give them", () => {
  test.each([1_536, 2_048, 3_072, DIMENSIONS_MAX])("are put into lists, %i", (dimensions) => {
    const vectors = vectorsIn(7, 120, dimensions, dimensions);
    const engine = open(memoryDisk(), 100, dimensions);
    for (const vector of vectors) add(engine, vector);
    settle(engine);
    expect(engine.lists().count).toBeGreaterThan(1);
    for (const [slot, vector] of vectors.entries())
      expect(nearest(engine, vector)?.slot).toBe(slot);
  });

  test("are as near to themselves as can be, however alike their components are", () => {
    const alike = fc.record({
      dimensions: fc.oneof(
        fc.integer({ min: 1, max: DIMENSIONS_MAX }),
        fc.constant(DIMENSIONS_MAX),
      ),
      signs: fc.array(fc.constantFrom(-1, 1), { minLength: 1, maxLength: 16 }),
    });
    fc.assert(
      fc.property(alike, ({ dimensions, signs }) => {
        const vector = Float32Array.from(
          { length: dimensions },
          (_, i) => (signs[i % signs.length] ?? 0) / Math.sqrt(dimensions),
        );
        const engine = open(memoryDisk(), Infinity, dimensions);
        add(engine, vector);
        expect(nearest(engine, vector)?.why.semantic?.cosine).toBeCloseTo(1, 3);
      }),
    );
  });
});
