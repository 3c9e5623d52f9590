import { expect, test } from "vitest";
import { canWait, GATES, type Priority, shedder } from "#domain/limits/shedding.ts";

type Seen = { asked: number; answered: number; refused: number; waitedMs: number[] };
type Load = { perSecond: (ms: number) => number; priority: Priority };

/** An isolate that answers one request in `workMs`, in the order they came, under loads that do not wait for answers. */
function played(loads: Load[], workMs: number, lastsMs: number, hangsUpAfterMs = Infinity) {
  const gate = shedder(GATES);
  const seen = new Map<Priority, Seen>();
  const moves: boolean[] = [];
  const queue: { cameMs: number; entered: { slot: number }; priority: Priority }[] = [];
  const owed = loads.map(() => 0);
  let done = 0;
  for (let ms = 0; ms < lastsMs; ms++) {
    const nowMs = 1_700_000_000_000 + ms;
    for (const [i, { perSecond, priority }] of loads.entries()) {
      owed[i] = (owed[i] ?? 0) + perSecond(ms) / 1_000;
      for (; (owed[i] ?? 0) >= 1; owed[i] = (owed[i] ?? 0) - 1) {
        const mine = seen.get(priority) ?? { asked: 0, answered: 0, refused: 0, waitedMs: [] };
        seen.set(priority, mine);
        mine.asked++;
        const entered = gate.enter(priority, nowMs);
        if ("retryAfterS" in entered) mine.refused++;
        else queue.push({ cameMs: ms, entered, priority });
      }
    }
    for (done += 1 / workMs; done >= 1 && queue.length > 0; done--) {
      const next = queue.shift();
      if (next === undefined) break;
      const mine = seen.get(next.priority);
      // Whoever hung up is not heard of again: their request is never told to leave.
      if (ms - next.cameMs > hangsUpAfterMs) continue;
      gate.leave(next.entered);
      mine?.waitedMs.push(ms - next.cameMs);
      if (mine) mine.answered++;
    }
    done = Math.min(done, 1);
    const isBusy = gate.isBusy();
    if (moves.at(-1) !== isBusy) moves.push(isBusy);
  }
  return { seen, flaps: moves.length - 1 };
}

const steady = (perSecond: number) => () => perSecond;

test("under three times what can be done, background is refused first and vital requests all pass", () => {
  const { seen } = played(
    [
      { priority: "vital", perSecond: steady(50) },
      { priority: "normal", perSecond: steady(800) },
      { priority: "background", perSecond: steady(2_150) },
    ],
    1,
    30_000,
  );
  const [vital, normal, background] = (["vital", "normal", "background"] as const).map((each) =>
    seen.get(each),
  );
  expect(vital?.refused).toBe(0);
  expect(normal?.refused).toBe(0);
  expect((background?.refused ?? 0) / (background?.asked ?? 1)).toBeGreaterThan(0.8);
  // Nobody who is let in waits long: that is what the others are refused for.
  expect(Math.max(...(normal?.waitedMs ?? []))).toBeLessThan(400);
});

test("when normal requests alone are too many, some of them are refused and the rest are answered in time", () => {
  const { seen } = played(
    [
      { priority: "vital", perSecond: steady(20) },
      { priority: "normal", perSecond: steady(4_000) },
    ],
    1,
    20_000,
  );
  const normal = seen.get("normal");
  expect(seen.get("vital")?.refused).toBe(0);
  expect(normal?.answered).toBeGreaterThan(0.93 * 20_000);
  expect(Math.max(...(normal?.waitedMs ?? []))).toBeLessThan(1_600);
});

test("takes everything again soon after a burst, and does not flap while load stands at a threshold", () => {
  const burst = (ms: number) => (ms > 5_000 && ms < 10_000 ? 4_000 : 100);
  const { seen, flaps } = played(
    [
      { priority: "normal", perSecond: burst },
      { priority: "background", perSecond: (ms) => (ms > 13_000 ? 200 : 0) },
    ],
    1,
    20_000,
  );
  expect(seen.get("background")?.refused).toBe(0);
  expect(flaps).toBeLessThan(10);
  const noisy = played(
    [{ priority: "background", perSecond: (ms) => (ms % 100 < 50 ? 2_400 : 100) }],
    1,
    10_000,
  );
  expect(noisy.flaps).toBeLessThan(50);
});

test("requests whose clients hung up count for ten seconds at the most", () => {
  const burst = (ms: number) => (ms < 3_000 ? 3_000 : 300);
  const { seen } = played([{ priority: "normal", perSecond: burst }], 1, 20_000, 200);
  const after = played(
    [{ priority: "normal", perSecond: (ms) => (ms < 13_000 ? burst(ms) : 300) }],
    1,
    40_000,
    200,
  );
  expect(seen.get("normal")?.refused).toBeGreaterThan(0);
  expect(after.seen.get("normal")?.answered).toBeGreaterThan(0.9 * 300 * 27);
});

test("a caller may say that its requests can wait", () => {
  expect(["u=7", "u=5, i", "i, u=6"].map(canWait)).toEqual([true, true, true]);
  expect([null, "u=3", "u=0", "i", "xu=7", "u=70", "u=4;x"].map(canWait)).toEqual(
    Array.from({ length: 7 }, () => false),
  );
});
