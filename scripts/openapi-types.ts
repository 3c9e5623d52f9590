import { z } from "zod";

/** The parts of JSON Schema (as OpenAPI 3.1 uses it) that our own document holds. */
type Schema = {
  $ref?: string | undefined;
  type?: string | string[] | undefined;
  const?: unknown;
  enum?: unknown[] | undefined;
  anyOf?: Schema[] | undefined;
  oneOf?: Schema[] | undefined;
  allOf?: Schema[] | undefined;
  items?: Schema | undefined;
  properties?: Record<string, Schema> | undefined;
  required?: string[] | undefined;
  additionalProperties?: boolean | Schema | undefined;
};

const schema: z.ZodType<Schema> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    const: z.unknown().optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(schema).optional(),
    oneOf: z.array(schema).optional(),
    allOf: z.array(schema).optional(),
    items: schema.optional(),
    properties: z.record(z.string(), schema).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), schema]).optional(),
  }),
);

const content = z.record(z.string(), z.object({ schema: schema.optional() }));
const operation = z.object({
  summary: z.string().optional(),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        required: z.boolean().optional(),
        schema: schema.optional(),
      }),
    )
    .optional(),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ content: content.optional() })),
});
const apiDocument = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({ schemas: z.record(z.string(), schema).optional() }).optional(),
});

const METHODS = new Set(["get", "put", "post", "delete", "patch"]);

/** TypeScript types for every operation of an OpenAPI document: `Operations["POST /v1/units"]["body"]`. */
export function typesOf(input: unknown): string {
  const { paths, components } = apiDocument.parse(input);
  const lines = ["// Generated from openapi.json by scripts/openapi.ts; do not edit.", ""];
  for (const [name, value] of Object.entries(components?.schemas ?? {})) {
    lines.push(`export type ${name} = ${typeOf(value)};`, "");
  }
  lines.push(
    "/** Each operation's input and its successful JSON answer. */",
    "export type Operations = {",
  );
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, value] of Object.entries(methods)) {
      if (METHODS.has(method))
        lines.push(...operationLines(`${method.toUpperCase()} ${path}`, operation.parse(value)));
    }
  }
  lines.push("};", "");
  return lines.join("\n");
}

function operationLines(name: string, op: z.infer<typeof operation>): string[] {
  const params = (where: string) => {
    const found = (op.parameters ?? []).filter((parameter) => parameter.in === where);
    if (found.length === 0) return "Record<never, never>";
    return `{ ${found.map((p) => `${key(p.name)}${p.required ? "" : "?"}: ${typeOf(p.schema ?? {})}`).join("; ")} }`;
  };
  const answers = Object.entries(op.responses)
    .filter(([status]) => status.startsWith("2"))
    .map(([, response]) => response.content?.["application/json"]?.schema)
    .filter((found) => found !== undefined)
    .map((found) => typeOf(found, 2));
  return [
    ...(op.summary === undefined ? [] : [`  /** ${op.summary.replaceAll("*/", "* /")} */`]),
    `  ${JSON.stringify(name)}: {`,
    `    path: ${params("path")};`,
    `    query: ${params("query")};`,
    `    body: ${typeOf(op.requestBody?.content["application/json"]?.schema ?? { type: "undefined" }, 2)};`,
    `    answer: ${[...new Set(answers)].join(" | ") || "undefined"};`,
    "  };",
  ];
}

function typeOf(value: Schema, depth = 0): string {
  if (value.$ref !== undefined) return value.$ref.split("/").at(-1) ?? "unknown";
  if (value.const !== undefined) return JSON.stringify(value.const);
  if (value.enum !== undefined) return value.enum.map((item) => JSON.stringify(item)).join(" | ");
  const union = value.anyOf ?? value.oneOf;
  if (union !== undefined)
    return [...new Set(union.map((item) => typeOf(item, depth)))].join(" | ");
  if (value.allOf !== undefined)
    return value.allOf.map((item) => `(${typeOf(item, depth)})`).join(" & ");
  if (Array.isArray(value.type))
    return [...new Set(value.type.map((type) => typeOf({ ...value, type }, depth)))].join(" | ");
  switch (value.type) {
    case "string":
    case "boolean":
    case "null":
    case "undefined":
      return value.type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return `Array<${typeOf(value.items ?? {}, depth)}>`;
    case "object":
      return objectType(value, depth);
    default:
      return "unknown";
  }
}

function objectType(value: Schema, depth: number): string {
  const properties = Object.entries(value.properties ?? {});
  const rest = value.additionalProperties;
  if (properties.length === 0)
    return `Record<string, ${typeof rest === "object" ? typeOf(rest, depth) : "unknown"}>`;
  const required = new Set(value.required);
  const pad = "  ".repeat(depth + 1);
  const fields = properties.map(
    ([name, field]) =>
      `${pad}${key(name)}${required.has(name) ? "" : "?"}: ${typeOf(field, depth + 1)};`,
  );
  return `{\n${fields.join("\n")}\n${"  ".repeat(depth)}}`;
}

const key = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
