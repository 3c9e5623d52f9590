import { describe, expect, it } from "vitest";
import { given, harness, planned, SETTINGS } from "./harness.ts";

describe("what is next", () => {
  it("is the most urgent, and of those the oldest", () => {
    const one = harness();
    const drafts = [4, 9, 0, 9].map((priority) => planned({ priority }));
    one.done(one.queue.enqueue(drafts, 0));
    expect(given(one, { limit: 10 }, 0).map(({ seq }) => seq)).toEqual([2, 4, 1, 3]);
  });

  it("is what has waited for long, however urgent what came later is", () => {
    const one = harness();
    one.done(one.queue.enqueue([planned({ priority: 0 })], 0));
    const late = planned({ priority: 9, createdAtMs: 9 * 60_000 + 1 });
    one.done(one.queue.enqueue([late], late.createdAtMs));
    expect(given(one, {}, late.createdAtMs)[0]?.seq).toBe(1);
  });

  it("is only what whoever asks can do, and it is said why nobody can", () => {
    const one = harness();
    one.done(one.queue.enqueue([planned({ requires: ["gpu", "zh"] })], 0));
    expect(one.queue.look(1, 0)?.unschedulable).toContain("nobody has asked");
    expect(given(one, { capabilities: ["gpu"] }, 0)).toEqual([]);
    expect(one.queue.look(1, 0)?.unschedulable).toContain("gpu, zh");
    expect(given(one, { capabilities: ["zh", "x", "gpu"] }, 0)).toHaveLength(1);
    expect(one.queue.look(1, 0)?.unschedulable).toBeNull();
  });

  it("is of those who have just that capability, whatever its name is written with", () => {
    const one = harness();
    const drafts = [
      planned({ requires: ["a"], near: "b c" }),
      planned({ requires: ["a b"], near: "c" }),
      planned({ requires: ["x", "y"] }),
      planned({ requires: ["x,y"] }),
    ];
    one.done(one.queue.enqueue(drafts, 0));
    const of = (...capabilities: string[]) =>
      given(one, { capabilities, limit: 9 }, 0).map(({ seq }) => seq);
    expect(of("a")).toEqual([1]);
    expect(of("x", "y")).toEqual([3]);
    expect(of("a b")).toEqual([2]);
    expect(of("x,y")).toEqual([4]);
  });

  it("is what is near, unless something else has waited for a minute more", () => {
    const one = harness();
    one.done(one.queue.enqueue([planned({ near: "there" })], 0));
    one.done(one.queue.enqueue([planned({ near: "here", createdAtMs: 59_000 })], 59_000));
    one.done(one.queue.enqueue([planned({ near: "here", createdAtMs: 61_000 })], 61_000));
    const order = given(one, { near: "here", limit: 3 }, 61_000).map(({ seq }) => seq);
    expect(order).toEqual([2, 1, 3]);
  });
});

describe("a share", () => {
  it("is kept by weight between accounts, whoever brings more", () => {
    const one = harness();
    const of = (account: string, n: number) =>
      Array.from({ length: n }, () => planned({ account }));
    one.done(one.queue.enqueue([...of("greedy", 300), ...of("small", 60), ...of("heavy", 120)], 0));
    const got: Record<string, number> = {};
    for (let i = 0; i < 120; i++) {
      const [task] = given(one, {}, 0);
      const { account } = one.stored.open.get(task?.seq ?? 0) ?? planned();
      got[account] = (got[account] ?? 0) + 1;
    }
    for (const [account, share] of [
      ["greedy", 30],
      ["small", 30],
      ["heavy", 60],
    ] as const)
      expect(Math.abs((got[account] ?? 0) - share), account).toBeLessThanOrEqual(2);
  });

  it("is not saved up while an account has nothing to do", () => {
    const one = harness();
    const of = (account: string, n: number) =>
      Array.from({ length: n }, () => planned({ account }));
    one.done(one.queue.enqueue(of("busy", 200), 0));
    given(one, { limit: 100 }, 0);
    one.done(one.queue.enqueue(of("late", 50), 0));
    const seqs = given(one, { limit: 20 }, 0).map(({ seq }) => seq);
    expect(seqs.filter((seq) => seq > 200).length).toBeGreaterThanOrEqual(9);
    expect(seqs.filter((seq) => seq > 200).length).toBeLessThanOrEqual(11);
  });
});

