import fc from "fast-check";
import { expect, it } from "vitest";
import { handout } from "#domain/units/handout.ts";

const LIMITS = { waitingMax: 4, bytesMax: 1_000, shareMax: 2, shareBytes: 500, leaseMs: 100 };

type Item = { name: string; bytes: number };
const items = (...names: string[]): Item[] => names.map((name) => ({ name, bytes: 1 }));
const namesOf = (given: readonly Item[]) => given.map(({ name }) => name);
/** A handout of items that have only a name. */
function named() {
  const work = handout<Item>(LIMITS);
  return {
    add: (given: string[]) => namesOf(work.add(items(...given))),
    take: (nowMs: number) => namesOf(work.take(nowMs)),
    next: (nowMs: number) => namesOf(work.next(nowMs)),
  };
}

it("only one has a share at a time, and it comes back for what has gathered", () => {
  const work = named();
  expect(work.add(["a", "b"])).toEqual([]);
  expect(work.take(0)).toEqual(["a", "b"]);
  work.add(["c", "d", "e"]);
  expect(work.take(99)).toEqual([]);
  expect(work.next(99)).toEqual(["c", "d"]);
  expect(work.next(99)).toEqual(["e"]);
  expect(work.next(99)).toEqual([]);
  work.add(["f"]);
  expect(work.take(99)).toEqual(["f"]);
});

it("a share that is not brought back holds nobody up for longer than its lease", () => {
  const work = named();
  work.add(["lost"]);
  work.take(0);
  work.add(["a"]);
  expect(work.take(100)).toEqual(["a"]);
});

it("what waits never has more bytes than there is room for", () => {
  const work = handout<Item>(LIMITS);
  const [small, large] = [
    { name: "small", bytes: 400 },
    { name: "large", bytes: 601 },
  ];
  expect(work.add([small, large, small])).toEqual([large, small]);
  expect(work.add([small])).toEqual([]);
  expect(work.take(0)).toEqual([small, small]);
  expect(work.add([large])).toEqual([]);
  work.end();
  expect(work.abandoned(0)).toEqual([large]);
  expect(work.add([{ ...large, bytes: 1_000 }])).toEqual([]);
});

it("a share ends with the item that fills it", () => {
  const work = handout<Item>(LIMITS);
  const half = { name: "half", bytes: 500 };
  work.add([half, half]);
  expect(work.take(0)).toEqual([half]);
  expect(work.next(0)).toEqual([half]);
});

it("every item is handed out once or answered as one that found no room", () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant("add" as const),
      sizes: fc.array(fc.nat(700), { maxLength: 6 }),
    }),
    fc.record({
      do: fc.constantFrom("take" as const, "next" as const, "end" as const, "abandoned" as const),
    }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const work = handout<{ id: number; bytes: number }>(LIMITS);
      const out: { id: number }[] = [];
      let made = 0;
      for (const [atMs, one] of steps.entries()) {
        if (one.do === "add")
          out.push(...work.add(one.sizes.map((bytes) => ({ id: made++, bytes }))));
        else if (one.do === "end") work.end();
        else out.push(...work[one.do](atMs * 50));
      }
      work.end();
      out.push(...work.abandoned(steps.length * 50));
      const ids = out.map(({ id }) => id).toSorted((a, b) => a - b);
      expect(ids).toEqual(Array.from({ length: made }, (_, n) => n));
    }),
  );
});

it("what waits goes to whoever comes by next, and is given up only where nobody did", () => {
  const work = handout<Item>(LIMITS);
  work.add(items("a", "b", "c"));
  work.take(0);
  work.end();
  expect(namesOf(work.take(10))).toEqual(["c"]);
  work.add(items("d"));
  expect(work.abandoned(20)).toEqual([]);
  expect(work.waiting()).toBe(1);
  work.end();
  expect(namesOf(work.abandoned(30))).toEqual(["d"]);
  expect(work.waiting()).toBe(0);
});
