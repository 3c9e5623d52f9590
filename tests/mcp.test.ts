import { describe, expect, it, vi } from "vitest";
import { call, newAccount, ORIGIN, problemOf } from "./helpers.ts";
import { connected, REVISIONS } from "./mcp-client.ts";

const unit = {
  title: "Otters hold hands while they sleep",
  body: "Sea otters hold one another's paws when they rest, so that the raft does not drift apart.",
};
type Named = { id: string };

describe.each(REVISIONS)("an MCP client of revision %s", (revision) => {
  it("publishes a unit and finds it, like one that came by HTTP", async () => {
    const account = await newAccount();
    const client = await connected(account.apiKey, revision);
    const made = await client.callTool({ name: "publish_unit", arguments: unit });
    expect(made.isError).not.toBe(true);
    const { id } = made.structuredContent as Named;
    await vi.waitFor(async () => {
      const found = await client.callTool({
        name: "search",
        arguments: { query: "otters holding paws at rest" },
      });
      const { hits } = found.structuredContent as { hits: { unitId: string }[] };
      expect(hits[0]?.unitId).toBe(id);
    }, 25_000);
    const shown = await client.callTool({ name: "get_unit", arguments: { id } });
    const byHttp = await (await account.call("GET", `/v1/units/${id}`)).json();
    expect(shown.structuredContent).toEqual(byHttp);
    const evidence = await client.callTool({ name: "get_evidence", arguments: { id } });
    expect(evidence.structuredContent).toHaveProperty("checks");
  });

  it("revises only the version it has read, and is told in the words of HTTP what is wrong", async () => {
    const account = await newAccount();
    const client = await connected(account.apiKey, revision);
    const tool = async (name: string, args: Record<string, unknown>) =>
      await client.callTool({ name, arguments: args });
    const { id } = (await tool("publish_unit", unit)).structuredContent as Named;
    const change = { id, title: "Otters hold paws" };
    const said = async (name: string, args: Record<string, unknown>) => {
      const { isError, content } = await tool(name, args);
      const [first] = content;
      expect(isError).toBe(true);
      if (first?.type !== "text") throw new Error("a failure without a text");
      return JSON.parse(first.text) as { code: string; errors?: { pointer: string }[] };
    };
    expect(await said("revise_unit", change)).toMatchObject({ code: "version-required" });
    expect(await said("revise_unit", { ...change, ifMatch: '"9"' })).toMatchObject({
      code: "version-stale",
    });
    const revised = await tool("revise_unit", { ...change, ifMatch: '"1"' });
    expect(revised._meta).toMatchObject({ "wishub/etag": '"2"' });
    const wrong = await said("publish_unit", { ...unit, titel: "x", tags: 1 });
    expect(wrong.errors?.map(({ pointer }) => pointer).toSorted()).toEqual(["/tags", "/titel"]);
    expect(await said("list_units", { pages: 3 })).toMatchObject({ code: "invalid-request" });
    expect(await said("get_unit", {})).toMatchObject({ errors: [{ pointer: "/id" }] });
    expect(await said("get_unit", { id: "../keys" })).toMatchObject({ code: "not-found" });
  });

  it("reads a task's result as it was sent, also one that is called JSON and is none", async () => {
    const account = await newAccount();
    const client = await connected(account.apiKey, revision);
    await account.call("POST", "/v1/tasks", { body: { type: "look", input: 1 } });
    const leased = await account.call("POST", "/v1/tasks/lease", { body: { types: ["look"] } });
    type Leased = { tasks: { id: string; fencingToken: number }[] };
    const [task] = (await leased.json<Leased>()).tasks;
    const headers = { "Content-Type": "application/json" };
    const path = `/v1/tasks/${task?.id}/result?fencingToken=${task?.fencingToken}`;
    const sent = await account.call("PUT", path, { body: "{cut off", headers });
    expect(sent.status).toBe(200);
    const read = await client.callTool({ name: "get_task_result", arguments: { id: task?.id } });
    expect(read.content).toEqual([{ type: "text", text: "{cut off" }]);
    expect(read.isError).not.toBe(true);
  });

  it("makes a thing once for one idempotency key", async () => {
    const client = await connected((await newAccount()).apiKey, revision);
    const once = { name: "publish_unit", arguments: { ...unit, idempotencyKey: "raft" } };
    const [first, second] = [await client.callTool(once), await client.callTool(once)];
    expect(second.structuredContent).toEqual(first.structuredContent);
  });

  it("reads units as resources, and nobody else's", async () => {
    const [account, stranger] = [await newAccount(), await newAccount()];
    const body = { ...unit, title: "Ours alone" };
    const { id } = await (await account.call("POST", "/v1/units", { body })).json<Named>();
    const uri = `wishub://units/${id}`;
    const client = await connected(account.apiKey, revision);
    const { resources } = await client.listResources();
    expect(resources).toMatchObject([{ uri, title: "Ours alone" }]);
    const [content] = (await client.readResource({ uri })).contents;
    expect(content).toMatchObject({ uri, mimeType: "text/markdown" });
    expect(content && "text" in content && content.text).toContain(unit.body);
    const other = await connected(stranger.apiKey, revision);
    expect((await other.listResources()).resources).toEqual([]);
    await expect(other.readResource({ uri })).rejects.toThrow();
    await expect(client.readResource({ uri: "file:///etc/passwd" })).rejects.toThrow();
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toMatchObject([{ uriTemplate: "wishub://units/{id}" }]);
  });

  it("is given prompts in which what was filled in is quoted", async () => {
    const client = await connected((await newAccount()).apiKey, revision);
    const { prompts } = await client.listPrompts();
    for (const { name, arguments: args = [] } of prompts) {
      const given = Object.fromEntries(args.map((each) => [each.name, `about ${each.name}`]));
      const { messages } = await client.getPrompt({ name, arguments: given });
      const [message] = messages;
      for (const each of args)
        expect(JSON.stringify(message)).toContain(`<${each.name}>\\nabout ${each.name}`);
      await expect(client.getPrompt({ name, arguments: {} })).rejects.toThrow("is needed");
    }
    await expect(client.getPrompt({ name: "none" })).rejects.toThrow();
  });

  it("is shown the tools it may use, and is refused the others by whoever they belong to", async () => {
    const account = await newAccount();
    const { apiKey } = await account.key(["search"]);
    const client = await connected(apiKey, revision);
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toContain("search");
    expect(names).not.toContain("publish_unit");
    const refused = await client.callTool({ name: "publish_unit", arguments: unit });
    expect(refused.isError).toBe(true);
    expect(JSON.stringify(refused.content)).toContain("needs the scope units:write");
    await expect(client.callTool({ name: "make_key", arguments: {} })).rejects.toThrow();
  });
});

