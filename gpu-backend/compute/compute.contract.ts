import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Compute, type Matrix, similarityOf } from "./compute.ts";
import { kMeans } from "./k-means.ts";
import { nearDuplicates } from "./near-duplicates.ts";
import { randomFrom } from "./random.ts";
import { matrixOf } from "./shared.ts";
import { Groups } from "./union.ts";

/** Rows of length 1 around `centres` directions, `spread` from them; what real embeddings look like from afar. */
export function clouds(rows: number, dimensions: number, centres: number, spread: number): Matrix {
  const random = randomFrom(rows * 31 + dimensions);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const middles = Array.from({ length: centres }, () =>
    unit(Array.from({ length: dimensions }, normal)),
  );
  return matrixOf(
    Array.from({ length: rows }, (_, at) =>
      unit(
        (middles[at % centres] ?? []).map(
          (value) => value + (normal() * spread) / Math.sqrt(dimensions),
        ),
      ),
    ),
    dimensions,
  );
}

const unit = (row: number[]) => {
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
};

/** In 64 bits, term by term. */
export function distanceBetween(a: Matrix, at: number, b: Matrix, other: number): number {
  let sum = 0;
  for (let d = 0; d < a.dimensions; d += 1) {
    const difference =
      (a.values[at * a.dimensions + d] ?? 0) - (b.values[other * b.dimensions + d] ?? 0);
    sum += difference * difference;
  }
  return sum;
}

function plainNearest(points: Matrix, queries: Matrix | "others", k: number) {
  const from = queries === "others" ? points : queries;
  return Array.from({ length: from.rows }, (_, query) =>
    Array.from({ length: points.rows }, (_, index) => ({
      index,
      distance: distanceBetween(from, query, points, index),
    }))
      .filter(({ index }) => queries !== "others" || index !== query)
      .sort((a, b) => a.distance - b.distance || a.index - b.index)
      .slice(0, k),
  );
}

/** What every implementation promises; `open` answers a sentence where it cannot run here. */
export function promises(name: string, open: () => Promise<Compute | string>): void {
  describe(name, () => {
    let compute: Compute;
    let why: string | undefined;
    beforeAll(async () => {
      const opened = await open();
      if (typeof opened === "string") why = opened;
      else compute = opened;
    });
    afterAll(async () => compute?.close());
    const promise = (text: string, test: () => Promise<void>) =>
      it(text, async (context) => {
        context.skip(why !== undefined, why);
        await test();
      });

    nearestPromises(promise, () => compute);
    groupPromises(promise, () => compute);

    promise("an abort rejects in the middle, and what comes next is answered", async () => {
      const points = clouds(400, 16, 8, 0.5);
      const gone = new AbortController();
      const shares: number[] = [];
      const aborted = compute.nearest(points, "others", 1, {
        signal: gone.signal,
        progress: (share) => {
          shares.push(share);
          gone.abort(new Error("nobody waits"));
        },
      });
      await expect(aborted).rejects.toThrow("nobody waits");
      expect(shares.at(-1)).toBeLessThan(1);
      expect((await compute.nearest(points, "others", 1)).rows).toBe(400);
    });

    promise("calls at the same time do not mix, and progress only grows, to 1", async () => {
      const many = Array.from({ length: 3 }, (_, at) => clouds(150 + at, 24, 4, 0.5));
      const shares: number[] = [];
      const answers = await Promise.all(
        many.map((points) =>
          compute.nearest(points, "others", 3, { progress: (share) => void shares.push(share) }),
        ),
      );
      for (const [at, { indices }] of answers.entries()) {
        const points = many[at] ?? clouds(1, 24, 1, 0);
        const plain = plainNearest(points, "others", 3).flat();
        expect(Array.from(indices)).toEqual(plain.map(({ index }) => index));
      }
      expect(shares.filter((share) => share === 1)).toHaveLength(3);
      expect(Math.min(...shares)).toBeGreaterThan(0);
    });
  });
}

type Promise_ = (text: string, test: () => Promise<void>) => void;

