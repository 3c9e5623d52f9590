import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { told, untilTold } from "./event-sources.ts";
import { newAccount, type TestAccount } from "./helpers.ts";
import { ok } from "./task-desk.ts";

let account: TestAccount;
beforeEach(async () => {
  account = await newAccount();
});

const post = (path: string, body: object = {}) => account.call("POST", path, { body });
const otter = {
  name: "Otter",
  type: "analysis",
  description: "Dives deep.",
  capabilities: ["dive"],
};
const registered = async () => (await ok<{ id: string }>(post("/v1/agents", otter))).id;

describe("agent.events tells of an agent", () => {
  it("how it is registered, changed, led through its life and deleted, and not what is said of it", async () => {
    const id = await registered();
    for (const verb of ["pause", "resume"]) await ok(post(`/v1/agents/${id}/${verb}`));
    const found = await account.call("GET", `/v1/agents/${id}`);
    const headers = { "If-Match": found.headers.get("ETag") ?? "" };
    const change = { body: { description: "Dives deeper." }, headers };
    expect((await account.call("PATCH", `/v1/agents/${id}`, change)).status).toBe(200);
    await ok(post(`/v1/agents/${id}/quarantine`, { reason: "it floods others" }));
    await ok(post(`/v1/agents/${id}/release`));
    await ok(post(`/v1/agents/${id}/retire`));
    expect((await account.call("DELETE", `/v1/agents/${id}`)).ok).toBe(true);
    const steps = ["registered", "paused", "resumed", "changed", "quarantined", "released"];
    const types = [...steps, "retired", "deleted"].map((what) => `agent.${what}`);
    const events = await untilTold(account, "agent.events", id, types);
    expect(events[4]?.data).toEqual({
      agentId: id,
      state: "quarantined",
      stateBefore: "active",
      visibility: "private",
    });
    expect(JSON.stringify(events)).not.toMatch(/Dives|Otter|floods/);
  });

  it("that whoever changed it did not live to tell, once", async () => {
    const id = await registered();
    await untilTold(account, "agent.events", id, ["agent.registered"]);
    // Its row and the trigger's are written in one transaction; nobody goes on.
    const paused = "UPDATE agent SET state = 'paused', updated_at_ms = 1 WHERE id = ?";
    await env.CATALOG_0.prepare(paused).bind(id).run();
    const relay = env.RELAY.getByName("CATALOG_0");
    await relay.arm("CATALOG_0");
    await runDurableObjectAlarm(relay);
    await untilTold(account, "agent.events", id, ["agent.registered", "agent.paused"]);
    await vi.waitFor(async () => {
      const left = env.CATALOG_0.prepare("SELECT seq FROM agent_change WHERE agent_id = ?").bind(
        id,
      );
      expect((await left.all()).results).toEqual([]);
    });
    expect(await told(account, "agent.events")).toHaveLength(2);
  });

  it("whose message became a dead letter, also where its object was evicted before it told", async () => {
    const id = await registered();
    const sent = await ok<{ id: string }>(post(`/v1/agents/${id}/messages`, { body: "secret" }));
    const lease = { limit: 1 };
    type Leased = { messages: { id: string; fencingToken: number }[] };
    const { messages } = await ok<Leased>(post(`/v1/agents/${id}/messages/lease`, lease));
    const nack = { fencingToken: messages[0]?.fencingToken, final: true, reason: "unreadable" };
    expect((await post(`/v1/agents/${id}/messages/${sent.id}/nack`, nack)).ok).toBe(true);
    await evictDurableObject(env.AGENT.getByName(id));
    await runDurableObjectAlarm(env.AGENT.getByName(id));
    const types = ["agent.registered", "agent.dead-letter"];
    const events = await untilTold(account, "agent.events", id, types);
    expect(events[1]?.data).toMatchObject({ agentId: id, cause: "refused" });
    expect(JSON.stringify(events)).not.toMatch(/secret|unreadable/);
  });
});
