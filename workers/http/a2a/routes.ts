import type { Context } from "hono";
import { z } from "zod";
import type { Principal } from "#domain/accounts/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import {
  type Access,
  fails,
  feature,
  type Feature,
  idParam,
  refuse,
  route,
} from "#workers/http/kit.ts";
import { restAnswer, rpcAnswer } from "./bindings.ts";
import type { Callee } from "./callee.ts";

type Mount = {
  /** Where it answers: below `/a2a`, because what fails before A2A begins is said in its words there. */
  path: `/a2a${string}`;
  /** Who is called there, in a summary. */
  who: string;
  access: Access;
  /** Ends the request where the caller may not know of whoever is called. */
  calleeOf(c: Context, principal: Principal | null): Promise<Callee>;
};

const anything = z.unknown();
const body = (required: boolean) => ({
  required,
  content: {
    "application/json": { schema: anything },
    "application/a2a+json": { schema: anything },
  },
});
const RPC_ANSWER = {
  200: {
    description: "A JSON-RPC answer, or a stream of them",
    content: { "application/json": {}, "text/event-stream": {} },
  },
};
const REST_ANSWER = {
  200: {
    description: "What A2A answers, or a stream of it",
    content: { "application/a2a+json": {}, "text/event-stream": {} },
  },
};
const name = text(LIMITS.urlCharsMax);
const CALLS: Record<string, string> = {
  "message:send": "SendMessage",
  "message:stream": "SendStreamingMessage",
};
/** What may follow the id of a task, by HTTP method. */
const VERBS: Record<string, Record<string, string>> = {
  GET: { "": "GetTask", subscribe: "SubscribeToTask" },
  POST: { cancel: "CancelTask", subscribe: "SubscribeToTask" },
};

const param = (c: Context, key: string): string =>
  (c.req.valid("param" as never) as Record<string, string>)[key] ?? "";

function json(c: Context): object {
  const value: unknown = c.req.valid("json" as never);
  return typeof value === "object" && value !== null ? value : {};
}

type Called = { name: string; params: object };
type RestCall = {
  method: "get" | "post" | "delete";
  at: `/${string}`;
  summary: string;
  params?: z.ZodObject;
  body?: ReturnType<typeof body>;
  /** The operation that it is, by JSON-RPC's name for it. */
  callOf(c: Context): Called;
};
const task = z.object({ task: name });
const config = z.object({ task: name, config: name });
const CONFIGS = "/tasks/{task}/pushNotificationConfigs";

function ofTask(c: Context): Called {
  const [id, verb] = verbOf(param(c, "task"));
  const called = VERBS[c.req.method === "POST" ? "POST" : "GET"]?.[verb];
  if (called === undefined) return refuse({ code: "not-found" });
  return { name: called, params: { ...queryOf(c), id } };
}
const ofConfig = (called: string) => (c: Context) => ({
  name: called,
  params: { taskId: param(c, "task"), id: param(c, "config") },
});

/** The addresses of HTTP+JSON (section 11.3). A colon is part of a name here, so the verbs after it are told apart below. */
const REST: readonly RestCall[] = [
  {
    method: "post",
    at: "/{call}",
    summary: "send a message, `message:send` or `message:stream`",
    params: z.object({ call: z.enum(Object.keys(CALLS)) }),
    body: body(true),
    callOf: (c) => ({ name: CALLS[param(c, "call")] ?? "", params: json(c) }),
  },
  {
    method: "get",
    at: "/tasks",
    summary: "list your tasks",
    callOf: (c) => ({ name: "ListTasks", params: queryOf(c) }),
  },
  {
    method: "get",
    at: "/tasks/{task}",
    summary: "read a task, or `:subscribe` to it",
    params: task,
    callOf: ofTask,
  },
  {
    method: "post",
    at: "/tasks/{task}",
    summary: "`:cancel` a task, or `:subscribe` to it",
    params: task,
    body: body(false),
    callOf: ofTask,
  },
  {
    method: "post",
    at: CONFIGS,
    summary: "be told of a task",
    params: task,
    body: body(true),
    callOf: (c) => ({
      name: "CreateTaskPushNotificationConfig",
      params: { ...json(c), taskId: param(c, "task") },
    }),
  },
  {
    method: "get",
    at: CONFIGS,
    summary: "who is told of a task",
    params: task,
    callOf: (c) => ({
      name: "ListTaskPushNotificationConfigs",
      params: { taskId: param(c, "task") },
    }),
  },
  {
    method: "get",
    at: `${CONFIGS}/{config}`,
    summary: "one who is told of a task",
    params: config,
    callOf: ofConfig("GetTaskPushNotificationConfig"),
  },
  {
    method: "delete",
    at: `${CONFIGS}/{config}`,
    summary: "tell one no more",
    params: config,
    callOf: ofConfig("DeleteTaskPushNotificationConfig"),
  },
  {
    method: "get",
    at: "/extendedAgentCard",
    summary: "the extended card",
    callOf: () => ({ name: "GetExtendedAgentCard", params: {} }),
  },
];

/** A2A 1.0 at an address: JSON-RPC there, HTTP+JSON below `/rest`. One handler serves both. */
export function a2aAt({ path, who, access, calleeOf }: Mount): Feature {
  const owner = path.includes("{id}") ? idParam : z.object({});
  const callee = (c: Context) => () =>
    calleeOf(c, (c.get("principal") as Principal | undefined) ?? null);
  const failures = fails("invalid-request", "not-found", "forbidden");
  const rest = ({ method, at, summary, params, body: content, callOf }: RestCall) =>
    route(
      {
        method,
        path: `${path}/rest${at}`,
        summary: `A2A, ${who}: ${summary}`,
        access,
        idempotency: "own",
        request: {
          params: owner.extend(params?.shape ?? {}),
          ...(content !== undefined && { body: content }),
        },
        responses: { ...REST_ANSWER, ...failures },
      },
      (c: Context) => {
        const called = callOf(c);
        return restAnswer(callee(c), c.req.raw, called.name, called.params);
      },
    );
  const rpc = route(
    {
      method: "post",
      path,
      trailingSlash: true,
      summary: `A2A, ${who}: JSON-RPC`,
      access,
      idempotency: "own",
      request: { params: owner, body: body(true) },
      responses: { ...RPC_ANSWER, ...failures },
    },
    (c: Context) => rpcAnswer(callee(c), c.req.raw, c.req.valid("json" as never)),
  );
  return feature(rpc, ...REST.map(rest));
}

/** `id:verb`; an id may hold colons itself. */
function verbOf(segment: string): [string, string] {
  const decoded = decodedOf(segment);
  const [, id, verb] = /^(.*):(cancel|subscribe)$/s.exec(decoded) ?? [];
  return id === undefined || verb === undefined ? [decoded, ""] : [id, verb];
}

function decodedOf(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const NUMBERS = new Set(["historyLength", "pageSize"]);

/** Query parameters by the names of JSON's fields (section 11.5). What is no number stays a text, and is refused as one. */
function queryOf(c: Context): object {
  const entries = [...new URL(c.req.url).searchParams].map(([key, value]) => {
    if (NUMBERS.has(key) && /^-?\d{1,15}$/.test(value)) return [key, Number(value)];
    if (key === "includeArtifacts" && /^(true|false)$/.test(value)) return [key, value === "true"];
    return [key, value === "" ? null : value];
  });
  return Object.fromEntries(entries) as object;
}