function nearestPromises(promise: Promise_, compute: () => Compute): void {
  // Neither a multiple of four dimensions, nor of any block of rows.
  promise("the neighbours and distances are those of a plain look at all pairs", async () => {
    for (const [rows, dimensions] of [
      [270, 33],
      [130, 384],
      [70, 1],
    ] as const) {
      const points = clouds(rows, dimensions, 5, 0.8);
      const queries = clouds(67, dimensions, 3, 0.8);
      for (const given of ["others", queries] as const) {
        const { k, indices, distances } = await compute().nearest(points, given, 9);
        expect(k).toBe(9);
        for (const [query, plain] of plainNearest(points, given, 9).entries())
          for (const [rank, { distance }] of plain.entries()) {
            const found = distances[query * k + rank] ?? Number.NaN;
            expect(Math.abs(found - distance)).toBeLessThanOrEqual(1e-5 * distance + 1e-12);
            // A tie in 32 bits may change places: what was found is as near as what was wanted.
            const from = given === "others" ? points : given;
            const index = indices[query * k + rank] ?? -1;
            const really = distanceBetween(from, query, points, index);
            expect(Math.abs(really - distance)).toBeLessThanOrEqual(1e-5 * distance + 1e-12);
          }
      }
    }
  });

  promise("of points that are as near the one that came first is nearer", async () => {
    const same = matrixOf(
      Array.from({ length: 300 }, () => [1, 0, 0]),
      3,
    );
    const { indices, distances } = await compute().nearest(same, "others", 3);
    expect(Array.from(indices.subarray(0, 3))).toEqual([1, 2, 3]);
    expect(Array.from(indices.subarray(299 * 3))).toEqual([0, 1, 2]);
    expect(new Set(distances)).toEqual(new Set([0]));
  });

  promise("there are no more neighbours than points, and none of nothing", async () => {
    const three = clouds(3, 8, 1, 1);
    expect((await compute().nearest(three, "others", 10)).k).toBe(2);
    expect((await compute().nearest(three, three, 10)).k).toBe(3);
    const nothing = { ...three, rows: 0, values: three.values.subarray(0, 0) };
    expect(await compute().nearest(nothing, "others", 10)).toMatchObject({ k: 0, rows: 0 });
    expect(await compute().nearest(nothing, three, 10)).toMatchObject({ k: 0, rows: 3 });
    expect((await compute().within(nothing, 1)).from).toHaveLength(0);
  });

  promise("a distance that is tiny keeps its digits", async () => {
    const near = matrixOf(
      [
        [1, 0, 0, 0],
        [1, 1e-5, 0, 0],
        [1, 3e-5, 0, 0],
      ],
      4,
    );
    const { indices, distances } = await compute().nearest(near, "others", 1);
    expect(Array.from(indices)).toEqual([1, 0, 1]);
    expect(distances[0]).toBeCloseTo(1e-10, 14);
    expect(distances[2]).toBeCloseTo(4e-10, 14);
    expect(similarityOf(distances[2] ?? 0)).toBeCloseTo(1, 9);
  });
}

function groupPromises(promise: Promise_, compute: () => Compute): void {
  promise(
    "near duplicates hang together, also by way of others, and strangers do not",
    async () => {
      const angles = [0, 1.2, 0.02, 0.04, 1.21, 2.5, 0.06];
      const points = matrixOf(
        angles.map((angle) => [Math.cos(angle), Math.sin(angle)]),
        2,
      );
      const groups = await nearDuplicates(compute(), points, Math.cos(0.025));
      expect(groups.map((group) => Array.from(group.points))).toEqual([
        [0, 2, 3, 6],
        [1, 4],
      ]);
      expect(groups[0]?.similarity).toBeCloseTo(Math.cos(0.02), 6);
      expect(groups[1]?.similarity).toBeCloseTo(Math.cos(0.01), 6);
    },
  );

  promise("links are the minimum spanning forest of a plain look at all pairs", async () => {
    const points = clouds(600, 16, 40, 0.25);
    const distanceMax = 0.1;
    const pairs = Array.from({ length: points.rows }, (_, at) =>
      Array.from({ length: points.rows - at - 1 }, (__, more) => at + 1 + more).map((other) => ({
        at,
        other,
        distance: distanceBetween(points, at, points, other),
      })),
    )
      .flat()
      .filter(({ distance }) => distance <= distanceMax)
      .sort((a, b) => a.distance - b.distance);
    const groups = new Groups(points.rows);
    const forest = pairs.filter(({ at, other }) => groups.join(at, other));
    const links = await compute().within(points, distanceMax);
    expect(forest.length).toBeGreaterThan(100);
    expect(forest.length).toBeLessThan(pairs.length / 2);
    expect(links.distances).toHaveLength(forest.length);
    for (const [at, { distance }] of forest.entries())
      expect(links.distances[at]).toBeCloseTo(distance, 6);
    const found = new Groups(points.rows);
    for (const [at, from] of links.from.entries()) found.join(from, links.to[at] ?? 0);
    for (let at = 0; at < points.rows; at += 1) expect(found.of(at)).toBe(groups.of(at));
  });

  promise("where all points are the same, they are one group", async () => {
    const same = matrixOf(
      Array.from({ length: 1_500 }, () => [0.6, 0.8]),
      2,
    );
    const [group, ...others] = await nearDuplicates(compute(), same, 1);
    expect(group?.points).toHaveLength(1_500);
    expect(others).toEqual([]);
  });

  promise("k-means finds clouds that lie apart, and its inertia is the sum it says", async () => {
    const points = clouds(900, 48, 6, 0.3);
    const options = { clusters: 6, seed: 7 };
    const found = await kMeans(compute(), points, options);
    expect(found.converged).toBe(true);
    expect(found.sizes.reduce((sum, size) => sum + size)).toBe(900);
    expect(Array.from(found.sizes).every((size) => size > 0)).toBe(true);
    let inertia = 0;
    for (const [at, cluster] of found.assignment.entries())
      inertia += distanceBetween(points, at, found.centroids, cluster);
    expect(Math.abs(found.inertia - inertia)).toBeLessThan(1e-4 * inertia);
    const again = await kMeans(compute(), points, options);
    expect(again.assignment).toEqual(found.assignment);
    expect(again.centroids.values).toEqual(found.centroids.values);
  });

  promise("k-means of points that are all the same, or fewer than clusters, ends", async () => {
    const same = matrixOf(
      Array.from({ length: 20 }, () => [0.6, 0.8]),
      2,
    );
    const found = await kMeans(compute(), same, { clusters: 4, seed: 1 });
    expect(found.inertia).toBeLessThan(1e-9);
    const few = await kMeans(compute(), clouds(3, 5, 3, 0.1), { clusters: 9, seed: 1 });
    expect(few.centroids.rows).toBe(3);
    expect(few.inertia).toBeLessThan(1e-9);
  });
}
