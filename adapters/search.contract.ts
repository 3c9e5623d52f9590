import { expect, test } from "vitest";
import type { Collection, ContentClaim, IndexedUnit } from "#domain/search/model.ts";

/** What every holder of dense vectors is to a search, however it is built. */
export type DenseTwin = {
  index(collection: Collection, units: IndexedUnit[]): Promise<void>;
  remove(collection: Collection, units: IndexedUnit[]): Promise<void>;
  /** Unit ids with their versions and cosines, best first. */
  nearest(
    collection: Collection,
    vector: Float32Array,
    limit: number,
  ): Promise<{ unitId: string; version: number; cosine: number }[]>;
  /** Waits until what was written can be found. */
  settle(): Promise<void>;
};

export const DIMENSIONS = 16;

/** A direction of its own for every seed. */
export function direction(seed: number): Float32Array {
  const vector = Float32Array.from({ length: DIMENSIONS }, (_, i) =>
    Math.sin(seed * 12.9898 + i * 78.233 * (1 + seed)),
  );
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** A content key that only this number has, spread over the hash range. */
export const contentKeyOf = (number: number): string =>
  (Math.imul(number + 1, 0x9e37_79b9) >>> 0).toString(16).padStart(8, "0").padEnd(64, "0");

/** A unit named by its number, with these passages. */
export const indexedUnit = (
  number: number,
  passages: IndexedUnit["passages"],
  change: Partial<IndexedUnit> = {},
): IndexedUnit => ({
  unitId: `unit-${number}`,
  version: 1,
  contentKey: contentKeyOf(number),
  title: `Title ${number}`,
  kind: "note",
  language: "en",
  tags: [],
  level: "L3",
  passages,
  ...change,
});
export const claimOf = ({ contentKey, unitId, version }: IndexedUnit): ContentClaim => ({
  contentKey,
  unitId,
  version,
});

export const unitOf = (number: number, change: Partial<IndexedUnit> = {}): IndexedUnit =>
  indexedUnit(
    number,
    [0, 1].map((passage) => ({
      text: `Passage ${passage} of ${number}`,
      vector: direction(number * 2 + passage),
    })),
    change,
  );

/** Runs on every twin: each must pass it as it stands. */
export function denseContract(twin: () => DenseTwin, fresh: () => Collection): void {
  const idsOf = (hits: readonly { unitId: string }[]) => hits.map(({ unitId }) => unitId);

  test("finds the unit whose passage points the same way, first and once", async () => {
    const [port, collection] = [twin(), fresh()];
    const units = Array.from({ length: 30 }, (_, number) => unitOf(number));
    await port.index(collection, units);
    await port.settle();
    for (const number of [0, 7, 29]) {
      const hits = await port.nearest(collection, direction(number * 2 + 1), 10);
      expect(hits[0]).toMatchObject({ unitId: `unit-${number}`, version: 1 });
      expect(hits[0]?.cosine).toBeCloseTo(1, 2);
      expect(new Set(idsOf(hits)).size).toBe(hits.length);
      expect(hits.map(({ cosine }) => cosine)).toEqual(
        hits.map(({ cosine }) => cosine).toSorted((a, b) => b - a),
      );
    }
  });

  test("takes a unit twice as once, and gives no more than was asked for", async () => {
    const [port, collection] = [twin(), fresh()];
    await port.index(collection, [unitOf(1), unitOf(2), unitOf(3)]);
    await port.index(collection, [unitOf(1)]);
    await port.settle();
    expect(idsOf(await port.nearest(collection, direction(2), 2))).toHaveLength(2);
    expect(idsOf(await port.nearest(collection, direction(2), 10)).toSorted()).toEqual([
      "unit-1",
      "unit-2",
      "unit-3",
    ]);
  });

  test("shows a unit's newest version only, and nothing of it once it is removed", async () => {
    const [port, collection] = [twin(), fresh()];
    const second = unitOf(1, { version: 2 });
    await port.index(collection, [unitOf(1), unitOf(2)]);
    await port.index(collection, [second]);
    await port.settle();
    expect(await port.nearest(collection, direction(2), 1)).toMatchObject([
      { unitId: "unit-1", version: 2 },
    ]);
    await port.remove(collection, [unitOf(1), second]);
    await port.settle();
    expect(idsOf(await port.nearest(collection, direction(2), 10))).toEqual(["unit-2"]);
  });

  test("keeps collections apart", async () => {
    const [port, mine, other] = [twin(), fresh(), fresh()];
    await port.index(mine, [unitOf(1)]);
    await port.index(other, [unitOf(2)]);
    await port.settle();
    expect(idsOf(await port.nearest(mine, direction(2), 10))).toEqual(["unit-1"]);
  });
}
