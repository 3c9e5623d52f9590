import { requirementOf } from "#domain/policies/actions.ts";
import { z } from "zod";
import { BOOKMARK_HEADER } from "#domain/regions/bookmark.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { PROBLEMS, type ProblemCode } from "#domain/shared/problem.ts";
import {
  fails,
  isApi,
  type ResponseConfig,
  type Route,
  type RouteConfig,
} from "#workers/http/kit.ts";
import { repetitionOf } from "#workers/http/pipeline.ts";

type Json = Record<string, unknown>;

const PROBLEM_REF = { $ref: "#/components/schemas/Problem" };
const REQUEST_ID = { "X-Request-Id": { $ref: "#/components/headers/RequestId" } };
const LIMITED = {
  ...REQUEST_ID,
  RateLimit: { $ref: "#/components/headers/RateLimit" },
  "RateLimit-Policy": { $ref: "#/components/headers/RateLimitPolicy" },
};
const WITH_BOOKMARK = {
  ...LIMITED,
  [BOOKMARK_HEADER]: { $ref: "#/components/headers/Bookmark" },
};

/** The product's API as OpenAPI 3.1, from the routes themselves: what is served is what is described. */
export function openApiDocument(routes: readonly Route[], publicUrl: string): Json {
  const paths: Record<string, Json> = {};
  for (const { config } of routes) {
    const path = (paths[config.path] ??= {});
    path[config.method] = operation(config);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "WisHub",
      version: "1",
      description: "Shared, verified knowledge for very large fleets of AI agents.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: publicUrl }],
    paths,
    security: [{ bearer: [] }, { session: [] }],
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key." },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "wishub_session",
          description:
            "A browser's session, named `__Host-wishub_session` over TLS. What changes something must come from the product's own origin.",
        },
      },
      schemas: { Problem: problemSchema() },
      headers: {
        Bookmark: {
          schema: { type: "string" },
          description: `What you have now seen. Send it as \`${BOOKMARK_HEADER}\` to be shown nothing older.`,
        },
        RateLimit: {
          schema: { type: "string" },
          description:
            "What is left of the scarcest limit: `r` requests, more in `t` seconds. Absent where the plan sets none.",
        },
        RateLimitPolicy: {
          schema: { type: "string" },
          description: "The plan's limits: `q` requests in any `w` seconds.",
        },
        RequestId: { schema: { type: "string" }, description: "Names this request in every log." },
      },
    },
  };
}

function operation(config: RouteConfig): Json {
  const described: Json = {
    operationId: operationName(config),
    summary: config.summary,
    tags: [isApi(config.path) ? (config.path.split("/")[2] ?? "") : "pages"],
    parameters: parameters(config),
    responses: responses(config),
  };
  if (config.description !== undefined) described["description"] = config.description;
  if (config.ends !== undefined) described["deprecated"] = true;
  if (config.access === "public") described["security"] = [];
  else {
    const { scope, role, fresh } = requirementOf(config.access);
    described["x-action"] = config.access;
    if (scope !== undefined) described["x-scope"] = scope;
    described["x-role"] = role;
    if (fresh === true) described["x-fresh"] = true;
  }
  const body = config.request?.body;
  if (body !== undefined)
    described["requestBody"] = {
      required: body.required ?? true,
      content: content(body.content, "input"),
    };
  return described;
}

const isBookmarked = ({ access, path }: RouteConfig): boolean => access !== "public" && isApi(path);

/** `getV1UnitsIdVersions`: stable while method and path are. */
function operationName({ method, path }: RouteConfig): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function parameters(config: RouteConfig): Json[] {
  const found: Json[] = [];
  for (const [place, schema] of [
    ["path", config.request?.params],
    ["query", config.request?.query],
  ] as const) {
    if (schema === undefined) continue;
    const { properties = {}, required = [] } = jsonSchema(schema, "input");
    for (const [name, property] of Object.entries(properties as Json)) {
      found.push({
        name,
        in: place,
        required: place === "path" || (required as string[]).includes(name),
        schema: property,
      });
    }
  }
  if (["stored", "sealed", "own"].includes(repetitionOf(config)) && config.access !== "public") {
    found.push({
      name: "Idempotency-Key",
      in: "header",
      required: false,
      description: "The same key and body get the first answer again, for 24 hours.",
      schema: { type: "string", minLength: 1, maxLength: LIMITS.idempotencyKeyCharsMax },
    });
  }
  if (isBookmarked(config)) {
    found.push({
      name: BOOKMARK_HEADER,
      in: "header",
      required: false,
      description: "What an earlier answer gave: this one then shows nothing older.",
      schema: { type: "string", maxLength: 64 },
    });
  }
  const takes = (code: ProblemCode) =>
    Object.values(config.responses).some(({ codes }) => codes?.includes(code));
  if (takes("version-stale")) {
    // Not `required`: without it the answer is 428, which a generated client has to be able to see.
    found.push({
      name: "If-Match",
      in: "header",
      required: false,
      description: takes("version-required")
        ? "The ETag you read; 428 without it."
        : "The ETag you read, if only that version is meant.",
      schema: { type: "string", maxLength: 64 },
    });
  }
  return found;
}

