import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Decisions, Explained } from "#domain/policies/explain.ts";
import type { PolicyView, Rule } from "#domain/policies/model.ts";
import { call, elsewhereOf, isolate, newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { found, hits, publish, searchable } from "./knowledge.ts";

async function put(account: TestAccount, rules: Rule[], otherwise: "allow" | "deny" = "allow") {
  const current = await account.call("GET", "/v1/policies");
  const headers = { "If-Match": current.headers.get("ETag") ?? "" };
  const answer = await account.call("PUT", "/v1/policies", {
    headers,
    body: { rules, otherwise },
  });
  expect(answer.status).toBe(200);
  return await answer.json<PolicyView>();
}

/** A key that obeys policies in the place of the owner's, which sets them. */
async function worker(account: TestAccount): Promise<TestAccount> {
  const { apiKey } = await account.key(["search", "units:read", "units:write", "keys"]);
  const withKey: TestAccount["call"] = (method, path, { body, headers = {} } = {}) =>
    call(method, path, { body, headers: { Authorization: `Bearer ${apiKey}`, ...headers } });
  return { ...account, apiKey, call: withKey };
}

const explainTo = async (account: TestAccount, action: string, resource: object, more = {}) => {
  const body = { action, resource, ...more };
  return await (await account.call("POST", "/v1/policies/explain", { body })).json<Explained>();
};

const onlyKeys = 'principal.kind == "key" && principal.scopes.size() < 10';
const noPublic: Rule = {
  id: "no-public",
  effect: "forbid",
  actions: ["unit.publish", "unit.revise"],
  when: 'resource.visibility == "public"',
  reason: "Our lawyers read it first.",
};
const hr: Rule = {
  id: "hr",
  effect: "forbid",
  actions: ["unit.*"],
  when: `${onlyKeys} && "hr" in resource.tags`,
};

it("begins with no rules, and takes the next version only from who read the last", async () => {
  const account = await newAccount();
  const first = await account.call("GET", "/v1/policies");
  expect(await first.json()).toMatchObject({ version: 0, otherwise: "allow", rules: [] });
  expect(first.headers.get("ETag")).toBe('"0"');
  const body = { rules: [noPublic] };
  expect((await account.call("PUT", "/v1/policies", { body })).status).toBe(428);
  const at = (version: number) => ({ body, headers: { "If-Match": `"${version}"` } });
  expect((await account.call("PUT", "/v1/policies", at(1))).status).toBe(412);
  expect((await account.call("PUT", "/v1/policies", at(0))).status).toBe(200);
  const races = await Promise.all(
    [1, 2, 3].map(async () => (await account.call("PUT", "/v1/policies", at(1))).status),
  );
  expect(races.sort((a, b) => a - b)).toEqual([200, 412, 412]);
  const list = await (
    await account.call("GET", "/v1/policies/versions")
  ).json<{ items: PolicyView[] }>();
  expect(list.items.map(({ version }) => version)).toEqual([2, 1]);
  const old = await (await account.call("GET", "/v1/policies?version=1")).json<PolicyView>();
  expect(old).toMatchObject({ version: 1, principalId: account.principal.principalId });
  expect((await account.call("GET", "/v1/policies?version=9")).status).toBe(404);
});

it("refuses a rule that makes no sense, and says where", async () => {
  const account = await newAccount();
  const rules = [noPublic, { ...noPublic, id: "two", when: 'resource.kind.matches("(a+)+$")' }];
  const refused = await account.call("PUT", "/v1/policies", {
    body: { rules },
    headers: { "If-Match": "*" },
  });
  expect(refused.status).toBe(400);
  expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("/rules/1/when");
});

it("keeps what a policy forbids from being published, changed into, or imported", async () => {
  const account = await newAccount();
  await put(account, [noPublic]);
  const unit = { title: "Tides", body: "They come twice a day.", language: "en" };
  const refused = await account.call("POST", "/v1/units", {
    body: { ...unit, visibility: "public" },
  });
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({
    code: "forbidden",
    detail: "Our lawyers read it first. (policy:no-public@1)",
  });
  const { id } = await publish(account, unit);
  const changed = await account.call("PATCH", `/v1/units/${id}`, {
    body: { visibility: "public" },
    headers: { "If-Match": '"1"' },
  });
  expect(changed.status).toBe(403);
  const lines = [
    { ...unit, title: "Ebb" },
    { ...unit, title: "Flow", visibility: "public" },
  ];
  const imported = await account.call("POST", "/v1/units/import", {
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
    headers: { "Content-Type": "application/x-ndjson" },
  });
  const [ebb, flow] = (await imported.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(ebb).toMatchObject({ line: 1, status: "pending" });
  expect(flow).toMatchObject({ line: 2, error: { code: "forbidden", status: 403 } });
});

it("shows a unit that a policy hides nowhere: not read, listed, exported or found", async () => {
  const account = await newAccount();
  const key = await worker(account);
  const body = "Quartz sandpipers nest under the blue bridge.";
  const hidden = await searchable(account, { title: "Pay", body: `${body} Paid.`, tags: ["hr"] });
  const open = await searchable(account, { title: "Birds", body: `${body} Seen.` });
  const links = [{ rel: "cites" as const, unitId: open.id }];
  const notes = { title: "Payroll", body: "Bird watchers are paid by the hour.", tags: ["hr"] };
  await publish(account, { ...notes, links });
  expect((await found(key, "quartz sandpipers")).length).toBe(2);
  await put(account, [hr]);
  const status = async (method: string, path: string, sent = {}) =>
    (await key.call(method, path, sent)).status;
  for (const [method, path] of [
    ["GET", ""],
    ["GET", "?version=1"],
    ["GET", "/evidence"],
    ["GET", "/uses"],
    ["DELETE", ""],
  ]) {
    expect(await status(method ?? "", `/v1/units/${hidden.id}${path}`), path).toBe(403);
  }
  const patch = { body: { title: "Mine" }, headers: { "If-Match": '"1"' } };
  expect(await status("PATCH", `/v1/units/${hidden.id}`, patch)).toBe(403);
  expect(await status("GET", `/v1/units/${open.id}`)).toBe(200);
  for (const path of ["/v1/units", "/v1/units/export"]) {
    const listed = await (await key.call("GET", path)).text();
    expect(listed, path).toContain("Birds");
    expect(listed, path).not.toContain("Pay");
  }
  const uses = async (from: Pick<TestAccount, "call">) =>
    await (await from.call("GET", `/v1/units/${open.id}/uses`)).text();
  expect(await uses(account)).toContain("Payroll");
  expect(await uses(key)).not.toContain("Pay");
  const versions = await key.call("GET", `/v1/units/${hidden.id}/versions`);
  expect(await versions.json()).toMatchObject({ items: [] });
  const search = { query: "quartz sandpipers", mode: "lexical" };
  expect((await hits(key, search)).map(({ unitId }) => unitId)).toEqual([open.id]);
  expect((await hits(account, search)).length).toBe(2);
  expect((await hits(key, search)).map(({ unitId }) => unitId)).toEqual([open.id]);
  const reader = await account.call("GET", `/v1/units/${hidden.id}`);
  expect(reader.status).toBe(200);
});

it("denies what no rule permits where the account says so, and can still be mended", async () => {
  const account = await newAccount();
  const searchOnly: Rule = { id: "search-only", effect: "permit", actions: ["unit.search"] };
  await put(account, [searchOnly], "deny");
  expect((await account.call("POST", "/v1/search", { body: { query: "x" } })).status).toBe(200);
  const refused = await account.call("GET", "/v1/units");
  expect(refused.status).toBe(403);
  await put(account, []);
  expect((await account.call("GET", "/v1/units")).status).toBe(200);
});

it("is in force in another isolate within 5 seconds", async () => {
  const account = await newAccount();
  const elsewhere = isolate({ CATALOG_0: elsewhereOf(env.CATALOG_0) });
  const read = async () => (await elsewhere(account, "GET", "/v1/units")).status;
  expect(await read()).toBe(200);
  await put(account, [{ id: "no", effect: "forbid", actions: ["unit.read"] }]);
  const sinceMs = Date.now();
  await expect.poll(read, { interval: 250, timeout: 10_000 }).toBe(403);
  expect(Date.now() - sinceMs).toBeLessThan(5_500);
});

it("refuses by a policy that it cannot find any more", async () => {
  const account = await newAccount();
  await env.CATALOG_0.prepare("UPDATE account SET policy_version = 5 WHERE id = ?")
    .bind(account.accountId)
    .run();
  expect((await account.call("GET", "/v1/units")).status).toBe(403);
  expect((await account.call("GET", "/v1/sessions/current")).status).toBe(200);
});

it("explains to a key that can only search what it may do, and which rule says so", async () => {
  const account = await newAccount();
  const { id, apiKey } = await account.key(["search"]);
  const agent = {
    ...account,
    call: (method: string, path: string, sent = {}) =>
      call(method, path, { ...sent, headers: { Authorization: `Bearer ${apiKey}` } }),
  };
  const unit = { type: "unit" };
  expect(await explainTo(agent, "unit.search", unit)).toMatchObject({
    decision: "allow",
    rule: "role:viewer",
  });
  expect(await explainTo(agent, "unit.publish", unit)).toEqual({
    decision: "deny",
    rule: "scope:units:write",
    reason: "needs the scope units:write",
  });
  // Who may read policies asks the same about that key.
  expect(await explainTo(account, "unit.publish", unit, { keyId: id })).toMatchObject({
    rule: "scope:units:write",
  });
  const other = await agent.call("POST", "/v1/policies/explain", {
    body: { action: "unit.read", resource: unit, keyId: account.principal.keyId },
  });
  expect(other.status).toBe(403);
});

it("explains what depends on a unit by that unit, and knows no foreign one", async () => {
  const account = await newAccount();
  await put(account, [noPublic, hr]);
  const key = await worker(account);
  const { id } = await publish(account, { title: "Pay", body: "Monthly.", tags: ["hr"] });
  expect(await explainTo(key, "unit.read", { type: "unit" })).toMatchObject({
    decision: "depends",
    rule: "policy:hr@1",
  });
  expect(await explainTo(key, "unit.read", { type: "unit", id })).toMatchObject({
    decision: "deny",
    rule: "policy:hr@1",
  });
  expect(await explainTo(account, "unit.read", { type: "unit", id })).toMatchObject({
    decision: "allow",
  });
  const stranger = await newAccount();
  const body = { action: "unit.read", resource: { type: "unit", id } };
  expect((await stranger.call("POST", "/v1/policies/explain", { body })).status).toBe(404);
  const wrong = { action: "unit.read", resource: { type: "key" } };
  const refused = await account.call("POST", "/v1/policies/explain", { body: wrong });
  expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("/resource/type");
});

it("tells a key that may read no units nothing of one, not even whether it is there", async () => {
  const account = await newAccount();
  await put(account, [{ ...hr, actions: ["unit.search"] }]);
  const { id } = await publish(account, { title: "Pay", body: "Monthly.", tags: ["hr"] });
  const { apiKey } = await account.key(["search"]);
  const told = async (of: string, action: string) => {
    const body = { action, resource: { type: "unit", id: of } };
    const headers = { Authorization: `Bearer ${apiKey}` };
    const answer = await call("POST", "/v1/policies/explain", { body, headers });
    return [answer.status, await answer.text()];
  };
  for (const action of ["unit.read", "unit.search"])
    expect(await told(id, action)).toEqual(await told("u0_absent", action));
});

it("lists every action with what it needs", async () => {
  const { apiKey } = await (await newAccount()).key(["search"]);
  const headers = { Authorization: `Bearer ${apiKey}` };
  const { items } = await (
    await call("GET", "/v1/policies/actions", { headers })
  ).json<{ items: { action: string; scope: string | null; attributes: string[] }[] }>();
  const publishing = items.find(({ action }) => action === "unit.publish");
  expect(publishing).toMatchObject({ scope: "units:write", role: "member", ruled: true });
  expect(publishing?.attributes).toContain("visibility");
});

it("tells of every action at once what it tells of each", async () => {
  const account = await newAccount();
  const key = await worker(account);
  await put(account, [noPublic, { id: "no-keys", effect: "forbid", actions: ["key.make"] }]);
  const all = async (of: TestAccount) =>
    (await (await of.call("GET", "/v1/policies/decisions")).json<Decisions>()).items;
  const told = Object.fromEntries((await all(key)).map((each) => [each.action, each]));
  expect(told["unit.search"]?.decision).toBe("allow");
  expect(told["unit.publish"]).toMatchObject({ decision: "depends", rule: "policy:no-public@1" });
  expect(told["key.make"]).toMatchObject({ decision: "deny", rule: "policy:no-keys@1" });
  expect(told["agent.read"]).toMatchObject({ decision: "deny", rule: "scope:agents" });
  for (const action of ["unit.publish", "key.make", "agent.read"] as const) {
    const { action: _, ...one } = told[action] ?? {};
    expect(one).toEqual(await explainTo(key, action, { type: action.split(".")[0] }));
  }
});

it("leaves in the audit log who put which version in force, and what a policy refused", async () => {
  const account = await newAccount();
  const key = await worker(account);
  await put(account, [{ id: "no-keys", effect: "forbid", actions: ["key.make"], when: onlyKeys }]);
  const body = { name: "More", scopes: ["search"] };
  expect((await key.call("POST", "/v1/keys", { body })).status).toBe(403);
  const logged = async () =>
    (
      await (
        await account.call("GET", "/v1/audit")
      ).json<{ items: { action: string; phase: string; detail?: object; code?: string }[] }>()
    ).items;
  await expect
    .poll(logged)
    .toContainEqual(expect.objectContaining({ action: "key.make", phase: "refused" }));
  expect(await logged()).toContainEqual(
    expect.objectContaining({ action: "policy.change", phase: "outcome", detail: { version: 1 } }),
  );
});
