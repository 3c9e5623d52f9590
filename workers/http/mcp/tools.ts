import type { CallToolResult, Tool } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Action } from "#domain/policies/actions.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { Route, RouteConfig } from "#workers/http/kit.ts";
import { isOfOperation, type Operation } from "#workers/http/operations.ts";
import { jsonSchema } from "#workers/http/openapi.ts";
import { repetitionOf } from "#workers/http/pipeline.ts";
import { toolNameOf } from "./names.ts";

type Json = Record<string, unknown>;

/** An operation as a tool, from the contract of its route. */
export type OperationTool = {
  action: Action;
  listed: Tool;
  /** The request that a call is. What the contract does not know goes where the route refuses it, and says so. */
  operationOf(args: Json): Operation | Problem<"invalid-request">;
};

/** Every route that is an operation, by the name of its tool. */
export function toolsOf(routes: readonly Route[]): ReadonlyMap<string, OperationTool> {
  const tools = new Map<string, OperationTool>();
  for (const { config } of routes) {
    if (config.access === "public" || !isOfOperation(config)) continue;
    if (101 in config.responses) continue; // no tool opens a WebSocket
    const name = toolNameOf(config);
    if (tools.has(name)) throw new Error(`two operations are the tool ${name}`);
    tools.set(name, toolOf(name, config, config.access));
  }
  return tools;
}

function toolOf(name: string, config: RouteConfig, action: Action): OperationTool {
  const { method, path, summary, description, request } = config;
  const input = inputOf(config);
  const isRead = repetitionOf(config) === "ignored";
  const outputSchema = outputOf(config);
  return {
    action,
    listed: {
      name,
      title: summary,
      description: description === undefined ? `${summary}.` : `${summary}. ${description}`,
      inputSchema: input.schema as Tool["inputSchema"],
      ...(outputSchema !== null && { outputSchema }),
      annotations: {
        readOnlyHint: isRead,
        destructiveHint: method === "delete",
        idempotentHint: isRead || method === "put" || method === "delete",
        openWorldHint: false,
      },
    },
    operationOf(args) {
      const { ifMatch, idempotencyKey, ...rest } = args;
      const headers: Record<string, string> = {};
      if (ifMatch !== undefined) headers["If-Match"] = textOf(ifMatch);
      if (idempotencyKey !== undefined) headers["Idempotency-Key"] = textOf(idempotencyKey);
      if (Object.values(headers).some((value) => !PRINTABLE.test(value)))
        return {
          code: "invalid-request",
          errors: [{ pointer: "", detail: "ifMatch and idempotencyKey are printable ASCII" }],
        };
      const missing = input.params.find((each) => rest[each] === undefined);
      if (missing !== undefined)
        return {
          code: "invalid-request",
          errors: [{ pointer: `/${missing}`, detail: "is needed" }],
        };
      const taken = (names: readonly string[]) =>
        Object.fromEntries(names.flatMap((each) => (each in rest ? [[each, rest[each]]] : [])));
      const params = taken(input.params);
      const query = taken(input.query);
      for (const each of [...input.params, ...input.query]) delete rest[each];
      const { body, stray } = partsOf(input.body, rest);
      const asked = new URLSearchParams();
      for (const [key, value] of Object.entries({ ...query, ...stray }))
        asked.append(key, textOf(value));
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, each: string) =>
        encodeURIComponent(textOf(params[each])),
      );
      const type = Object.keys(request?.body?.content ?? {})[0];
      if (type !== undefined) headers["Content-Type"] = type;
      return {
        method: method.toUpperCase(),
        path: asked.size === 0 ? filled : `${filled}?${asked.toString()}`,
        headers,
        ...(body !== undefined && { body }),
      };
    },
  };
}

/** What a header can hold. */
const PRINTABLE = /^[\x20-\x7e]*$/;
/** Where a body is an argument of its own; no schema of ours calls a member so. */
const NESTED = "payload";

