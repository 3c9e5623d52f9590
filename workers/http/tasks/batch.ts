import { LIMITS } from "#domain/shared/limits.ts";
import type { Invalid } from "#domain/shared/problem.ts";
import { planOf } from "#domain/tasks/dependencies.ts";
import { taskBatch, tasksMade } from "#domain/tasks/several.ts";
import { fails, feature, json, refuse, route, unwrap } from "#workers/http/kit.ts";
import { draftFrom, inTimeMs, MAKING_REFUSALS, onceOf, plain, viewOfNew } from "./making.ts";

const create = route(
  {
    method: "post",
    path: "/v1/tasks/batch",
    summary: "Give several tasks at once, each after those that it depends on",
    description:
      "All or none, in one pool. `dependsOn` names tasks of the batch by their `ref`: a task is given out once all of them are completed, and canceled, with why, where one of them is not.",
    access: "task.create",
    idempotency: "own",
    request: { body: json(taskBatch) },
    responses: {
      201: { description: "The tasks, in the order they were given", ...json(tasksMade) },
      ...fails(...MAKING_REFUSALS),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const batch = c.req.valid("json");
    const plan = unwrap(planOf(batch.tasks));
    const [{ pool } = { pool: "account" as const }] = batch.tasks;
    const errors = batch.tasks.flatMap((task, at): Invalid[] =>
      task.pool === pool
        ? []
        : [{ pointer: `/tasks/${at}/pool`, detail: "must be that of the first" }],
    );
    if (errors.length > 0) refuse({ code: "invalid-request", errors: errors.slice(0, ERRORS_MAX) });
    const once = await onceOf(c, batch);
    const inTime = await inTimeMs(c, batch.tasks, once);
    const drafts = [];
    for (const [at, { ref: _, dependsOn: __, ...task }] of batch.tasks.entries()) {
      const draft = await draftFrom(c, task, inTime, `/tasks/${at}`);
      drafts.push({ ...draft, comesAfter: plan[at] ?? [] });
    }
    const bytes = drafts.reduce((sum, draft) => sum + draft.bytes, 0);
    if (bytes > LIMITS.bodyBytesMax) refuse({ code: "body-too-large" });
    const made = await services.taskQueues.create(pool, principal.accountId, drafts, once);
    const { queue, placed } = unwrap(made);
    const tasks = drafts.map((draft, at) => {
      const { ref } = batch.tasks[at] ?? {};
      return { ...(ref !== undefined && { ref }), ...viewOfNew(queue, draft, placed[at]) };
    });
    return plain({ tasks }, 201);
  },
);

const ERRORS_MAX = 20;

export const taskBatches = feature(create);
