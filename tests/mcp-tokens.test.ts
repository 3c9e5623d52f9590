import { expect, it } from "vitest";
import { call, newAccount, ORIGIN, problemOf, type TestAccount } from "./helpers.ts";
import { connected, REVISIONS } from "./mcp-client.ts";
import { makeClient, tokenOf } from "./oauth.ts";

const unit = {
  title: "Kelp anchors otters",
  body: "An otter wraps itself in kelp before it sleeps.",
};

async function tokenFor(account: TestAccount, scope: string, resource?: string): Promise<string> {
  const client = await makeClient(account, { scope });
  return (await tokenOf(client, resource === undefined ? {} : { resource })).token;
}

const publish = (token: string, id: number) =>
  ask(token, { id, method: "tools/call", params: { name: "publish_unit", arguments: unit } });

async function ask(token: string, message: object): Promise<Response> {
  return await call("POST", "/mcp", {
    body: { jsonrpc: "2.0", ...message },
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: "application/json, text/event-stream",
    },
  });
}

it.each(REVISIONS)(
  "a token for /mcp alone publishes by MCP, and is worth nothing elsewhere (%s)",
  async (revision) => {
    const account = await newAccount();
    const token = await tokenFor(account, "units:write units:read", `${ORIGIN}/mcp`);
    const client = await connected(token, revision);
    const made = await client.callTool({ name: "publish_unit", arguments: unit });
    const { id } = made.structuredContent as { id: string };
    expect((await account.call("GET", `/v1/units/${id}`)).status).toBe(200);
    const headers = { Authorization: `Bearer ${token}` };
    expect((await call("GET", `/v1/units/${id}`, { headers })).status).toBe(401);
  },
);

it("a token for another part of the product is refused, with the way to one for this", async () => {
  const token = await tokenFor(await newAccount(), "units:write", `${ORIGIN}/v1`);
  const refused = await publish(token, 1);
  expect(refused.status).toBe(401);
  expect(refused.headers.get("WWW-Authenticate")).toContain("/oauth-protected-resource/mcp");
});

it("a client whose token lacks a scope is told which, so that it can step up", async () => {
  const account = await newAccount();
  const refused = await publish(await tokenFor(account, "units:read"), 1);
  const challenge = refused.headers.get("WWW-Authenticate") ?? "";
  expect(refused.status).toBe(403);
  expect(challenge).toContain('error="insufficient_scope"');
  expect(challenge).toContain('scope="units:write"');
  expect(challenge).toContain("/oauth-protected-resource/mcp");
  expect((await problemOf(refused)).code).toBe("forbidden");
  const searching = await tokenFor(account, "search");
  const reads = await ask(searching, { id: 1, method: "resources/list", params: {} });
  expect(reads.headers.get("WWW-Authenticate")).toContain('scope="units:read"');
  const steppedUp = await publish(await tokenFor(account, "units:read units:write"), 2);
  expect(steppedUp.status).toBe(200);
});

it("what is done by MCP is narrowed by the account's policy and noted like any other", async () => {
  const account = await newAccount();
  const rules = [{ id: "no-publishing", effect: "forbid", actions: ["unit.publish"] }];
  const put = await account.call("PUT", "/v1/policies", {
    body: { rules },
    headers: { "If-Match": '"0"' },
  });
  expect(put.status).toBe(200);
  const client = await connected((await account.key(["units:write"])).apiKey, "2026-07-28");
  const refused = await client.callTool({ name: "publish_unit", arguments: unit });
  expect(refused.isError).toBe(true);
  expect(JSON.stringify(refused.content)).toContain("policy:no-publishing@1");
});
