import type { Context } from "hono";
import type { Principal } from "#domain/accounts/model.ts";
import {
  completeInput,
  failInput,
  heartbeatInput,
  leasedViews,
  leaseInput,
  type LeaseInput,
  settledView,
} from "#domain/tasks/model.ts";
import { leasedTaskText } from "#domain/tasks/record.ts";
import { completeBatch, settledViews } from "#domain/tasks/several.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import {
  type AppEnv,
  fails,
  feature,
  idParam,
  json,
  type Plain,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { stillMay } from "#workers/http/standing.ts";
import { completed, completions, settled } from "./settling.ts";

/** Of a result, beside the fencing token. */
const RESULT_BYTES_MAX = LIMITS.bodyBytesMax;

const lease = route(
  {
    method: "post",
    path: "/v1/tasks/lease",
    summary: "Take the next tasks of some types to work on",
    description:
      "Each comes under a lease: complete it with its fencing token before the lease ends, or it is given out again. Only tasks whose required capabilities whoever asks has all of are given. With `waitMs` the answer waits for a task where there is none.",
    access: "task.take",
    request: { body: json(leaseInput) },
    responses: {
      200: { description: "The tasks, the most urgent first", ...json(leasedViews) },
      ...fails("too-many-requests", "overloaded"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { waitMs, ...input } = c.req.valid("json");
    const ask = {
      types: input.types,
      limit: input.limit,
      leaseMs: input.leaseMs,
      near: input.near ?? null,
      capabilities: await capabilitiesOf(c, principal, input.capabilities),
      holder: principal.agentId ?? null,
    };
    const leased = unwrap(await services.taskQueues.lease(principal.accountId, ask, waitMs));
    if (waitMs > 0 && leased.length > 0)
      await stillMay(c, "task.take", () => services.taskQueues.giveBack(ask.holder, leased));
    return plainText(
      `{"tasks":[${leased.map(({ queue, task }) => leasedTaskText(queue, task)).join(",")}]}`,
    );
  },
);

const heartbeat = route(
  {
    method: "post",
    path: "/v1/tasks/{id}/heartbeat",
    summary: "Keep a task longer, counted from now, and say how far it is",
    access: "task.take",
    request: { params: idParam, body: json(heartbeatInput) },
    responses: {
      200: { description: "Until when it is yours", ...json(settledView) },
      ...fails("invalid-request", "not-found", "lease-lost", "overloaded"),
    },
  },
  async (c) => {
    const { fencingToken, leaseMs, progress = null, event } = c.req.valid("json");
    const data = event === undefined ? null : JSON.stringify(event);
    if (data !== null && utf8.encode(data).byteLength > LIMITS.taskEventBytesMax)
      refuse({ code: "invalid-request", errors: [EVENT_TOO_LONG] });
    const said = { how: "heartbeat", leaseMs, progress, data } as const;
    return await settled(c, c.req.valid("param").id, fencingToken, said);
  },
);

const complete = route(
  {
    method: "post",
    path: "/v1/tasks/{id}/complete",
    summary: "Say that a task is done, with its result",
    description:
      "Said again under the same fencing token it changes nothing and is answered alike.",
    access: "task.take",
    request: { params: idParam, body: { ...json(completeInput), bytesMax: RESULT_BYTES_MAX } },
    responses: {
      200: { description: "It is done", ...json(settledView) },
      ...fails("not-found", "lease-lost", "overloaded", "body-too-large"),
    },
  },
  async (c) => {
    const { fencingToken, result } = c.req.valid("json");
    return await completed(c, c.req.valid("param").id, fencingToken, JSON.stringify(result));
  },
);

const fail = route(
  {
    method: "post",
    path: "/v1/tasks/{id}/fail",
    summary: "Give a task back that could not be done",
    description:
      "It is given out again after a while, longer each time, until its attempts or its budget are spent; `final` makes it a dead letter at once.",
    access: "task.take",
    request: { params: idParam, body: json(failInput) },
    responses: {
      200: { description: "What became of it", ...json(settledView) },
      ...fails("not-found", "lease-lost", "overloaded"),
    },
  },
  async (c) => {
    const { fencingToken, reason = null, final, delayMs = null } = c.req.valid("json");
    const said = { how: "fail", reason, isFinal: final, delayMs } as const;
    return await settled(c, c.req.valid("param").id, fencingToken, said);
  },
);

/** What whoever asks can do: an agent what it is registered with, and anybody else what they say. */
async function capabilitiesOf(
  { var: { services } }: Context<AppEnv>,
  { agentId }: Principal,
  said: LeaseInput["capabilities"],
): Promise<readonly string[]> {
  if (agentId === undefined) return said ?? [];
  const registered = (await services.agents.lately(agentId))?.capabilities ?? [];
  const unknown = said?.findIndex((one) => !registered.includes(one)) ?? -1;
  if (unknown === -1) return said ?? registered;
  const errors = [
    { pointer: `/capabilities/${unknown}`, detail: "the agent is not registered with it" },
  ];
  return refuse({ code: "invalid-request", errors });
}

const plainText = (text: string): Plain => ({
  text,
  status: 200,
  headers: { "Content-Type": "application/json" },
});

const utf8 = new TextEncoder();
const EVENT_TOO_LONG = {
  pointer: "/event",
  detail: `is longer than ${LIMITS.taskEventBytesMax} bytes`,
};

const completeSeveral = route(
  {
    method: "post",
    path: "/v1/tasks/complete",
    summary: "Say that several tasks are done, each with its result",
    description: "Each has its own outcome.",
    access: "task.take",
    request: { body: json(completeBatch) },
    responses: {
      200: { description: "What became of each", ...json(settledViews) },
      ...fails("overloaded"),
    },
  },
  async (c) => {
    const { tasks } = c.req.valid("json");
    const outcomes = await completions(
      c,
      tasks.map(({ id, fencingToken, result }) => ({
        id,
        token: fencingToken,
        text: JSON.stringify(result),
      })),
    );
    return plainText(JSON.stringify({ results: outcomes }));
  },
);

export const work = feature(lease, heartbeat, complete, completeSeveral, fail);
