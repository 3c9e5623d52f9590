import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { forget } from "#workers/http/guard/auth.ts";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { keyOfRole } from "./matrix.ts";

const otter = {
  name: "Otter",
  type: "generation",
  description: "Writes about otters.",
  capabilities: [],
};
type Key = { id: string; apiKey: string };

async function agentOf(account: TestAccount): Promise<string> {
  const made = await account.call("POST", "/v1/agents", { body: otter });
  return (await made.json<{ id: string }>()).id;
}
const key = (scopes: string[]) => ({ body: { name: "Program", scopes } });
const madeFor = async (account: TestAccount, id: string, scopes: string[]): Promise<Key> => {
  const made = await account.call("POST", `/v1/agents/${id}/keys`, key(scopes));
  expect(made.status).toBe(201);
  return await made.json<Key>();
};
const as = ({ apiKey }: { apiKey: string }) => ({ Authorization: `Bearer ${apiKey}` });
const setState = async (id: string, state: string) => {
  await env.CATALOG_0.prepare("UPDATE agent SET state = ? WHERE id = ?").bind(state, id).run();
  forget(env, () => true); // as every isolate does within 5 seconds
};

it("acts as the agent, also by the keys that it makes itself", async () => {
  const account = await newAccount();
  const id = await agentOf(account);
  const made = await madeFor(account, id, ["agents", "keys", "units:write", "units:read"]);
  expect(made).toMatchObject({ agentId: id, principalId: id });
  const child = await call("POST", "/v1/keys", { ...key(["agents"]), headers: as(made) });
  expect(await child.json()).toMatchObject({ agentId: id, principalId: id, parentId: made.id });
  const unit = await call("POST", "/v1/units", {
    body: { title: "Otters", body: "Otters hold hands when they sleep." },
    headers: as(made),
  });
  expect(unit.status).toBe(202);
});

it("lists and ends an agent's keys beside those of people", async () => {
  const account = await newAccount();
  const id = await agentOf(account);
  const [first, second] = [
    await madeFor(account, id, ["agents"]),
    await madeFor(account, id, ["agents"]),
  ];
  const list = async () =>
    (
      await (await account.call("GET", `/v1/agents/${id}/keys`)).json<{ items: { id: string }[] }>()
    ).items.map((one) => one.id);
  expect((await list()).sort()).toEqual([first.id, second.id].sort());
  const [person] = [await account.key(["agents"])];
  const end = (keyId: string) => account.call("DELETE", `/v1/agents/${id}/keys/${keyId}`);
  expect((await end(person.id)).status).toBe(404);
  const stranger = await newAccount();
  const path = `/v1/agents/${id}/keys/${first.id}`;
  expect((await stranger.call("DELETE", path)).status).toBe(404);
  expect((await end(first.id)).status).toBe(204);
  expect(await list()).toEqual([second.id]);
  expect((await call("GET", "/v1/agents", { headers: as(first) })).status).toBe(401);
  expect((await call("GET", "/v1/agents", { headers: as(second) })).status).toBe(200);
});

it("does nothing until its agent is started, and while it is paused, retired or in quarantine, and is nobody's once it is gone", async () => {
  const account = await newAccount();
  const id = await agentOf(account);
  const made = await madeFor(account, id, ["agents"]);
  const ask = () => call("GET", "/v1/agents", { headers: as(made) });
  for (const state of ["created", "paused", "retired", "quarantined"]) {
    await setState(id, state);
    const refused = await ask();
    expect(refused.status, state).toBe(403);
    expect(await problemOf(refused)).toMatchObject({
      code: "forbidden",
      detail: `the agent is ${state}`,
    });
  }
  await setState(id, "active");
  expect((await ask()).status).toBe(200);
  await env.CATALOG_0.prepare("DELETE FROM agent WHERE id = ?").bind(id).run();
  forget(env, () => true);
  expect((await ask()).status).toBe(401);
});

