import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Lanes, type Taken } from "./lanes.ts";

type Log = Map<string, { last: number; wanted: number[] }>;
const event = (offset: number) => ({ offset, id: `e${offset}`, type: "unit.published", body: "" });
const nothingHeld = () => false;

/** Reads what is to be read, a few at a time, as the object does. */
function fill(lanes: Lanes, log: Log, ordered: boolean, limit: number): void {
  for (const { lane, after } of lanes.wanting(ordered, nothingHeld)) {
    const { last, wanted } = log.get(lane) ?? { last: 0, wanted: [] };
    const next = Math.min(last, after + limit);
    const found = wanted.filter((offset) => offset > after && offset <= next);
    lanes.read(lane, found.map(event), next, last);
  }
}

const logs = fc
  .array(
    fc.record({
      last: fc.integer({ min: 0, max: 60 }),
      wanted: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map(
    (lanes): Log =>
      new Map(
        lanes.map(({ last, wanted }, i) => [
          `unit.events ${i}`,
          { last, wanted: wanted.filter((one) => one <= last).toSorted((a, b) => a - b) },
        ]),
      ),
  );

describe("what a webhook reads", () => {
  it("is handed out once each, in order within a lane where asked, and never passed by a position", () => {
    fc.assert(
      fc.property(
        logs,
        fc.boolean(),
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.nat({ max: 9 }), { minLength: 400, maxLength: 400 }),
        (log, ordered, limit, choices) => {
          const lanes = new Lanes();
          for (const name of log.keys()) lanes.add(name, 0, null);
          const done = new Map([...log.keys()].map((name) => [name, [] as number[]]));
          const open: Taken[] = [];
          for (const choice of choices) {
            fill(lanes, log, ordered, limit);
            if (choice < 5) open.push(...lanes.take(choice, ordered, nothingHeld));
            else {
              const [one] = open.splice(choice % Math.max(1, open.length), 1);
              if (one === undefined) continue;
              if (choice === 9) {
                lanes.back(one);
                continue;
              }
              lanes.done(one.lane, one.offset);
              done.get(one.lane)?.push(one.offset);
            }
            for (const [name, offsets] of done) {
              const position = lanes.position(name);
              const passed = log.get(name)?.wanted.filter((offset) => offset <= position) ?? [];
              // A crash here begins at the position: all before it is done.
              expect(offsets).toEqual(expect.arrayContaining(passed));
              if (ordered) expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
              if (ordered) expect(open.filter(({ lane }) => lane === name).length).toBeLessThan(2);
            }
          }
          for (const one of open) {
            lanes.done(one.lane, one.offset);
            done.get(one.lane)?.push(one.offset);
          }
          for (let i = 0; i < 400; i++) {
            fill(lanes, log, ordered, limit);
            for (const one of lanes.take(3, ordered, nothingHeld)) {
              lanes.done(one.lane, one.offset);
              done.get(one.lane)?.push(one.offset);
            }
          }
          for (const [name, { last, wanted }] of log) {
            expect(done.get(name)?.toSorted((a, b) => a - b)).toEqual(wanted);
            expect(lanes.position(name)).toBe(last);
          }
          expect(lanes.isBehind()).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("waits, in order, for the partition that another goes on from, and for what is tried again of it", () => {
    const lanes = new Lanes();
    lanes.add("unit.events 0", 0, null);
    lanes.add("unit.events 1", 0, { lane: "unit.events 0", offset: 2 });
    const wanting = (held: string[]) =>
      lanes.wanting(true, (lane) => held.includes(lane)).map(({ lane }) => lane);
    expect(wanting([])).toEqual(["unit.events 0"]);
    expect(lanes.wanting(false, nothingHeld)).toHaveLength(2);
    lanes.read("unit.events 0", [event(1), event(2)], 2, 2);
    for (const offset of [1, 2]) {
      expect(wanting([])).toEqual([]);
      expect(lanes.take(8, true, nothingHeld)).toMatchObject([{ offset }]);
      lanes.done("unit.events 0", offset);
    }
    expect(wanting(["unit.events 0"])).toEqual([]);
    expect(wanting([])).toEqual(["unit.events 1"]);
  });

  it("hands out none of a held lane in order, and takes lanes in turns", () => {
    const lanes = new Lanes();
    for (const name of ["a", "b"]) {
      lanes.add(name, 0, null);
      lanes.read(name, [event(1), event(2)], 2, 2);
    }
    expect(lanes.take(1, true, (lane) => lane === "a")).toMatchObject([{ lane: "b", offset: 1 }]);
    expect(lanes.take(8, true, (lane) => lane === "a")).toEqual([]);
    expect(lanes.isReady(true, (lane) => lane === "a")).toBe(false);
    expect(lanes.take(2, false, nothingHeld)).toHaveLength(2);
    expect(lanes.isReady(true, nothingHeld)).toBe(false);
  });
});
