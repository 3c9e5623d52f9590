import { LIMITS } from "#domain/shared/limits.ts";
import { cancelInput, settledView, taskInput, taskView } from "#domain/tasks/model.ts";
import { settledTaskView, stateOf, taskViewOf } from "#domain/tasks/record.ts";
import { fails, feature, idParam, json, refuse, route, tagged, unwrap } from "#workers/http/kit.ts";
import { draftFrom, inTimeMs, MAKING_REFUSALS, onceOf, plain, viewOfNew } from "./making.ts";

/** Of an input, beside the other members. */
const TASK_BYTES_MAX = LIMITS.taskInputBytesMax + 8_192;

const create = route(
  {
    method: "post",
    path: "/v1/tasks",
    summary: "Give a task to whoever does tasks of its type",
    description:
      "It is stored when this answers, and is given out until it is done or spent. One that nobody who was seen lately could do waits, and says why in `unschedulable`.",
    access: "task.create",
    // The queue itself knows what came before, in the transaction that stores the task.
    idempotency: "own",
    request: { body: { ...json(taskInput), bytesMax: TASK_BYTES_MAX } },
    responses: {
      201: { description: "The task", ...json(taskView) },
      ...fails(...MAKING_REFUSALS),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const input = c.req.valid("json");
    const once = await onceOf(c, input);
    const draft = await draftFrom(c, input, await inTimeMs(c, [input], once));
    const { accountId } = principal;
    const { queue, placed } = unwrap(
      await services.taskQueues.create(input.pool, accountId, [draft], once),
    );
    return plain(viewOfNew(queue, draft, placed[0]), 201);
  },
);

const get = route(
  {
    method: "get",
    path: "/v1/tasks/{id}",
    summary: "Show where a task stands",
    access: "task.show",
    request: { params: idParam },
    responses: { 200: { description: "The task", ...json(taskView) }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { accountId } = principal;
    const { queue, seq, object } = unwrap(
      services.taskQueues.find(c.req.valid("param").id, accountId),
    );
    const task = (await object.show(seq, accountId)) ?? refuse({ code: "not-found" });
    return tagged(c, taskViewOf(queue, task), `${stateOf(task)}-${task.token}-${task.untilMs}`);
  },
);

const cancel = route(
  {
    method: "post",
    path: "/v1/tasks/{id}/cancel",
    summary: "End a task, whoever works on it, and all that come after it",
    access: "task.cancel",
    request: { params: idParam, body: json(cancelInput) },
    responses: {
      200: { description: "It is canceled", ...json(settledView) },
      ...fails("not-found", "conflict", "overloaded"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { accountId } = principal;
    const { id } = c.req.valid("param");
    const { seq, object } = unwrap(services.taskQueues.find(id, accountId));
    const { reason } = c.req.valid("json");
    return plain(settledTaskView(id, unwrap(await object.cancel(seq, accountId, reason ?? null))));
  },
);

export const tasks = feature(create, get, cancel);
