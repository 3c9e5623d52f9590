import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cellsFor,
  type Codebook,
  homeOf,
  INDEX_VECTORS_MAX,
  isOverfull,
  PROBES_MAX,
  probesFor,
  relieved,
  storedAs,
  trainCoarse,
  wholeCodebook,
} from "#domain/search/bulk/coarse.ts";
import { dot, normalised, projected, trainProjection } from "#domain/search/bulk/pca.ts";

const DIMENSIONS = 32;

/** Vectors around a few directions that lie in a part of the space, as those of texts do. */
function cloud(seed: number, count: number, inner = 8): Float32Array[] {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const basis = Array.from({ length: inner }, () =>
    Float32Array.from({ length: DIMENSIONS }, random),
  );
  const centres = Array.from({ length: 12 }, () => basis.map(() => random() * 3));
  return Array.from({ length: count }, (_, n) => {
    const vector = new Float32Array(DIMENSIONS);
    const centre = centres[n % centres.length] ?? [];
    for (const [b, direction] of basis.entries()) {
      const along = (centre[b] ?? 0) + random();
      for (let i = 0; i < DIMENSIONS; i++)
        vector[i] = (vector[i] ?? 0) + along * (direction[i] ?? 0);
    }
    for (let i = 0; i < DIMENSIONS; i++) vector[i] = (vector[i] ?? 0) + random() * 0.05;
    return normalised(vector);
  });
}

function all<T>(training: Generator<void, T>): T {
  for (let step = training.next(); ; step = training.next())
    if (step.done === true) return step.value;
}

const trained = (sample: Float32Array[], indexes: number): Codebook => ({
  ...wholeCodebook(DIMENSIONS),
  ...all(trainCoarse(sample, indexes)),
});

describe("a projection", () => {
  test("keeps cosines of vectors that lie in fewer directions than it has", () => {
    const sample = cloud(1, 400);
    const projection = all(trainProjection(sample, 12));
    for (const [a, b] of [
      [0, 12],
      [1, 5],
      [7, 300],
    ] as const) {
      const [one, two] = [sample[a], sample[b]];
      if (one === undefined || two === undefined) throw new RangeError("too few");
      const before = dot(one, two);
      expect(dot(projected(projection, one), projected(projection, two))).toBeCloseTo(before, 1);
    }
  });

  test("has orthonormal rows, and fails to invent dimensions", () => {
    const { rows, from, to } = all(trainProjection(cloud(2, 200), 8));
    const row = (i: number) => rows.subarray(i * from, (i + 1) * from);
    for (let i = 0; i < to; i++)
      for (let j = 0; j <= i; j++) expect(dot(row(i), row(j))).toBeCloseTo(i === j ? 1 : 0, 4);
    expect(() => all(trainProjection(cloud(2, 10), DIMENSIONS + 1))).toThrow(RangeError);
  });
});

describe("a codebook", () => {
  const sample = cloud(3, 1_200);

  test("puts a vector where a search for it looks first, and looks in at most four indexes", () => {
    const codebook = trained(sample, 9);
    for (const vector of sample.slice(0, 100)) {
      const stored = storedAs(codebook, vector);
      const probes = probesFor(codebook, stored);
      expect(probes[0]).toBe(homeOf(codebook, stored));
      expect(probes.length).toBeLessThanOrEqual(PROBES_MAX);
      expect(new Set(probes).size).toBe(probes.length);
    }
  });

  test("spreads its sample evenly over the indexes", () => {
    const indexes = 4;
    const codebook = trained(sample, indexes);
    expect(codebook.homes).toHaveLength(cellsFor(indexes));
    const counts = Array.from({ length: indexes }, () => 0);
    for (const vector of sample) {
      const home = homeOf(codebook, vector);
      counts[home] = (counts[home] ?? 0) + 1;
    }
    expect(Math.max(...counts)).toBeLessThan((2 * sample.length) / indexes);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  test("finds nine of ten of the nearest in the indexes it probes", () => {
    const codebook = trained(sample, 9);
    let [found, wanted] = [0, 0];
    for (const query of sample.slice(0, 60)) {
      const probes = new Set(probesFor(codebook, query));
      const nearest = sample
        .map((vector) => ({ vector, cosine: dot(vector, query) }))
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, 10);
      wanted += nearest.length;
      found += nearest.filter(({ vector }) => probes.has(homeOf(codebook, vector))).length;
    }
    expect(found / wanted).toBeGreaterThan(0.9);
  });

  test("is whole for one index: everything goes there and is looked for there", () => {
    const codebook = wholeCodebook(DIMENSIONS);
    const [vector = new Float32Array()] = sample;
    expect(homeOf(codebook, vector)).toBe(0);
    expect(probesFor(codebook, vector)).toEqual([0]);
  });

  test("moves nothing when indexes fill up: a cell only gains homes, each with room, and versions grow", () => {
    const count = fc.integer({ min: 0, max: INDEX_VECTORS_MAX });
    fc.assert(
      fc.property(fc.array(count, { minLength: 4, maxLength: 8 }), (counts) => {
        const codebook = trained(sample.slice(0, 200), 4);
        const next = relieved(codebook, counts);
        if (next === null) return;
        expect(next.version).toBe(codebook.version + 1);
        for (const [cell, homes] of next.homes.entries()) {
          const before = codebook.homes[cell] ?? [];
          expect(homes.slice(0, before.length)).toEqual(before);
          expect(homes.length).toBeLessThanOrEqual(before.length + 1);
          const gained = homes.slice(before.length);
          for (const index of gained) expect(counts[index]).toBeLessThan(INDEX_VECTORS_MAX * 0.8);
        }
        expect(next.centroids).toBe(codebook.centroids);
      }),
    );
  });

  test("gives a cell no more homes than are asked, so that whatever is stored is looked for", () => {
    let codebook = trained(sample.slice(0, 200), 2);
    for (let round = 1; round < 12; round++) {
      const counts = Array.from({ length: 2 + round }, (_, i) =>
        i <= round ? INDEX_VECTORS_MAX : 0,
      );
      codebook = relieved(codebook, counts) ?? codebook;
    }
    for (const homes of codebook.homes) expect(homes).toHaveLength(PROBES_MAX);
    for (const vector of sample.slice(0, 100)) {
      const asked = probesFor(codebook, vector);
      expect(asked).toContain(homeOf(codebook, vector));
    }
    const nearest = probesFor(codebook, codebook.centroids.subarray(0, DIMENSIONS));
    expect(new Set(nearest)).toEqual(new Set(codebook.homes[0]));
  });

  test("leaves cells where they are while all have room, or none has", () => {
    const codebook = trained(sample.slice(0, 200), 2);
    expect(relieved(codebook, [10, 10])).toBeNull();
    expect(relieved(codebook, [INDEX_VECTORS_MAX, INDEX_VECTORS_MAX])).toBeNull();
    expect(isOverfull(INDEX_VECTORS_MAX)).toBe(true);
    expect(isOverfull(INDEX_VECTORS_MAX - 1)).toBe(false);
  });
});
