import { expect, it } from "vitest";
import type { PlanName } from "#domain/limits/plans.ts";
import { given, harness } from "#domain/scheduling/harness.ts";
import { taskInput } from "#domain/tasks/model.ts";
import { SHARED_QUEUE } from "#domain/tasks/queue-settings.ts";
import { taskDraftOf } from "#domain/tasks/record.ts";

it("gives accounts their shares of a shared pool by their plans, whoever brings more", () => {
  const one = harness(SHARED_QUEUE);
  const input = taskInput.parse({ pool: "gpu", type: "look", input: {} });
  const tasks = (account: PlanName, count: number) =>
    Array.from({ length: count }, () => {
      const { comesAfter: _, ...draft } = taskDraftOf(
        input,
        { account, plan: account, madeBy: null },
        0,
      );
      return { ...draft, after: [] };
    });
  const drafts = [...tasks("free", 900), ...tasks("standard", 300), ...tasks("fleet", 300)];
  one.done(one.queue.enqueue(drafts, 0));
  const got: Record<string, number> = {};
  for (let i = 0; i < 210; i++) {
    const [task] = given(one, {}, 0);
    const account = one.stored.open.get(task?.seq ?? 0)?.account ?? "";
    got[account] = (got[account] ?? 0) + 1;
  }
  for (const [account, share] of [
    ["free", 10],
    ["standard", 40],
    ["fleet", 160],
  ] as const)
    expect(Math.abs((got[account] ?? 0) - share), account).toBeLessThanOrEqual(2);
});
