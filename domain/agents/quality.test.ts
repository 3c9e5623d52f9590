import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CLASSES_MAX,
  classesOf,
  gradeOf,
  HALF_LIFE_MS,
  type Observed,
  observed,
  type Outcome,
  type Quality,
  qualityFor,
  saysMore,
} from "./quality.ts";

const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  classes: ["sum"],
  accountId: "a0_client",
  isOwn: false,
  done: true,
  latencyMs: 1_000,
  credits: null,
  ...more,
});
const after = (outcomes: Outcome[], nowMs = 0): Quality => ({
  observed: outcomes.reduce<Observed | null>(
    (known, one) => observed(known, one, nowMs),
    null,
  ) as Observed,
  isOut: false,
  lastAnsweredAtMs: null,
});
const times = (count: number, more: Partial<Outcome> = {}) =>
  Array.from({ length: count }, () => outcome(more));
const value = (quality: Quality | null, required: string[] = ["sum"], nowMs = 0) =>
  qualityFor(quality, required, nowMs).value;

const anyOutcome = fc.record({
  classes: fc.uniqueArray(fc.constantFrom("sum", "draw", "sing"), { maxLength: 3 }),
  accountId: fc.constantFrom("a0_1", "a0_2", "a0_3"),
  isOwn: fc.boolean(),
  done: fc.boolean(),
  latencyMs: fc.option(fc.integer({ min: 0, max: 86_400_000 })),
  credits: fc.option(fc.integer({ min: 0, max: 1_000 })),
});

describe("what is expected of an agent", () => {
  it("is between nothing and all, whatever it did", () => {
    fc.assert(
      fc.property(fc.array(anyOutcome, { maxLength: 40 }), fc.nat(1e12), (all, laterMs) => {
        const known = all.length === 0 ? null : after(all);
        const seen = qualityFor(known, ["sum"], laterMs);
        for (const share of [seen.value, seen.success]) {
          expect(share).toBeGreaterThan(0);
          expect(share).toBeLessThan(1);
        }
      }),
    );
  });

  it("grows with a task done and shrinks with one that failed", () => {
    fc.assert(
      fc.property(fc.array(anyOutcome, { maxLength: 20 }), (before) => {
        const success = (more: Outcome[]) => {
          const all = [...before, ...more];
          return qualityFor(all.length === 0 ? null : after(all), ["sum"], 0).success;
        };
        expect(success([outcome()])).toBeGreaterThan(success([]));
        expect(success([outcome({ done: false })])).toBeLessThan(success([]));
      }),
    );
  });

  it("puts who did it before who only says so, and that one before who failed", () => {
    const [proven, failed] = [after(times(5)), after(times(5, { done: false }))];
    expect(value(proven)).toBeGreaterThan(value(null));
    expect(value(null)).toBeGreaterThan(value(failed));
  });

  it("is by the kind of task: what it fails at elsewhere counts little against what it does well", () => {
    const mixed = after([...times(20), ...times(20, { classes: ["sing"], done: false })]);
    expect(value(mixed, ["sum"])).toBeGreaterThan(value(mixed, ["sing"]) * 2);
    expect(qualityFor(mixed, ["sum", "sing"], 0).success).toBeCloseTo(
      qualityFor(mixed, ["sing"], 0).success,
    );
  });

  it("takes a capability nothing is known of for like the rest of what it does", () => {
    const good = after(times(30));
    expect(qualityFor(good, ["draw"], 0)).toMatchObject({ of: "all-tasks", tasks: 30 });
    expect(value(good, ["draw"])).toBeGreaterThan(value(null, ["draw"]));
  });

  it("prefers the fast and the cheap", () => {
    expect(value(after(times(5, { latencyMs: 500 })))).toBeGreaterThan(
      value(after(times(5, { latencyMs: 600_000 }))),
    );
    expect(value(after(times(5, { credits: 1 })))).toBeGreaterThan(
      value(after(times(5, { credits: 500 }))),
    );
  });

  it("forgets with time, towards what is expected of anybody", () => {
    const good = after(times(20));
    const success = (ageMs: number) => qualityFor(good, ["sum"], ageMs).success;
    expect(success(HALF_LIFE_MS)).toBeLessThan(success(0));
    expect(success(40 * HALF_LIFE_MS)).toBeCloseTo(qualityFor(null, ["sum"], 0).success);
  });

  it("believes an account less about its own agents than others", () => {
    expect(value(after(times(4, { isOwn: true })))).toBeLessThan(value(after(times(4))));
  });
});

describe("a grade", () => {
  const from = (accountId: string) => outcome({ accountId });
  it("is what it says, until it was done, and verified once several others had it done well", () => {
    expect(gradeOf(null, "sum", 0)).toBe("declared");
    expect(gradeOf(after([outcome({ done: false })]), "sum", 0)).toBe("declared");
    expect(gradeOf(after([outcome()]), "sum", 0)).toBe("exercised");
    expect(gradeOf(after(times(50)), "sum", 0)).toBe("exercised");
    const verified = after([...times(4), from("a0_other")]);
    expect(gradeOf(verified, "sum", 0)).toBe("verified");
    expect(gradeOf(verified, "draw", 0)).toBe("declared");
  });

  it("is lost where nobody had it done for long, or where it fails now", () => {
    const all = [...times(9), from("a0_other")];
    expect(gradeOf(after(all), "sum", 20 * HALF_LIFE_MS)).toBe("exercised");
    expect(gradeOf(after([...all, ...times(9, { done: false })]), "sum", 0)).toBe("exercised");
  });

  it("is never verified by an account's own tasks", () => {
    const own = ["a0_1", "a0_2", "a0_3"].flatMap((accountId) =>
      times(40, { accountId, isOwn: true }),
    );
    expect(gradeOf(after(own), "sum", 0)).toBe("exercised");
  });
});

it("remembers so many classes and no more, those that say most", () => {
  const many = Array.from({ length: 200 }, (_, i) => outcome({ classes: [`c${i}`] }));
  const { observed: known } = after([...times(10), ...many]);
  expect(Object.keys(known.classes)).toHaveLength(CLASSES_MAX);
  expect(known.classes["sum"]?.completed).toBe(10);
});

it("takes a class for a class, whatever its name", () => {
  const odd = after([outcome({ classes: ["constructor", "__proto__", "toString"] })]);
  expect(gradeOf(odd, "constructor", 0)).toBe("exercised");
  expect(gradeOf(after([outcome()]), "toString", 0)).toBe("declared");
});

it("is told again only when a match would be another one", () => {
  const told = after(times(20));
  expect(saysMore(null, told, 0)).toBe(true);
  expect(saysMore(told, after(times(21)), 0)).toBe(false);
  expect(saysMore(told, after(times(41)), 0)).toBe(true);
  expect(saysMore(told, after([...times(20), ...times(5, { done: false })]), 0)).toBe(true);
  expect(saysMore(told, after([...times(20), outcome({ classes: ["draw"] })]), 0)).toBe(true);
});

it("takes from a task's metadata the capabilities it names, and nothing else", () => {
  expect(classesOf({ capability: "sum" })).toEqual(["sum"]);
  expect(classesOf({ capabilities: ["sum", 7, "No Name", "sum", "draw"] })).toEqual([
    "sum",
    "draw",
  ]);
  for (const nothing of [null, "sum", 7, [], {}, { capabilities: {} }, { capability: ["sum"] }])
    expect(classesOf(nothing)).toEqual([]);
  expect(classesOf({ capabilities: Array.from({ length: 99 }, (_, i) => `c${i}`) })).toHaveLength(
    8,
  );
});