describe("the address of MCP", () => {
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
  const accept = { Accept: "application/json, text/event-stream" };

  it("tells who has no credential where to get one for it", async () => {
    const refused = await call("POST", "/mcp", { body: list });
    expect(refused.status).toBe(401);
    const where = /resource_metadata="([^"]+)"/.exec(refused.headers.get("WWW-Authenticate") ?? "");
    expect(where?.[1]).toBe(`${ORIGIN}/.well-known/oauth-protected-resource/mcp`);
    const metadata = await (await call("GET", new URL(where?.[1] ?? "").pathname)).json();
    expect(metadata).toMatchObject({ resource: `${ORIGIN}/mcp` });
    const guessed = await call("POST", "/mcp", {
      body: list,
      headers: { Authorization: "Bearer eyJhbGciOiJub25lIn0.e30." },
    });
    expect(guessed.headers.get("WWW-Authenticate")).toContain("/oauth-protected-resource/mcp");
  });

  it("is closed to pages of other origins, whatever credential they have", async () => {
    const account = await newAccount();
    for (const Origin of ["https://evil.example", "null", "http://127.0.0.1:1"]) {
      const refused = await account.call("POST", "/mcp", { body: list, headers: { Origin } });
      expect((await problemOf(refused)).status, Origin).toBe(403);
    }
    const own = await account.call("POST", "/mcp", {
      body: list,
      headers: { ...accept, Origin: ORIGIN },
    });
    expect(own.status).toBe(200);
  });

  it("answers what is no message in the protocol's form, and never with a 500", async () => {
    const account = await newAccount();
    const wrong: [unknown, number][] = [
      ["{", 400],
      ["[".repeat(100), 400],
      ["", 400],
      [{}, 400],
      [[], 400],
      [Array.from({ length: 17 }, (_, id) => ({ ...list, id })), 400],
      ["7", 400],
      [{ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "\u0000" } }, 400],
      [{ ...list, method: "tools/fly" }, 200],
    ];
    for (const [body, status] of wrong) {
      const answer = await account.call("POST", "/mcp", { body, headers: accept });
      const text = await answer.text();
      expect(answer.status, JSON.stringify(body)).toBe(status);
      expect(text).toContain('"error":{"code":-32');
    }
    const long = await account.call("POST", "/mcp", { body: `"${"x".repeat(1_048_576)}"` });
    expect((await problemOf(long)).status).toBe(413);
  });

  it("opens no stream of changes, since nothing changes", async () => {
    const account = await newAccount();
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const params = { notifications: { toolsListChanged: true }, _meta: meta };
    const answer = await account.call("POST", "/mcp", {
      body: { ...list, method: "subscriptions/listen", params },
      headers: accept,
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { id: 1, error: { code: -32601 } },
    ]);
  });

  it("counts each call that one request carries", async () => {
    const account = await newAccount();
    const called = async (calls: number) => {
      const params = { name: "list_units", arguments: {} };
      const one = (id: number) => ({ ...list, id, method: "tools/call", params });
      const answer = await account.call("POST", "/mcp", {
        body: calls === 1 ? one(0) : Array.from({ length: calls }, (_, id) => one(id)),
        headers: { ...accept, "MCP-Protocol-Version": "2025-03-26" },
      });
      await answer.text();
      return Number(/r=(\d+)/.exec(answer.headers.get("RateLimit") ?? "")?.[1]);
    };
    const before = await called(1);
    await called(5);
    expect(before - (await called(1))).toBe(6);
  });

  it("counts a call as one request, not as two", async () => {
    const account = await newAccount();
    const left = (answer: Response) =>
      Number(/r=(\d+)/.exec(answer.headers.get("RateLimit") ?? "")?.[1]);
    const ask = async () => {
      const params = { name: "list_units", arguments: {} };
      const body = { ...list, method: "tools/call", params };
      const answer = await account.call("POST", "/mcp", { body, headers: accept });
      await answer.text();
      return left(answer);
    };
    const [first, second] = [await ask(), await ask()];
    expect(first - second).toBe(1);
  });
});

