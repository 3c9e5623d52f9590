import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANSWERS_WITHIN_MS, isOut, WATCHED_MAX } from "./health.ts";
import { after, type Doing, dueMs, passed, type Standing, toTell, unknown } from "./standing.ts";

const MINUTE = 60_000;
const task = (id: string): Doing => ({
  kind: "asked",
  task: { id, classes: ["sum"], accountId: "a0_client", isOwn: false },
});
const done = (id: string): Doing => ({ kind: "ended", id, ending: "done", credits: null });

/** An agent's life: what happens at which minute, with all that falls due by itself done when it does. */
function life(events: [number, Doing][], untilMinute: number) {
  let standing = unknown();
  const out: { at: number; is: boolean }[] = [];
  let tells = 0;
  let clockMs = 0;
  const settle = (untilMs: number) => {
    let lastMs = -1;
    for (;;) {
      const due = dueMs(standing, clockMs);
      if (due === null || due > untilMs) break;
      const nowMs = Math.max(due, clockMs);
      clockMs = nowMs;
      standing = passed(standing, nowMs);
      const told = toTell(standing, nowMs);
      if (told !== null) {
        if (told.isOut !== (standing.told?.isOut ?? false))
          out.push({ at: nowMs / MINUTE, is: told.isOut });
        standing = { ...standing, told, toldAtMs: nowMs };
        tells++;
      }
      if (nowMs === lastMs && told === null) throw new Error("it is due and nothing comes of it");
      lastMs = nowMs;
    }
    clockMs = untilMs;
  };
  for (const [minute, doing] of events) {
    settle(minute * MINUTE);
    standing = after(standing, doing, minute * MINUTE);
  }
  settle(untilMinute * MINUTE);
  return { standing, out, tells };
}

describe("an agent that stops answering", () => {
  it("is out when its bound is over, and in again when it answers a task", () => {
    const { out, standing } = life(
      [
        [10, task("t1")],
        [30, done("t1")],
      ],
      60,
    );
    expect(out).toEqual([
      { at: 10 + ANSWERS_WITHIN_MS / MINUTE, is: true },
      { at: 30, is: false },
    ]);
    expect(standing.observed?.all.failed).toBeGreaterThan(0);
  });

  it("is not out as long as it answers something: whoever has much to do is not silent", () => {
    const queue = Array.from({ length: 20 }, (_, i): [number, Doing] => [0, task(`t${i}`)]);
    const work = Array.from({ length: 20 }, (_, i): [number, Doing] => [
      1.5 * (i + 1),
      done(`t${i}`),
    ]);
    expect(life([...queue, ...work], 60).out).toEqual([]);
    const saysSo = Array.from({ length: 20 }, (_, i): [number, Doing] => [
      1.5 * (i + 1),
      { kind: "heard" },
    ]);
    expect(life([[0, task("long")], ...saysSo, [31, done("long")]], 60).out).toEqual([]);
  });

  it("is given another chance when its program is there again, once", () => {
    const { out } = life(
      [
        [0, task("t1")],
        [10, { kind: "seen" }],
        [20, task("t2")],
      ],
      120,
    );
    expect(out.map(({ is }) => is)).toEqual([true, false, true]);
  });

  it("is not healthy because its tasks are given up for it", () => {
    const lost: Doing = { kind: "ended", id: "t1", ending: "lost", credits: null };
    const { out, standing } = life(
      [
        [0, task("t1")],
        [0, task("t2")],
        [1.5, lost],
      ],
      60,
    );
    expect(out).toEqual([{ at: ANSWERS_WITHIN_MS / MINUTE, is: true }]);
    expect(standing.observed?.all.failed).toBeGreaterThan(1.9);
  });

  it("is not held to a task that its caller took back", () => {
    const back: Doing = { kind: "ended", id: "t1", ending: "dropped", credits: null };
    expect(
      life(
        [
          [0, task("t1")],
          [1, back],
        ],
        60,
      ),
    ).toMatchObject({ out: [], tells: 0 });
  });
});

describe("one that comes and goes", () => {
  const flaps = (times: number) =>
    Array.from({ length: times }, (_, i): [number, Doing][] => [
      [i * 4, task(`t${i}`)],
      [i * 4 + 3, { kind: "seen" }],
    ]).flat();

  it("stays out for longer the more often it does, and for an hour at most", () => {
    const backAfter = [1, 2, 3, 4, 8, 30].map((times) => {
      const { out } = life(flaps(times), times * 4 + 300);
      expect(out.at(-1)?.is).toBe(false);
      return (out.at(-1)?.at ?? 0) - ((times - 1) * 4 + 3);
    });
    expect(backAfter[0]).toBe(0);
    expect(backAfter).toEqual(backAfter.toSorted((a, b) => a - b));
    expect(backAfter[1]).toBeGreaterThan(10);
    expect(Math.max(...backAfter)).toBeLessThanOrEqual(61);
  });

  it("changes the registry little while it does", () => {
    expect(life(flaps(100), 400).out.length).toBeLessThan(20);
  });
});

describe("whatever happens", () => {
  const doing = fc.oneof(
    fc.integer({ min: 0, max: 9 }).map((i) => task(`t${i}`)),
    fc.integer({ min: 0, max: 9 }).map((i) => done(`t${i}`)),
    fc.constant<Doing>({ kind: "heard" }),
    fc.constant<Doing>({ kind: "seen" }),
  );
  const events = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 300 }), doing), { maxLength: 40 })
    .map((all) => all.toSorted(([a], [b]) => a - b));

  it("it rests in the end: nothing is due for an agent of whom nothing is asked, and nobody is out but the silent", () => {
    fc.assert(
      fc.property(events, (all) => {
        const { standing } = life(all, 10_000);
        expect(dueMs(standing, 10_000 * MINUTE)).toBeNull();
        expect(standing.told?.isOut ?? false).toBe(standing.health.silentSinceMs !== null);
        expect(isOut(standing.health, 10_000 * MINUTE)).toBe(
          standing.health.silentSinceMs !== null,
        );
      }),
    );
  });

  it("is the same when its object dies at any time: it is plain data", () => {
    fc.assert(
      fc.property(events, (all) => {
        let [alive, dead]: Standing[] = [unknown(), unknown()];
        for (const [minute, one] of all) {
          alive = after(alive as Standing, one, minute * MINUTE);
          dead = after(structuredClone(dead as Standing), one, minute * MINUTE);
        }
        expect(dead).toEqual(alive);
      }),
    );
  });
});

it("watches so many tasks at once and no more, and learns from the others as well", () => {
  let standing = unknown();
  for (let i = 0; i < 100; i++) standing = after(standing, task(`t${i}`), i);
  expect(standing.health.open).toHaveLength(WATCHED_MAX);
  const outcome = {
    classes: ["sum"],
    accountId: "a",
    isOwn: false,
    done: true,
    latencyMs: 5,
    credits: 1,
  };
  standing = after(standing, { kind: "outcome", outcome, isAnswer: true }, 200);
  expect(standing.observed?.all.completed).toBe(1);
});
