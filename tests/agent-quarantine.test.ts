import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { call, newAccount, type TestAccount } from "./helpers.ts";
import { found, notesAbout, read, searchable } from "./knowledge.ts";

const SOON = { timeout: 15_000, interval: 100 };

let owner: TestAccount;
let agentId: string;
let agent: TestAccount;
let word: string;
let tests = 0;
beforeEach(async () => {
  owner = await newAccount();
  word = `zyq${(++tests).toString(36)}numbat`;
  const body = { name: "Writer", type: "generation", description: "Writes.", capabilities: [] };
  agentId = (await (await owner.call("POST", "/v1/agents", { body })).json<{ id: string }>()).id;
  agent = await asAgent();
});

/** The account as its agent's key sees it. */
async function asAgent(): Promise<TestAccount> {
  const body = { name: "Agent's", scopes: ["search", "units:read", "units:write", "agents"] };
  const made = await owner.call("POST", `/v1/agents/${agentId}/keys`, { body });
  const { apiKey } = await made.json<{ apiKey: string }>();
  return {
    ...owner,
    apiKey,
    call: (method, path, { body: sent, headers = {} } = {}) =>
      call(method, path, {
        body: sent,
        headers: { Authorization: `Bearer ${apiKey}`, ...headers },
      }),
  };
}

const quarantine = async () =>
  await owner.call("POST", `/v1/agents/${agentId}/quarantine`, { body: { reason: "Odd." } });
const release = async () => await owner.call("POST", `/v1/agents/${agentId}/release`);
const object = () => env.AGENT.getByName(agentId);

describe("the units of an agent in quarantine", () => {
  it("leave every search and are hidden from others, and come back when it is released", async () => {
    const other = await newAccount();
    const theirs = await searchable(agent, notesAbout(word)("Ours", { visibility: "public" }));
    const people = await searchable(owner, notesAbout(word)("By people"));
    expect(new Set(await found(owner, word))).toEqual(
      new Set([`${theirs.id}@1`, `${people.id}@1`]),
    );
    expect((await quarantine()).status).toBe(200);
    await vi.waitFor(
      async () => expect(await found(owner, word)).toEqual([`${people.id}@1`]),
      SOON,
    );
    expect(await found(other, word)).toEqual([]);
    // What an isolate has read lately it forgets within 5 s.
    await vi.waitFor(
      async () => expect((await other.call("GET", `/v1/units/${theirs.id}`)).status).toBe(404),
      SOON,
    );
    expect(await read(owner, theirs.id)).toMatchObject({ withheld: true, status: "searchable" });

    expect((await release()).status).toBe(200);
    await vi.waitFor(
      async () => expect(await found(other, word)).toEqual([`${theirs.id}@1`]),
      SOON,
    );
    await vi.waitFor(
      async () => expect(await read(other, theirs.id)).not.toHaveProperty("withheld"),
      SOON,
    );
  });

  it("are withheld also where whoever asked for it was gone before it was done", async () => {
    const { id } = await searchable(agent, notesAbout(word)("Ours"));
    await object().expectChange(agentId);
    await env.CATALOG_0.prepare("UPDATE agent SET state = 'quarantined' WHERE id = ?")
      .bind(agentId)
      .run();
    await evictDurableObject(object());
    expect(await runDurableObjectAlarm(object())).toBe(true);
    await vi.waitFor(async () => expect(await found(owner, word)).toEqual([]), SOON);
    expect(await read(owner, id)).toMatchObject({ withheld: true });
  });

  it("stay withheld when somebody revises one meanwhile, until the release", async () => {
    const unit = await searchable(agent, notesAbout(word)("Ours"));
    await quarantine();
    await vi.waitFor(async () => expect(await found(owner, word)).toEqual([]), SOON);
    const revised = await owner.call("PATCH", `/v1/units/${unit.id}`, {
      body: { title: `Revised ${word}` },
      headers: { "If-Match": '"1"' },
    });
    expect(revised.status).toBe(202);
    await vi.waitFor(
      async () => expect(await read(owner, unit.id)).toMatchObject({ status: "verifying" }),
      SOON,
    );
    expect(await found(owner, word)).toEqual([]);
    await release();
    await vi.waitFor(async () => expect(await found(owner, word)).toEqual([`${unit.id}@2`]), SOON);
  });
});

describe("an agent in quarantine", () => {
  const path = () => `/v1/agents/${agentId}/messages`;
  const sent = async (text: string) =>
    (await owner.call("POST", path(), { body: { body: text } })).status;
  type Leased = { messages: { id: string; fencingToken: number; attempts: number }[] };
  const leased = async (by: TestAccount) =>
    await by.call("POST", `${path()}/lease`, { body: { limit: 5 } });

  it("keeps no lease, takes no message, and goes on where it stood when it is released", async () => {
    expect(await sent("one")).toBe(201);
    const { messages } = await (await leased(agent)).json<Leased>();
    expect(messages).toHaveLength(1);
    await quarantine();
    const ack = async (
      by: TestAccount,
      { id, fencingToken } = messages[0] ?? { id: "", fencingToken: 1 },
    ) => (await by.call("POST", `${path()}/${id}/ack`, { body: { fencingToken } })).status;
    expect(await sent("two")).toBe(409);
    // Nobody works for it either, whoever holds the token of its lease.
    expect([(await leased(owner)).status, await ack(owner)]).toEqual([409, 409]);
    await release();
    expect(await ack(owner)).toBe(409);
    const again = await (await leased(agent)).json<Leased>();
    expect(again.messages).toMatchObject([{ id: messages[0]?.id, attempts: 1 }]);
    expect(await ack(agent, again.messages[0])).toBe(200);
  });

  it("loses its keys and tokens at once here, within 5 s everywhere, and has them back afterwards", async () => {
    const reads = async () => (await agent.call("GET", `/v1/agents/${agentId}`)).status;
    expect(await reads()).toBe(200);
    await quarantine();
    expect(await reads()).toBe(403);
    await release();
    expect(await reads()).toBe(200);
  });

  it("has nothing left when it is deleted instead", async () => {
    await sent("one");
    expect((await owner.call("DELETE", `/v1/agents/${agentId}`)).status).toBe(204);
    expect((await agent.call("GET", "/v1/agents")).status).toBe(401);
    expect(await object().lease({ limit: 1, leaseMs: 1_000, waitMs: 0 })).toMatchObject({
      ok: false,
      error: { code: "agent-unavailable" },
    });
  });
});
