import fc from "fast-check";
import { expect, it } from "vitest";
import {
  FROM_THE_NEWEST,
  merged,
  type Positions,
  positionsFrom,
  positionsText,
  type TaskPage,
} from "./listing.ts";
import type { TaskShown } from "./record.ts";

type Shard = { seq: number; createdAtMs: number }[];

/** What a shard answers: it may look at few rows and say early where to go on. */
function pageOf(shard: Shard, before: number, limit: number, looksAt: number): TaskPage {
  const older = shard.filter(({ seq }) => seq < before).toReversed();
  const tasks = older.slice(0, Math.min(limit, looksAt));
  const last = tasks.at(-1);
  const isAll = tasks.length === older.length && tasks.length < limit;
  return { tasks: tasks as TaskShown[], next: isAll ? null : (last?.seq ?? null) };
}

function all(shards: Shard[], limit: number, looksAt: number): string[] {
  const seen: string[] = [];
  let positions: Positions = [];
  for (let pages = 0; pages < 1_000; pages++) {
    const answers = shards.map((shard, at) => {
      const before = positions.length > at ? positions[at] : FROM_THE_NEWEST;
      return before == null ? { tasks: [], next: null } : pageOf(shard, before, limit, looksAt);
    });
    const page = merged(answers, limit);
    expect(page.tasks.length).toBeLessThanOrEqual(limit);
    seen.push(...page.tasks.map(({ shard, task }) => `${shard} ${task.seq}`));
    positions = positionsFrom(positionsText(page.positions)) ?? [];
    expect(positions).toEqual(page.positions);
    if (positions.every((one) => one === null)) return seen;
  }
  throw new Error("the list has no end");
}

it("shows every task of every shard once, whatever the pages' size", () => {
  const shard = fc
    .array(fc.nat(1_000), { maxLength: 30 })
    .map((times): Shard => times.map((createdAtMs, at) => ({ seq: at + 1, createdAtMs })));
  fc.assert(
    fc.property(
      fc.array(shard, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      (shards, limit, looksAt) => {
        const seen = all(shards, limit, looksAt);
        const every = shards.flatMap((one, at) => one.map(({ seq }) => `${at} ${seq}`));
        expect(seen.toSorted()).toEqual(every.toSorted());
      },
    ),
  );
});

it("shows the newest of all shards first", () => {
  const shards = [
    [
      { seq: 1, createdAtMs: 10 },
      { seq: 2, createdAtMs: 40 },
    ],
    [
      { seq: 1, createdAtMs: 20 },
      { seq: 2, createdAtMs: 30 },
    ],
  ];
  expect(all(shards, 3, 40)).toEqual(["0 2", "1 2", "1 1", "0 1"]);
});

it("takes no cursor that it has not given", () => {
  for (const text of ["", "A", "1..2", "1.2.".repeat(9), "1;2", "zzzzzzzzzzzz", " 1"])
    expect(positionsFrom(text), text).toBeNull();
});
