import { expect, it } from "vitest";
import {
  array,
  assert,
  constant,
  constantFrom,
  integer,
  oneof,
  property,
  record,
} from "fast-check";
import { ask, harness, planned } from "./harness.ts";
import type { Outcome } from "./row.ts";

const anyStep = oneof(
  record({
    kind: constant("enqueue" as const),
    n: integer({ min: 1, max: 4 }),
    priority: integer({ min: 0, max: 9 }),
    account: constantFrom("a", "b", "heavy"),
    type: constantFrom("look", "see"),
    chained: constantFrom(true, false),
    deadline: constantFrom(null, 3_000),
  }),
  record({
    kind: constant("lease" as const),
    limit: integer({ min: 1, max: 5 }),
    types: constantFrom(["look"], ["see"], ["look", "see"]),
  }),
  record({
    kind: constantFrom(
      "complete" as const,
      "fail" as const,
      "heartbeat" as const,
      "cancel" as const,
    ),
    which: integer({ min: 0, max: 60 }),
  }),
  record({ kind: constant("pass" as const), ms: integer({ min: 0, max: 3_000 }) }),
  record({ kind: constantFrom("crash" as const, "lost" as const) }),
);

it("loses no task and does none twice, whatever is asked of it and whenever it crashes", () => {
  assert(
    property(array(anyStep, { maxLength: 80 }), (steps) => {
      const one = harness();
      const held: { seq: number; token: number; by: null }[] = [];
      const completed = new Map<number, number>();
      let nowMs = 0;
      let added = 0;
      const run = <T>(outcome: Outcome<T>): T => {
        // Each state is told once, from a state that was open.
        for (const change of outcome.changes)
          if (change.kind === "ended" && change.end.state === "completed")
            completed.set(change.seq, (completed.get(change.seq) ?? 0) + 1);
        return one.done(outcome);
      };
      for (const step of steps) {
        const { queue } = one;
        const target = "which" in step ? held[step.which % Math.max(held.length, 1)] : undefined;
        switch (step.kind) {
          case "enqueue": {
            const { n, priority, account, type, chained, deadline } = step;
            const first = queue.next;
            const drafts = Array.from({ length: n }, (_, i) =>
              planned({
                priority,
                account,
                type,
                createdAtMs: nowMs,
                after: chained && i > 0 ? [first + i - 1] : [],
                deadlineMs: deadline === null ? null : nowMs + deadline,
              }),
            );
            if (run(queue.enqueue(drafts, nowMs)).ok) added += n;
            break;
          }
          case "lease":
            for (const task of run(
              queue.lease(ask({ types: step.types, limit: step.limit }), nowMs),
            )) {
              expect(held.some(({ seq, token }) => seq === task.seq && token >= task.token)).toBe(
                false,
              );
              held.push({ ...task, by: null });
            }
            break;
          case "complete":
            if (target !== undefined) run(queue.complete(target, nowMs));
            break;
          case "heartbeat":
            if (target !== undefined) run(queue.heartbeat(target, 1_000, nowMs));
            break;
          case "fail":
            if (target !== undefined)
              run(
                queue.fail({ ...target, reason: null, isFinal: false, delayMs: null }, nowMs, 0.5),
              );
            break;
          case "cancel":
            if (target !== undefined) run(queue.cancel(target.seq, null, nowMs));
            break;
          case "pass":
            nowMs += step.ms;
            run(queue.tick(nowMs));
            break;
          case "lost":
            // Its commit failed: what it answered was never said, and what it did is gone.
            queue.lease(ask({ types: ["look", "see"], limit: 9 }), nowMs);
            one.crash();
            break;
          default:
            one.crash();
        }
        const { waiting, delayed, blocked, leased } = one.queue.depth;
        expect(one.stored.open.size + one.stored.ended.size).toBe(added);
        expect(waiting + delayed + blocked + leased).toBe(one.stored.open.size);
      }
      expect([...completed.values()].every((times) => times === 1)).toBe(true);
      // Whatever is open still comes out, each task once.
      for (let i = 0; i < 400 && !one.queue.isEmpty; i++) {
        nowMs += 700_000;
        run(one.queue.tick(nowMs));
        for (const task of run(one.queue.lease(ask({ types: ["look", "see"], limit: 50 }), nowMs)))
          expect(run(one.queue.complete({ ...task, by: null }, nowMs)).ok).toBe(true);
      }
      expect(one.stored.open.size).toBe(0);
      expect(one.queue.depth).toMatchObject({
        waiting: 0,
        delayed: 0,
        blocked: 0,
        leased: 0,
        bytes: 0,
      });
    }),
    { numRuns: 300 },
  );
});
