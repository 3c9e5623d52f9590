import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packedCentroids, unpackedCentroids } from "#domain/search/engine/clusters.ts";
import type { Engine } from "#domain/search/engine/engine.ts";
import { ALL_LISTS } from "#domain/search/engine/nearest.ts";
import { memoryDisk } from "#domain/search/engine/memory-disk.ts";
import { rank } from "#domain/search/engine/rank.ts";
import { vectorsPerPage } from "#domain/search/engine/vector-pages.ts";
import { recallMeter, sharesFound } from "#domain/search/engine/recall.ts";
import {
  add,
  DIMENSIONS,
  exact,
  LISTS_FROM,
  open,
  random,
  settle,
  vectorsIn,
} from "./clustered-vectors.ts";

const nearest = (engine: Engine, vector: Float32Array, limit = 10, tags?: string[]) =>
  rank(engine, {
    vector,
    mode: "semantic",
    filter: tags === undefined ? {} : { tags },
    limit,
    explain: false,
  }).best.map(({ slot }) => slot);

function fail(why: string): never {
  throw new Error(why);
}

describe("lists of vectors", () => {
  test("lie on disk in rows that the platform takes, however many there are", () => {
    const count = 60_000;
    const next = random(7);
    const centroids = {
      count,
      values: Int8Array.from({ length: count * 16 }, () => Math.floor(next() * 127) - 63),
      scales: Float32Array.from({ length: count }, next),
    };
    const sizes = Uint32Array.from({ length: count }, () => Math.floor(next() * 1e6));
    const rows = packedCentroids(centroids, sizes);
    for (const row of rows) expect(row.length).toBeLessThan(2_000_000);
    expect(rows.length).toBeGreaterThan(1);
    expect(unpackedCentroids(rows, count)).toEqual({ centroids, sizes });
  });

  test("answer as one list does when all of them are looked through", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: LISTS_FROM, max: 120 }), (seed, count) => {
        const vectors = vectorsIn(7, count, seed);
        const flat = open(memoryDisk(), Infinity);
        const grouped = open(memoryDisk());
        for (const vector of vectors) {
          add(flat, vector);
          add(grouped, vector);
        }
        settle(grouped);
        expect(grouped.lists().count).toBeGreaterThan(1);
        grouped.tune(ALL_LISTS);
        for (const query of vectorsIn(7, 5, seed + 1))
          expect(nearest(grouped, query, count)).toEqual(nearest(flat, query, count));
      }),
      { numRuns: 40 },
    );
  });

  test("hold every living unit once, whatever happens between the steps of a regrouping", () => {
    const step = fc.constantFrom("add", "add", "add", "kill", "flush", "step", "step", "reopen");
    fc.assert(
      fc.property(fc.nat(), fc.array(step, { minLength: 60, maxLength: 160 }), (seed, steps) => {
        const disk = memoryDisk();
        const vectors = vectorsIn(5, 400, seed);
        const next = random(seed);
        let engine = open(disk);
        let merge: Generator<void, void> | null = null;
        /** What a restart finds in slots that were not flushed: its owner adds them again. */
        let kept: number[] = [];
        const alive = new Set<number>();
        const addOne = () =>
          alive.add(add(engine, vectors[engine.nextSlot()] ?? new Float32Array()));
        for (let i = 0; i < 30; i++) addOne();
        for (const what of steps) {
          if (what === "add") addOne();
          if (what === "kill") {
            const slot = Math.floor(next() * engine.nextSlot());
            engine.saveAlive([{ first: slot, count: 1 }]);
            engine.kill({ first: slot, count: 1 });
            alive.delete(slot);
          }
          if (what === "flush") engine.flush();
          if (what === "step") {
            merge ??= engine.merge();
            if (merge?.next().done === true) merge = null;
          }
          if (what === "reopen") {
            merge = null;
            engine.close();
            engine = open(disk);
            kept = [...alive].filter((slot) => slot >= engine.flushedSlots()).sort((a, b) => a - b);
            for (const slot of kept) {
              engine.skipTo(slot);
              expect(add(engine, vectors[slot] ?? new Float32Array())).toBe(slot);
            }
          }
        }
        for (const isSettled of [false, true]) {
          const last = engine;
          if (isSettled && merge === null) settle(last);
          last.tune(ALL_LISTS);
          const found = nearest(last, vectors[0] ?? new Float32Array(), 400);
          expect(found.toSorted((a, b) => a - b)).toEqual([...alive].sort((a, b) => a - b));
          expect(last.alive()).toBe(alive.size);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("find 97 of 100 true neighbours among clustered vectors, and go on so after a restart", () => {
    const made = vectorsIn(60, 6_050, 1);
    const vectors = made.slice(0, 6_000);
    const disk = memoryDisk();
    const engine = open(disk, 4_000);
    for (const vector of vectors) {
      add(engine, vector);
      if (engine.isFlushDue()) engine.flush();
    }
    settle(engine);
    engine.flush();
    for (const opened of [engine, open(disk, 4_000)]) {
      expect(opened.lists().count).toBeGreaterThan(1);
      let found = 0;
      for (const query of made.slice(6_000)) {
        const near = nearest(opened, query);
        found += exact(vectors, query, () => true).filter((slot) => near.includes(slot)).length;
      }
      expect(found).toBeGreaterThanOrEqual(485);
    }
  });

  test("lose nothing to a filter, however few units pass it", () => {
    const made = vectorsIn(60, 5_020, 2);
    const vectors = made.slice(0, 5_000);
    const engine = open(memoryDisk(), 4_000);
    const tagOf = (i: number) =>
      ["most", "many", "some", "few", "one"].find((_, k) => i % 5 ** (k + 1) !== 0) ?? "one";
    for (const [i, vector] of vectors.entries()) {
      add(engine, vector, tagOf(i));
      if (engine.isFlushDue()) engine.flush();
    }
    settle(engine);
    for (const tag of ["most", "many", "some", "few", "one"]) {
      let found = 0;
      let wanted = 0;
      for (const query of made.slice(5_000)) {
        const near = nearest(engine, query, 10, [tag]);
        const expected = exact(vectors, query, (i) => tagOf(i) === tag);
        found += expected.filter((slot) => near.includes(slot)).length;
        wanted += expected.length;
      }
      expect(found / wanted, tag).toBeGreaterThanOrEqual(0.97);
    }
  });

  test("are made for a shard that was written before there were any", () => {
    const made = vectorsIn(7, 120, 4);
    const disk = memoryDisk();
    const writer = open(disk, Infinity);
    for (const vector of made.slice(0, 100)) add(writer, vector);
    writer.flush();
    const answersOf = (engine: Engine) =>
      made.slice(100).map((query) => nearest(engine, query, 100));
    const expected = answersOf(writer);
    const columns = disk.read("columns", 0, 0) ?? new Uint8Array();
    disk.write("columns", 0, 0, columns.subarray(0, 1024 * (16 + 4)));
    const { pagedFrom: _new, ...state } = disk.state() ?? fail("nothing was written");
    disk.saveState(state);
    const page = new Uint8Array(128 * (DIMENSIONS + 4));
    const each = vectorsPerPage(DIMENSIONS);
    for (let at = 0; at * each < 100; at++) {
      const data = disk.read("vectorpages", 0, at) ?? new Uint8Array();
      page.set(data.subarray(0, each * DIMENSIONS), at * each * DIMENSIONS);
      page.set(data.subarray(each * DIMENSIONS), 128 * DIMENSIONS + at * each * 4);
    }
    disk.write("vectors", 0, 0, page);
    disk.drop("vectorpages", 0);
    const opened = open(disk);
    expect(answersOf(opened)).toEqual(expected);
    settle(opened);
    expect(opened.lists().count).toBeGreaterThan(1);
    opened.tune(ALL_LISTS);
    expect(answersOf(opened)).toEqual(expected);
    add(opened, made[100] ?? new Float32Array());
    opened.flush();
    for (const engine of [opened, open(disk)]) {
      engine.tune(ALL_LISTS);
      expect(nearest(engine, made[100] ?? new Float32Array())[0]).toBe(100);
      expect(nearest(engine, made[3] ?? new Float32Array())[0]).toBe(3);
    }
  });

  test.each([
    ["as far as before where enough is found", 60, false],
    ["further where vectors lie otherwise and too little is found", 6_060, true],
  ])("are measured beside everything, and looked through %s", (_, topics, isFurther) => {
    const made = vectorsIn(topics, 6_140, 5);
    const engine = open(memoryDisk(), 4_000);
    for (const vector of made.slice(0, 6_000)) {
      add(engine, vector);
      if (engine.isFlushDue()) engine.flush();
    }
    settle(engine);
    const meter = recallMeter();
    expect(meter.recall()).toBeNull();
    const before = engine.lists().gap;
    let asked = 0;
    for (const question of made.slice(6_000)) {
      for (const steps = meter.measure(engine, question); steps.next().done !== true;);
      asked = Math.max(asked, meter.recall()?.questions ?? 0);
    }
    expect(engine.lists().gap < before).toBe(isFurther);
    expect(asked).toBe(isFurther ? 99 : 100);
    expect((meter.recall()?.share ?? 0) >= 0.97).toBe(!isFurther);
  });

  test.each([
    ["as far as before where as much is found as they are made for", 0.976, 0, 1],
    ["further where less is found", 0.94, 190, 200],
  ])("are looked through %s, whatever chance brings", (_, found, least, most) => {
    const next = random(1);
    const shares = sharesFound();
    let times = 0;
    for (let question = 0; question < 20_000; question++) {
      let near = 0;
      for (let i = 0; i < 10; i++) if (next() < found) near++;
      if (!shares.isTooLow(near / 10)) continue;
      times++;
      shares.forget();
    }
    expect(times).toBeGreaterThanOrEqual(least);
    expect(times).toBeLessThanOrEqual(most);
  });

  test("keep how far they are looked through when they are made anew", () => {
    const engine = open(memoryDisk());
    const made = vectorsIn(7, 120, 6);
    for (const vector of made.slice(0, 30)) add(engine, vector);
    settle(engine);
    engine.tune(0.05);
    const { count } = engine.lists();
    for (const vector of made.slice(30)) add(engine, vector);
    settle(engine);
    expect(engine.lists().count).toBeGreaterThan(count);
    expect(engine.lists().gap).toBe(0.05);
  });
});