function responses(config: RouteConfig): Json {
  const all: Record<number, ResponseConfig> = { ...config.responses };
  for (const [status, response] of Object.entries(fails(...codesOf(config))))
    all[Number(status)] = response;
  return Object.fromEntries(
    Object.entries(all).map(([status, { description, content: contents, codes }]) => {
      const described: Json = {
        description,
        headers: headersOf(config, codes !== undefined, status === "429"),
      };
      if (codes !== undefined) {
        described["content"] = config.path.startsWith("/scim/")
          ? { "application/scim+json": { schema: { type: "object" } } }
          : { "application/problem+json": { schema: PROBLEM_REF } };
        described["x-codes"] = codes;
      } else if (contents !== undefined) described["content"] = content(contents, "output");
      return [status, described];
    }),
  );
}

function headersOf(config: RouteConfig, isProblem: boolean, isLimited: boolean): Json {
  if (isLimited) return { ...LIMITED, "Retry-After": { schema: { type: "integer" } } };
  if (isBookmarked(config) && !isProblem) return WITH_BOOKMARK;
  return config.access === "public" ? REQUEST_ID : LIMITED;
}

/** What a route names itself, and what follows from the pipeline it runs in. */
function codesOf(config: RouteConfig): ProblemCode[] {
  const codes: ProblemCode[] = Object.values(config.responses).flatMap(
    (response) => response.codes ?? [],
  );
  codes.push("invalid-request", "internal", "overloaded");
  if (config.access !== "public") codes.push("unauthenticated", "forbidden");
  if (config.access !== "public" || config.method !== "get") codes.push("too-many-requests");
  if (config.access !== "public" && requirementOf(config.access).fresh === true)
    codes.push("second-factor-required");
  if (config.request?.params !== undefined) codes.push("not-found");
  if (config.request?.body !== undefined) codes.push("unsupported-media-type", "body-too-large");
  if (config.access !== "public" && ["stored", "sealed"].includes(repetitionOf(config))) {
    codes.push("idempotency-conflict", "idempotency-in-flight");
  }
  return codes;
}

function content(contents: Record<string, { schema?: z.ZodType }>, io: "input" | "output"): Json {
  return Object.fromEntries(
    Object.entries(contents).map(([type, { schema }]) => [
      type,
      schema === undefined ? {} : { schema: jsonSchema(schema, io) },
    ]),
  );
}

/** A schema as JSON Schema 2020-12: what may be sent, or what is answered. */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    io,
    unrepresentable: "any",
    override: ({ jsonSchema: made }) => {
      // A query parameter is text that a schema reads as something else: it is described as what it is read as.
      const { override } = made as Json;
      if (typeof override !== "object" || override === null) return;
      for (const key of Object.keys(made)) delete (made as Json)[key];
      Object.assign(made, override);
    },
  }) as Json;
  return rest;
}

function problemSchema(): Json {
  return {
    type: "object",
    description: "RFC 9457. `code` is stable; a client decides by it.",
    required: ["type", "title", "status", "code", "instance"],
    properties: {
      type: { type: "string", format: "uri" },
      title: { type: "string" },
      status: { type: "integer" },
      code: { type: "string", enum: Object.keys(PROBLEMS) },
      detail: { type: "string" },
      instance: { type: "string" },
      earliest: { type: "integer" },
      errors: {
        type: "array",
        items: {
          type: "object",
          required: ["pointer", "detail"],
          properties: { pointer: { type: "string" }, detail: { type: "string" } },
        },
      },
    },
  };
}
