import fc from "fast-check";
import { expect, it } from "vitest";
import { groupCommit } from "#domain/shared/group-commit.ts";

type Item = { id: number; bytes: number };
const item = (id: number, bytes = 1): Item => ({ id, bytes });
const idsOf = (items: Item[]) => items.map(({ id }) => id);
const noGather = async () => {};
const limits = { itemsMax: 100, bytesMax: 1_000, waitingMax: 1_000 };

/** A write that ends when the test says so, and the groups it was given. */
function slowWrite() {
  const groups: number[][] = [];
  const ends: (() => void)[] = [];
  const write = async (items: Item[]) => {
    groups.push(idsOf(items));
    await new Promise<void>((end) => ends.push(end));
    return idsOf(items);
  };
  const end = async () => {
    ends.shift()?.();
    for (let turns = 0; turns < 20; turns++) await Promise.resolve();
  };
  return { groups, write, end };
}

it("whoever comes while a write is under way shares the next one, and is answered by it", async () => {
  const { groups, write, end } = slowWrite();
  const insert = groupCommit(limits, write, noGather);
  const answers = [insert([item(1)]), insert([item(2), item(3)]), insert([item(4)])];
  await end();
  await end();
  expect(groups).toEqual([[1], [2, 3, 4]]);
  expect(await Promise.all(answers)).toEqual([[1], [2, 3, 4], [2, 3, 4]]);
});

it("gathers before the first write where asked to, so that a write nobody could wait for is shared", async () => {
  const groups: number[][] = [];
  const insert = groupCommit(
    { ...limits, gathersFirst: true },
    async (items: Item[]) => void groups.push(idsOf(items)),
    async () => await Promise.resolve(),
  );
  await Promise.all([insert([item(1)]), insert([item(2)]), insert([item(3)])]);
  await insert([item(4)]);
  expect(groups).toEqual([[1, 2, 3], [4]]);
});

it("a caller is told to come again when too much waits, and what is too large alone is still written", async () => {
  const { groups, write, end } = slowWrite();
  const insert = groupCommit({ ...limits, itemsMax: 2, waitingMax: 3 }, write, noGather);
  const large = [item(1), item(2), item(3), item(4)];
  const answers = [insert([item(0)]), insert(large), insert([item(5)])];
  expect(await answers[2]).toBeNull();
  await end();
  await end();
  expect(groups).toEqual([[0], idsOf(large)]);
});

it("one caller's bad items fail nobody else", async () => {
  const write = async (items: Item[]) => {
    if (items.some(({ id }) => id < 0)) throw new Error("bad");
    return idsOf(items);
  };
  const insert = groupCommit(limits, write, noGather);
  const answers = await Promise.allSettled([[item(1)], [item(-2)], [item(3)]].map(insert));
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

it("every item is written exactly once, in order, within the limits, and everybody is answered", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }), {
        maxLength: 30,
      }),
      fc.array(fc.nat(3), { maxLength: 30 }),
      async (callers, pauses) => {
        const groups: Item[][] = [];
        const write = async (items: Item[]) => {
          groups.push(items);
          for (let turns = items.length; turns > 0; turns--) await Promise.resolve();
          return new Set(idsOf(items));
        };
        const bounds = { itemsMax: 7, bytesMax: 100, waitingMax: 10_000 };
        const insert = groupCommit(bounds, write, noGather);
        let next = 0;
        const answered = callers.map(async (sizes, i) => {
          const items = sizes.map((bytes) => item(next++, bytes));
          for (let turns = pauses[i] ?? 0; turns > 0; turns--) await Promise.resolve();
          const written = await insert(items);
          expect(items.every(({ id }) => written?.has(id))).toBe(true);
        });
        await Promise.all(answered);
        const all = groups.flatMap(idsOf);
        expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: next }, (_, n) => n));
        for (const group of groups) {
          const bytes = group.reduce((sum, one) => sum + one.bytes, 0);
          const largest = Math.max(...callers.map((sizes) => sizes.length));
          expect(group.length <= Math.max(7, largest)).toBe(true);
          if (group.length > largest) expect(bytes).toBeLessThanOrEqual(100);
        }
      },
    ),
  );
});
