import fc from "fast-check";
import { expect, it } from "vitest";
import {
  balanced,
  commit,
  type Group,
  heard,
  join,
  leave,
  newGroup,
  type Parents,
  readable,
} from "./groups.ts";

/** A property, as a test of its name. */
const holds =
  <T extends [unknown, ...unknown[]]>(given: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  (name: string, promise: (...values: T) => unknown) => {
    it(name, async () => {
      await fc.assert(
        fc.asyncProperty(...given, async (...values) => void (await promise(...(values as T)))),
      );
    });
  };

const PARENTS: Parents = [
  null,
  { partition: 0, offset: 10 },
  { partition: 0, offset: 20 },
  { partition: 1, offset: 5 },
];

holds([
  fc.nat({ max: 8 }),
  fc.array(fc.uniqueArray(fc.nat({ max: 10 })), { minLength: 1, maxLength: 6 }),
])(
  "gives every partition to one member, evenly, and takes from nobody what they may keep",
  (count, held) => {
    const partitions = Array.from({ length: count }, (_, i) => i);
    const shares = balanced(held, partitions);
    expect(shares.flat().toSorted((a, b) => a - b)).toEqual(partitions);
    const sizes = shares.map(({ length }) => length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    // Given again, they stay.
    expect(balanced(shares, partitions)).toEqual(shares);
  },
);

type Step = { who: number; what: "join" | "leave" | "hear" | "commit" | "wait" | "commit-old" };
const steps = fc.array(
  fc.record({
    who: fc.nat({ max: 4 }),
    what: fc.constantFrom<Step["what"][]>("join", "leave", "hear", "commit", "wait", "commit-old"),
  }),
  { maxLength: 60 },
);

holds([steps])(
  "has each partition read by one member at most, and moves on only what is a member's in its generation",
  (all) => {
    let group: Group = newGroup([0, 0, 0, 0]);
    let nowMs = 0;
    const known = new Map<string, number>();
    for (const { who, what } of all) {
      const id = `m${who}`;
      const generation = known.get(id) ?? 0;
      const before = group;
      if (what === "wait") nowMs += 700;
      if (what === "leave") group = leave(group, id, PARENTS, nowMs);
      if (what === "join") {
        const joined = join(group, { id, sessionMs: 1_000 }, PARENTS, nowMs);
        if (joined.ok) group = joined.value;
        known.set(id, group.generation);
      }
      if (what === "hear") {
        const told = heard(group, { id, generation }, PARENTS, nowMs);
        if (told.ok) group = told.value;
      }
      if (what === "commit" || what === "commit-old") {
        const own = group.members.find((one) => one.id === id)?.partitions ?? [];
        const offsets = own.map((partition) => ({
          partition,
          offset: (group.committed[partition] ?? 0) + 5,
        }));
        const asked = { id, generation: what === "commit" ? generation : generation - 1, offsets };
        const moved = commit(group, asked, PARENTS, nowMs);
        if (moved.ok) {
          expect(before.generation).toBe(asked.generation);
          group = moved.value;
        }
      }
      const given = group.members.flatMap(({ partitions }) => partitions);
      expect(new Set(given).size).toBe(given.length);
      if (group.members.length > 0 && what !== "wait")
        expect(new Set(given)).toEqual(new Set(readable(group, PARENTS)));
      expect(group.generation).toBeGreaterThanOrEqual(before.generation);
      // Whoever has another share than before has it in a new generation.
      for (const { id: each, partitions } of group.members) {
        const old = before.members.find((one) => one.id === each)?.partitions;
        if (old !== undefined && old.join() !== partitions.join() && old.length > 0)
          expect(group.generation).toBeGreaterThan(before.generation);
      }
    }
  },
);

it("reads what goes on from a partition once that is read up to there", () => {
  expect(readable({ committed: [0, 0, 0, 0] }, PARENTS)).toEqual([0]);
  expect(readable({ committed: [10, 0, 0, 0] }, PARENTS)).toEqual([0, 1]);
  expect(readable({ committed: [20, 5, 0, 0] }, PARENTS)).toEqual([0, 1, 2, 3]);
});