describe("a lease", () => {
  it("that ran out leaves its holder its right until somebody else is given the task", () => {
    const one = harness();
    one.done(one.queue.enqueue([planned()], 0));
    const [first] = given(one, {}, 0);
    one.done(one.queue.tick(1_000));
    expect(one.queue.depth).toMatchObject({ waiting: 1, leased: 0 });
    const held = { seq: 1, token: first?.token ?? 0, by: null };
    expect(one.done(one.queue.heartbeat(held, 1_000, 1_500)).ok).toBe(true);
    one.done(one.queue.tick(2_500));
    const [second] = given(one, {}, 2_500);
    expect(second?.token).toBeGreaterThan(first?.token ?? Infinity);
    for (const late of [one.queue.complete(held, 2_600), one.queue.heartbeat(held, 1_000, 2_600)])
      expect(one.done(late)).toMatchObject({ ok: false, error: { code: "lease-lost" } });
    expect(one.done(one.queue.complete({ ...held, token: second?.token ?? 0 }, 2_700)).ok).toBe(
      true,
    );
    expect(one.stored.ended.get(1)?.end.state).toBe("completed");
  });

  it("is tried as often as it may be, with longer and longer waits, and then the task is dead", () => {
    const one = harness();
    one.done(one.queue.enqueue([planned()], 0));
    let nowMs = 0;
    const waits: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const [task] = given(one, {}, nowMs);
      const failing = {
        seq: 1,
        token: task?.token ?? 0,
        by: null,
        reason: "no",
        isFinal: false,
        delayMs: null,
      };
      const stand = one.done(one.queue.fail(failing, nowMs, 1));
      if (!stand.ok || stand.value.untilMs === null) break;
      waits.push(stand.value.untilMs - nowMs);
      expect(given(one, {}, nowMs)).toEqual([]);
      nowMs = stand.value.untilMs;
      one.done(one.queue.tick(nowMs));
    }
    expect(waits).toEqual([1_000, 2_000]);
    expect(one.stored.ended.get(1)?.end).toMatchObject({
      state: "failed",
      cause: "attempts",
      reason: "no",
    });
    const dead = one.stored.ended.get(1)?.row;
    if (dead === undefined) throw new Error("it is not dead");
    one.done(one.queue.revive(dead, nowMs));
    // Not the one after the last: what becomes of it now is told apart from what became of it before.
    expect(given(one, {}, nowMs)[0]?.token).toBe(5);
  });

  it("that is taken up again after it ran out costs only the time that it was kept", () => {
    const one = harness();
    one.done(one.queue.enqueue([planned({ budgetMs: 3_000 })], 0));
    const [first] = given(one, {}, 0);
    const held = { seq: 1, token: first?.token ?? 0, by: null };
    one.done(one.queue.tick(1_000));
    const again = one.done(one.queue.heartbeat(held, 60_000, 5_000));
    expect(again).toMatchObject({ ok: true, value: { untilMs: 7_000 } });
    one.done(one.queue.complete(held, 6_000));
    expect(one.stored.ended.get(1)?.row.spentMs).toBe(2_000);
  });

  it("ends with the budget of the task, and with its deadline", () => {
    const one = harness();
    one.done(one.queue.enqueue([planned({ budgetMs: 1_500 }), planned({ deadlineMs: 1_700 })], 0));
    given(one, { limit: 2 }, 0);
    one.done(one.queue.tick(1_000));
    const [budget, deadline] = given(one, { limit: 2 }, 1_000);
    expect([budget?.untilMs, deadline?.untilMs]).toEqual([1_500, 2_000]);
    one.done(one.queue.tick(1_800));
    expect(one.stored.ended.get(1)?.end.cause).toBe("budget");
    expect(one.stored.ended.get(2)?.end.cause).toBe("deadline");
    const late = { seq: 2, token: deadline?.token ?? 0, by: null };
    expect(one.done(one.queue.complete(late, 1_800)).ok).toBe(false);
  });

  it("of an agent is taken back whole, and not counted", () => {
    const one = harness();
    one.done(one.queue.enqueue([planned(), planned()], 0));
    const [mine] = given(one, { holder: "otter" }, 0);
    const stranger = { seq: 1, token: mine?.token ?? 0, by: "mink" };
    expect(one.done(one.queue.complete(stranger, 0)).ok).toBe(false);
    expect(one.done(one.queue.recall("otter"))).toBe(1);
    expect(one.done(one.queue.complete({ ...stranger, by: "otter" }, 0)).ok).toBe(false);
    expect(given(one, {}, 0)[0]).toMatchObject({ seq: 1, attempts: 1 });
  });
});

describe("what comes after others", () => {
  it("waits until all of them are completed, also through a crash", () => {
    const one = harness();
    one.done(one.queue.enqueue([planned(), planned(), planned({ after: [1, 2] })], 0));
    for (const left of [2, 1]) {
      one.crash();
      expect(one.queue.depth).toMatchObject({ blocked: 1, waiting: left });
      const [task] = given(one, {}, 0);
      one.done(one.queue.complete({ seq: task?.seq ?? 0, token: 1, by: null }, 0));
    }
    expect(given(one, {}, 0)[0]?.seq).toBe(3);
  });

  it("is canceled, and what comes after it, where one of them was not", () => {
    const one = harness();
    one.done(one.queue.enqueue([planned(), planned({ after: [1] }), planned({ after: [2] })], 0));
    one.done(one.queue.cancel(1, "not now", 5));
    expect([2, 3].map((seq) => one.stored.ended.get(seq)?.end.cause)).toEqual([
      "dependency",
      "dependency",
    ]);
    expect(one.queue.isEmpty).toBe(true);
  });
});

it("takes no more than there is room for, and nothing while it is drained", () => {
  const one = harness({ ...SETTINGS, tasksMax: 3, accountTasksMax: 2 });
  const code = (n: number, account: string) => {
    const drafts = Array.from({ length: n }, () => planned({ account }));
    const answer = one.done(one.queue.enqueue(drafts, 0));
    return answer.ok ? null : answer.error.code;
  };
  expect([code(3, "a"), code(2, "a"), code(1, "a")]).toEqual([
    "too-many-requests",
    null,
    "too-many-requests",
  ]);
  expect([code(2, "b"), code(1, "b")]).toEqual(["queue-full", null]);
  one.queue.mode = "draining";
  expect(code(1, "c")).toBe("queue-closed");
  one.queue.mode = "paused";
  expect(given(one, {}, 0)).toEqual([]);
});
