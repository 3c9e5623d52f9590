import type { Client, Tool } from "@modelcontextprotocol/client";
import { beforeAll, describe, expect, it } from "vitest";
import { NAMES, toolNameOf } from "#workers/http/mcp/names.ts";
import { call, newAccount, type TestAccount } from "./helpers.ts";
import { connected } from "./mcp-client.ts";

// Each feature of the API is reachable by MCP, with the same schemas and the same decisions.

/** What HTTP alone has: keys, policies, people and their sessions (CONTRACT.md), and what is no request and answer. */
const HTTP_ALONE = [
  /\/v1\/keys/,
  /\/v1\/agents\/\{id\}\/keys/,
  /\/v1\/oauth\//,
  /\/v1\/policies/,
  /\/v1\/(people|members|invitations|outbox|accounts|known-devices|password-resets|sign-up)(\/|$)(?!\{id\}\/plan)/,
  /\/v1\/sessions/,
  /\/v1\/identity-providers/,
  /\/v1\/agents\/\{id\}\/session/,
  /\/v1\/stream/,
  // A vendor's call, which it signs.
  /\/v1\/channels\/\{id\}\/inbound/,
];

type Parameter = { name: string; in: string; schema: object };
type Described = {
  parameters: Parameter[];
  requestBody?: { content: Record<string, { schema?: { properties?: Record<string, object> } }> };
};
const { paths } = await (
  await call("GET", "/openapi.json")
).json<{ paths: Record<string, Record<string, Described>> }>();
const operations = Object.entries(paths)
  .filter(([path]) => path.startsWith("/v1/") && !HTTP_ALONE.some((one) => one.test(path)))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      name: `${method.toUpperCase()} ${path}`,
      tool: toolNameOf({ method: method as "get", path: path as "/" }),
      path,
      method: method.toUpperCase(),
      described,
    })),
  );

let account: TestAccount;
let client: Client;
let tools: ReadonlyMap<string, Tool>;
beforeAll(async () => {
  account = await newAccount();
  client = await connected(account.apiKey, "2026-07-28");
  tools = new Map((await client.listTools()).tools.map((tool) => [tool.name, tool]));
});

it("has a tool for every operation, and for nothing else", () => {
  expect(operations.length).toBeGreaterThan(30);
  expect([...tools.keys()].toSorted()).toEqual(operations.map(({ tool }) => tool).toSorted());
});

it("names no operation that there is not", () => {
  const known = new Set(operations.map(({ name }) => name));
  expect(Object.keys(NAMES).filter((name) => !known.has(name))).toEqual([]);
});

it("gives each tool a name that every client takes, a title and a description", () => {
  for (const { name, title, description } of tools.values()) {
    expect(name).toMatch(/^[a-z][a-z0-9_]{2,63}$/);
    expect([title, description].every((text) => text !== undefined && text.length > 5)).toBe(true);
  }
});

describe.each(operations)("$tool", ({ tool, path, method, described }) => {
  it("takes what the operation takes, by the same schemas", () => {
    const properties = tools.get(tool)?.inputSchema.properties ?? {};
    for (const { name, schema, in: place } of described.parameters)
      if (place !== "header") expect(properties[name], name).toEqual(schema);
    const body = Object.values(described.requestBody?.content ?? {})[0]?.schema;
    const members = body?.properties;
    if (members !== undefined && !("payload" in properties))
      for (const [name, schema] of Object.entries(members))
        expect(properties[name], name).toEqual(schema);
  });

  it("decides like the operation, asked for what nobody could carry out", async () => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => [name, "absent"]);
    const answer = await account.call(
      method,
      `${path.replaceAll(/\{\w+\}/g, "absent")}${described.requestBody ? "" : "?stray=1"}`,
      described.requestBody && {
        body: { stray: 1 },
        headers: { "Content-Type": Object.keys(described.requestBody.content)[0] ?? "" },
      },
    );
    const isNested = "payload" in (tools.get(tool)?.inputSchema.properties ?? {});
    const stray = isNested ? { payload: { stray: 1 } } : { stray: 1 };
    const result = await client.callTool({
      name: tool,
      arguments: { ...Object.fromEntries(named), ...stray },
    });
    if (answer.ok) return expect(result.isError).not.toBe(true);
    expect(result.isError).toBe(true);
    const [first] = result.content;
    const said =
      first?.type === "text" ? (JSON.parse(first.text.split("\n")[0] ?? "") as object) : {};
    const { instance: _, ...problem } = await answer.json<{ instance: string }>();
    expect(said).toMatchObject(problem);
  });
});