it("is made and seen by who registered the agent and by administrators, and by no agent", async () => {
  const account = await newAccount();
  const id = await agentOf(account);
  const headers = async (role: "member" | "admin") =>
    as({ apiKey: await keyOfRole(account, role) });
  const path = `/v1/agents/${id}/keys`;
  const byMember = await call("GET", path, { headers: await headers("member") });
  expect(byMember.status).toBe(403);
  expect((await call("GET", path, { headers: await headers("admin") })).status).toBe(200);
  const program = await madeFor(account, id, ["agents", "keys"]);
  expect((await call("GET", path, { headers: as(program) })).status).toBe(403);
  const own = await call("POST", path, { ...key(["agents"]), headers: as(program) });
  expect((await problemOf(own)).code).toBe("forbidden");
});

it("stays when the member who made it leaves", async () => {
  const account = await newAccount();
  const headers = as({ apiKey: await keyOfRole(account, "member") });
  const made = await call("POST", "/v1/agents", { body: otter, headers });
  const { id } = await made.json<{ id: string }>();
  const keyed = await call("POST", `/v1/agents/${id}/keys`, {
    ...key(["agents"]),
    headers,
  });
  expect(keyed.status).toBe(201);
  const program = await keyed.json<Key>();
  const removed = await account.call("DELETE", `/v1/members/p0_member0000000000`);
  expect(removed.status).toBe(204);
  forget(env, () => true);
  expect((await call("GET", "/v1/agents", { headers })).status).toBe(401);
  expect((await call("GET", "/v1/agents", { headers: as(program) })).status).toBe(200);
});

it("ends with the key that it was made with", async () => {
  const account = await newAccount();
  const id = await agentOf(account);
  const maker = await account.key(["agents", "keys"]);
  const made = await call("POST", `/v1/agents/${id}/keys`, {
    ...key(["agents"]),
    headers: as(maker),
  });
  const program = await made.json<Key>();
  expect((await account.call("DELETE", `/v1/keys/${maker.id}`)).status).toBe(204);
  expect((await call("GET", "/v1/agents", { headers: as(program) })).status).toBe(401);
});

it("changes what the agent says of itself, and neither who sees it nor another agent", async () => {
  const account = await newAccount();
  const id = await agentOf(account);
  const other = await account.call("POST", "/v1/agents", { body: { ...otter, name: "Beaver" } });
  const { id: otherId } = await other.json<{ id: string }>();
  const program = await madeFor(account, id, ["agents"]);
  const change = (which: string, body: object) =>
    call("PATCH", `/v1/agents/${which}`, { body, headers: { ...as(program), "If-Match": "*" } });
  expect((await change(id, { description: "Writes better." })).status).toBe(200);
  expect((await change(id, { visibility: "listed" })).status).toBe(403);
  expect((await change(otherId, { description: "x" })).status).toBe(403);
});

it("has room for ten keys to an agent, which take no room from people", async () => {
  const account = await newAccount();
  const id = await agentOf(account);
  for (let i = 0; i < 10; i++) await madeFor(account, id, ["agents"]);
  const eleventh = await account.call("POST", `/v1/agents/${id}/keys`, key(["agents"]));
  expect((await problemOf(eleventh)).code).toBe("conflict");
  expect((await account.call("POST", "/v1/keys", key(["agents"]))).status).toBe(201);
});

it("makes an agent a principal that is on no list of members and has no role to change", async () => {
  const account = await newAccount();
  const id = await agentOf(account);
  await madeFor(account, id, ["agents"]);
  const { items } = await (
    await account.call("GET", "/v1/members")
  ).json<{ items: { id: string }[] }>();
  expect(items.map((one) => one.id)).not.toContain(id);
  const risen = await account.call("PATCH", `/v1/members/${id}`, { body: { role: "owner" } });
  expect(risen.status).toBe(404);
});