/** Only one place of a request takes what no contract knows: there the route refuses it by its name. */
function partsOf(place: Input["body"], rest: Json): { body?: unknown; stray: Json } {
  if (place === "none") return { stray: rest };
  if (place === "flat") return { body: rest, stray: {} };
  const { [NESTED]: body = "", ...stray } = rest;
  return { body, stray };
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");

type Input = {
  schema: Json;
  params: readonly string[];
  query: readonly string[];
  /** Whether the body's members stand beside the parameters, or in `payload`: where it is no object, or names would meet. */
  body: "none" | "flat" | "nested";
};

function inputOf(config: RouteConfig): Input {
  const { params, query, body } = config.request ?? {};
  const properties: Json = {};
  const required: string[] = [];
  const parts = { params: membersOf(params), query: membersOf(query) };
  for (const { schema, names } of Object.values(parts)) {
    Object.assign(properties, schema["properties"]);
    required.push(
      ...((schema["required"] as string[] | undefined) ?? []).filter((n) => names.includes(n)),
    );
  }
  const from = { params: parts.params.names, query: parts.query.names };
  let defs: unknown;
  let place: Input["body"] = "none";
  if (body !== undefined) {
    const { schema } = Object.values(body.content)[0] ?? {};
    const described: Json = schema === undefined ? { type: "string" } : jsonSchema(schema, "input");
    const members = (described["properties"] as Json | undefined) ?? {};
    const isPlain =
      described["type"] === "object" && Object.keys(members).every((each) => !(each in properties));
    place = isPlain ? "flat" : "nested";
    if (isPlain) {
      Object.assign(properties, members);
      required.push(...((described["required"] as string[] | undefined) ?? []));
    } else {
      properties[NESTED] = described;
      if (body.required !== false) required.push(NESTED);
    }
    defs = described["$defs"];
  }
  Object.assign(properties, headersOf(config));
  const schema: Json = { type: "object", properties, additionalProperties: false };
  if (required.length > 0) schema["required"] = required;
  if (defs !== undefined) schema["$defs"] = defs;
  return { schema, ...from, body: place };
}

function membersOf(schema: z.ZodObject | undefined): { schema: Json; names: string[] } {
  if (schema === undefined) return { schema: {}, names: [] };
  const described = jsonSchema(schema, "input");
  return { schema: described, names: Object.keys((described["properties"] as Json) ?? {}) };
}

/** What HTTP says in headers, as arguments. */
function headersOf(config: RouteConfig): Json {
  const found: Json = {};
  const takes = (code: string) =>
    Object.values(config.responses).some(({ codes }) => codes?.some((one) => one === code));
  if (takes("version-stale"))
    found["ifMatch"] = {
      type: "string",
      description: 'The version you read, as its ETag: "3" in quotes.',
    };
  if (repetitionOf(config) === "stored")
    found["idempotencyKey"] = {
      type: "string",
      maxLength: 255,
      description: "The same key and arguments get the first answer again, for 24 hours.",
    };
  return found;
}

/** The schema of a success, where it is an object of JSON: what a client may check the answer against. */
function outputOf({ responses }: RouteConfig): Tool["outputSchema"] | null {
  const statuses = Object.keys(responses).filter((status) => status.startsWith("2"));
  const [status] = statuses;
  if (status === undefined || statuses.length > 1) return null;
  const schema = responses[Number(status)]?.content?.["application/json"]?.schema;
  const described = schema === undefined ? {} : jsonSchema(schema, "output");
  return described["type"] === "object" ? (described as Tool["outputSchema"]) : null;
}

/** What an agent may read of one answer. */
const ANSWER_CHARS_MAX = 1_000_000;

/** A route's answer as what a tool gives: a failure is the tool's, with the problem document for the model to act on. */
export async function resultOf(answer: Response): Promise<CallToolResult> {
  const length = Number(answer.headers.get("Content-Length") ?? 0);
  const text = length > ANSWER_CHARS_MAX ? null : await textWithin(answer, ANSWER_CHARS_MAX);
  if (text === null)
    return failed(
      `the answer is longer than ${ANSWER_CHARS_MAX} characters: ask for less, or by HTTP`,
    );
  if (!answer.ok) {
    const after = answer.headers.get("Retry-After");
    return failed(after === null ? text : `${text}\nRetry after ${after} s.`);
  }
  const etag = answer.headers.get("ETag");
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json") === true;
  const value = isJson ? jsonIn(text) : null;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return {
    content: [{ type: "text", text }],
    ...(isObject && { structuredContent: value as Json }),
    ...(etag !== null && { _meta: { "wishub/etag": etag } }),
  };
}

/** Null where there is none: what an agent sends as its result is handed on as it came, whatever it calls it. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const failed = (text: string): CallToolResult => ({
  content: [{ type: "text", text }],
  isError: true,
});

/** The body as text, or null where it goes on for longer. */
async function textWithin({ body }: Response, max: number): Promise<string | null> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > max) return null;
  }
  return text + decoder.decode();
}
