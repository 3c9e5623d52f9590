import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Rule } from "#domain/policies/model.ts";
import type { Holder } from "#domain/sessions/standing.ts";
import type { Asker } from "#domain/topics/news.ts";
import { perform } from "#workers/http/app.ts";
import { readHolder } from "#workers/http/guard/holders.ts";
import { agentOf, connect } from "./agent-session.ts";
import { call, newAccount, type TestAccount } from "./helpers.ts";
import { append, Reader } from "./live-events.ts";

// Who may hear what happens, whichever way it is asked: and that nobody hears it for longer than 5 s after that ended.

afterEach(() => {
  vi.useRealTimers();
});

const rule = async (account: TestAccount, rules: Rule[]): Promise<void> => {
  const headers = { "If-Match": "*" };
  const answer = await account.call("PUT", "/v1/policies", { headers, body: { rules } });
  if (answer.status !== 200) throw new Error(await answer.text());
};
const forbids = (action: string, when: string): Rule => ({
  id: `no-${action.replace(".", "-")}`,
  effect: "forbid",
  actions: [action as Rule["actions"][number]],
  when,
});

/** What the address answers that tells of them; null where it refuses. */
async function byAddress({ holder, address, topics }: Asker): Promise<string[] | null> {
  const { verdict } = await readHolder(env, holder, Date.now());
  if (verdict === null) return null;
  const query = topics === undefined ? "" : `?topic=${topics.join()}`;
  const asked = { method: "HEAD", path: `/v1/events${query}`, address, isCounted: true };
  const known = { ...env, WISHUB_TRUSTED_PROXY: "cloudflare" };
  const answer = await perform(known, createExecutionContext(), verdict.principal, asked);
  if (answer.status !== 200) return null;
  return (answer.headers.get("WisHub-Topics") ?? "").split(",");
}

describe("whether somebody may hear of a topic", () => {
  it("is the same asked of the address and for many together: scopes, ends, networks, agents at rest, policies", async () => {
    const account = await newAccount();
    const made = async (path: string, body: object) => {
      const answer = await account.call("POST", path, { body });
      if (answer.status !== 201) throw new Error(await answer.text());
      return await answer.json<{ id: string }>();
    };
    const keyOf = async (scopes: string[]) => (await made("/v1/keys", { name: "One", scopes })).id;
    const agentId = await agentOf(account);
    const resting = await agentOf(account, "Beaver");
    const events = await keyOf(["events"]);
    const both = await keyOf(["events", "audit"]);
    const nothing = await keyOf(["search", "audit"]);
    const here = await keyOf(["events"]);
    await env.CATALOG_0.prepare("UPDATE api_key SET networks = ? WHERE id = ?")
      .bind(JSON.stringify(["192.0.2.0/24"]), here)
      .run();
    const revoked = await keyOf(["events"]);
    const ruledOut = await keyOf(["events", "audit"]);
    const unaudited = await keyOf(["events", "audit"]);
    const agents = (await made(`/v1/agents/${agentId}/keys`, { name: "A", scopes: ["events"] })).id;
    const rests = (await made(`/v1/agents/${resting}/keys`, { name: "B", scopes: ["events"] })).id;
    await rule(account, [
      forbids(
        "topic.read",
        `principal.keyId == "${ruledOut}" || principal.agentId == "${agentId}"`,
      ),
      forbids("audit.read", `principal.keyId == "${unaudited}"`),
    ]);
    await account.call("DELETE", `/v1/keys/${revoked}`);
    const stopped = await account.call("POST", `/v1/agents/${resting}/pause`);
    expect(stopped.status).toBe(200);

    const askers: Asker[] = [];
    for (const id of [
      events,
      both,
      nothing,
      here,
      revoked,
      ruledOut,
      unaudited,
      agents,
      rests,
      "k0_none",
    ])
      for (const topics of [
        undefined,
        ["agent.events"],
        ["agent.events", "audit.logs"],
        ["audit.logs", "unit.eventz"],
      ])
        for (const address of [null, "192.0.2.7", "198.51.100.7"]) {
          const holder: Holder = { kind: "key", id };
          askers.push({ holder, address, topics });
        }
    const together = await env.OPERATIONS.mayAllHear(askers);
    const may: string[] = [];
    for (const [i, asker] of askers.entries()) {
      const heard = together[i] ?? null;
      expect(heard?.topics ?? null, JSON.stringify(asker)).toEqual(await byAddress(asker));
      if (heard !== null && asker.holder.kind === "key")
        may.push(`${asker.holder.id} ${asker.topics?.join() ?? "all"}`);
    }
    const all = [undefined, "agent.events"].map((one) => one ?? "all");
    expect([...new Set(may)].toSorted()).toEqual(
      [
        ...[events, here, unaudited].flatMap((id) => all.map((one) => `${id} ${one}`)),
        ...[...all, "agent.events,audit.logs"].map((one) => `${both} ${one}`),
      ].toSorted(),
    );
  });
});

describe("what a policy takes away", () => {
  it("is heard no more by a stream, which is told so and goes on without", async () => {
    const account = await newAccount();
    const { id, apiKey } = await account.key(["events"]);
    const client = await connect("/v1/stream", apiKey);
    const asked = { type: "subscribe", topics: ["agent.events"] };
    const { id: subscription, status } = await client.ask(asked);
    expect(status).toBe(200);
    await append(account, [1]);
    expect(await client.next()).toMatchObject({ type: "events", subscription });
    await rule(account, [forbids("topic.read", `principal.keyId == "${id}"`)]);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 5_000);
    await append(account, [2]);
    expect(await client.next()).toMatchObject({
      type: "answer",
      id: subscription,
      status: 403,
      body: { code: "forbidden" },
    });
    expect(await client.ask({ type: "echo", body: 1 })).toMatchObject({ status: 200 });
  });

  it("is told to no server-sent stream 5 s later, which ends, as one of a revoked key does", async () => {
    const account = await newAccount();
    const [ruled, revoked] = [await account.key(["events"]), await account.key(["events"])];
    const open = async ({ apiKey }: { apiKey: string }) =>
      new Reader(
        await call("GET", "/v1/events", { headers: { Authorization: `Bearer ${apiKey}` } }),
      );
    const [first, second] = [await open(ruled), await open(revoked)];
    await append(account, [1]);
    expect([await first.numbers(1), await second.numbers(1)]).toEqual([[1], [1]]);
    await rule(account, [forbids("topic.read", `principal.keyId == "${ruled.id}"`)]);
    await account.call("DELETE", `/v1/keys/${revoked.id}`);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 5_000);
    await append(account, [2]);
    expect([await first.next(), await second.next()]).toEqual([null, null]);
  });
});