it("two agents of different accounts find each other and talk, by MCP alone", async () => {
  const [asker, finder] = [
    await connected((await newAccount()).apiKey, "2026-07-28"),
    await connected((await newAccount()).apiKey, "2025-11-25"),
  ];
  const asked = async <T>(client: typeof asker, name: string, args: Record<string, unknown>) => {
    const { isError, structuredContent, content } = await client.callTool({
      name,
      arguments: args,
    });
    expect(isError, JSON.stringify(content)).not.toBe(true);
    return structuredContent as T;
  };
  const capability = `find-otters-${crypto.randomUUID().slice(0, 8)}`;
  const { id } = await asked<Named>(finder, "register_agent", {
    name: "Otter finder",
    type: "query",
    description: "Finds otters by the sounds that they make.",
    capabilities: [capability],
    visibility: "listed",
    accepts: "listed",
  });
  const mine = await asked<Named>(asker, "register_agent", {
    name: "Asker",
    type: "coordination",
    description: "Asks others for what it needs.",
    capabilities: [],
    visibility: "listed",
  });
  expect(mine.id).not.toBe(id);
  const task = { task: "Where are otters tonight?", requiredCapabilities: [capability] };
  const { matches } = await asked<{ matches: { agentId: string }[] }>(asker, "match_agents", task);
  expect(matches[0]?.agentId).toBe(id);
  await asked(asker, "send_message", { id, body: "Where are otters tonight?" });
  type Leased = { messages: { id: string; body: string; fencingToken: number }[] };
  const { messages } = await asked<Leased>(finder, "receive_messages", { id, limit: 1 });
  expect(messages[0]?.body).toBe("Where are otters tonight?");
  const { id: messageId, fencingToken } = messages[0] ?? { id: "", fencingToken: 0 };
  await asked(finder, "ack_message", { id, messageId, fencingToken });
  const rest = await asked<Leased>(finder, "receive_messages", { id, limit: 1 });
  expect(rest.messages).toEqual([]);
});
