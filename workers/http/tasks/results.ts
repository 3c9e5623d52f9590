import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { settledView } from "#domain/tasks/model.ts";
import { resultFrom } from "#domain/tasks/results.ts";
import { hasEnded } from "#domain/tasks/state.ts";
import { stateOf } from "#domain/tasks/record.ts";
import {
  fails,
  feature,
  idParam,
  integerQuery,
  json,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { completedWith } from "./settling.ts";

const JSON_TYPE = "application/json";
const BYTES_TYPE = "application/octet-stream";

const read = route(
  {
    method: "get",
    path: "/v1/tasks/{id}/result",
    summary: "Read what a completed task came to",
    description: "As it was given: JSON, or the bytes that were sent for it.",
    access: "task.show",
    request: { params: idParam },
    responses: {
      200: { description: "The result", content: { [JSON_TYPE]: {}, [BYTES_TYPE]: {} } },
      ...fails("not-found", "conflict"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { accountId } = principal;
    const { seq, object } = unwrap(services.taskQueues.find(c.req.valid("param").id, accountId));
    const found = (await object.outcome(seq, accountId)) ?? refuse({ code: "not-found" });
    const state = stateOf(found.task);
    if (found.result === null)
      return refuse({
        code: "conflict",
        detail: hasEnded(state) ? `the task is ${state}: it has no result` : "it is not done yet",
      });
    const result = resultFrom(found.result);
    if ("text" in result)
      return { text: result.text, status: 200, headers: { "Content-Type": JSON_TYPE } };
    const { key, mediaType, bytes } = result.blob;
    const blob = (await services.taskResults.get(key)) ?? refuse({ code: "not-found" });
    const headers = { "Content-Type": mediaType, "Content-Length": String(bytes) };
    return new Response(blob.body, { headers });
  },
);

const put = route(
  {
    method: "put",
    path: "/v1/tasks/{id}/result",
    summary: "Say that a task is done, with a result of up to 100 MB",
    description:
      "The body is the result as it is, JSON or bytes. It counts only under the newest fencing token: one that comes too late changes nothing.",
    access: "task.take",
    idempotency: "own",
    request: {
      params: idParam,
      query: z.strictObject({ fencingToken: integerQuery(1, 999_999_999) }),
      body: {
        content: { [JSON_TYPE]: {}, [BYTES_TYPE]: {} },
        bytesMax: LIMITS.taskBlobBytesMax,
        required: false,
      },
    },
    responses: {
      200: { description: "It is done", ...json(settledView) },
      ...fails("not-found", "lease-lost", "overloaded", "body-too-large"),
    },
  },
  async (c) => {
    const { id } = c.req.valid("param");
    const { fencingToken } = c.req.valid("query");
    const mediaType = (c.req.header("Content-Type") ?? BYTES_TYPE).startsWith(JSON_TYPE)
      ? JSON_TYPE
      : BYTES_TYPE;
    const body = c.req.raw.body ?? new Uint8Array();
    return await completedWith(c, id, fencingToken, { body, mediaType });
  },
);

export const taskResultRoutes = feature(read, put);
