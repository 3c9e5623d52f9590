import fc from "fast-check";
import { expect, it } from "vitest";
import { handout } from "#domain/units/handout.ts";

const LIMITS = { waitingMax: 4, shareMax: 2, leaseMs: 100 };

it("only one has a share at a time, and it comes back for what has gathered", () => {
  const work = handout<string>(LIMITS);
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
  const work = handout<string>(LIMITS);
  work.add(["lost"]);
  work.take(0);
  work.add(["a"]);
  expect(work.take(100)).toEqual(["a"]);
});

it("every item is handed out once or answered as one that found no room", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("add" as const), count: fc.nat(6) }),
    fc.record({ do: fc.constantFrom("take" as const, "next" as const, "end" as const) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const work = handout<number>(LIMITS);
      const out: number[] = [];
      let made = 0;
      for (const [atMs, one] of steps.entries()) {
        if (one.do === "add")
          out.push(...work.add(Array.from({ length: one.count }, () => made++)));
        else if (one.do === "end") out.push(...work.end());
        else out.push(...work[one.do](atMs * 50));
      }
      out.push(...work.end());
      expect(out.toSorted((a, b) => a - b)).toEqual(Array.from({ length: made }, (_, n) => n));
    }),
  );
});
