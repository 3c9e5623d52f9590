import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { servicesOf } from "#adapters/index.ts";
import { isolate, newAccount, problemOf, type TestAccount } from "./helpers.ts";

type Match = {
  agentId: string;
  name: string;
  score: number;
  why: { similarity: number; capabilities: object[]; takesMessages: boolean };
};

const agents = {
  weather: {
    name: "Rain oracle",
    type: "query",
    description: "Answers questions about the weather: rain, wind and temperature of a city.",
    capabilities: ["weather.forecast", "weather.history"],
  },
  translator: {
    name: "Polyglot",
    type: "generation",
    description: "Translates texts between English, Spanish and Chinese.",
    capabilities: ["text.translate"],
  },
  sommelier: {
    name: "Sommelier",
    type: "analysis",
    description: "Recommends wines to go with a meal.",
    capabilities: ["wine.recommend"],
  },
};

async function register(account: TestAccount, body: object): Promise<string> {
  const answer = await account.call("POST", "/v1/agents", { body });
  expect(answer.status).toBe(201);
  return (await answer.json<{ id: string }>()).id;
}

async function matches(account: TestAccount, body: object): Promise<Match[]> {
  const answer = await account.call("POST", "/v1/agents/match", { body });
  expect(answer.status).toBe(200);
  return (await answer.json<{ matches: Match[] }>()).matches;
}

const idsOf = (found: Match[]) => found.map(({ agentId }) => agentId);
const task = "will it rain in Lisbon tomorrow?";

/** What a change of the catalog left open. */
const openChanges = async (id: string) =>
  await env.CATALOG_0.prepare("SELECT count(*) AS n FROM agent_change WHERE agent_id = ?")
    .bind(id)
    .first<number>("n");

describe("matching a task", () => {
  let account: TestAccount;
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    account = await newAccount();
    for (const [name, body] of Object.entries(agents)) ids[name] = await register(account, body);
  });

  it("finds the agent whose card is nearest as soon as it is registered, and says why", async () => {
    const found = await matches(account, { task });
    expect(found[0]).toMatchObject({
      agentId: ids["weather"],
      name: "Rain oracle",
      accountId: account.accountId,
      type: "query",
      why: {
        takesMessages: true,
        capabilities: [
          { capability: "weather.forecast", grade: "declared" },
          { capability: "weather.history", grade: "declared" },
        ],
      },
    });
    expect(found[0]?.why.similarity).toBeGreaterThan(found[1]?.why.similarity ?? 1);
    expect(await openChanges(ids["weather"] ?? "")).toBe(0);
  });

  it("crosses languages", async () => {
    const [first] = await matches(account, { task: "推荐一款配晚餐的葡萄酒" });
    expect(first?.agentId).toBe(ids["sommelier"]);
  });

  it("takes only agents that have every capability asked for, however far their cards are", async () => {
    const found = await matches(account, { task, requiredCapabilities: ["text.translate"] });
    expect(idsOf(found)).toEqual([ids["translator"]]);
    expect(found[0]?.why.capabilities).toEqual([
      { capability: "text.translate", grade: "declared" },
    ]);
    const both = ["weather.forecast", "text.translate"];
    expect(await matches(account, { task, requiredCapabilities: both })).toEqual([]);
  });

  it("takes only agents of the type asked for, and no more than asked for", async () => {
    expect(idsOf(await matches(account, { task, type: "analysis" }))).toEqual([ids["sommelier"]]);
    expect(await matches(account, { task, limit: 1 })).toHaveLength(1);
  });

  it("refuses what is no task, and says where", async () => {
    for (const [body, pointer] of [
      [{}, "/task"],
      [{ task: "" }, "/task"],
      [{ task, limit: 0 }, "/limit"],
      [{ task, limit: 51 }, "/limit"],
      [{ task, requiredCapabilities: ["A b"] }, "/requiredCapabilities/0"],
      [{ task, wanted: 1 }, ""],
    ] as const) {
      const answer = await account.call("POST", "/v1/agents/match", { body });
      const { code, errors } = await problemOf(answer);
      expect([answer.status, code], pointer).toEqual([400, "invalid-request"]);
      expect(errors?.[0]?.pointer.startsWith(pointer)).toBe(true);
    }
  });
});

describe("who is matched", () => {
  it("is an account's own agents and the listed ones, and nobody else's private ones", async () => {
    const [owner, stranger] = [await newAccount(), await newAccount()];
    const hidden = await register(owner, agents.weather);
    const open = { ...agents.weather, visibility: "listed" };
    const listed = await register(owner, { ...open, name: "Open oracle", accepts: "listed" });
    const deaf = await register(owner, { ...open, name: "Deaf oracle" });
    const own = idsOf(await matches(owner, { task, requiredCapabilities: ["weather.forecast"] }));
    expect(own).toEqual(expect.arrayContaining([hidden, listed, deaf]));
    const theirs = await matches(stranger, { task, requiredCapabilities: ["weather.forecast"] });
    expect(idsOf(theirs)).not.toContain(hidden);
    const shown = theirs.filter(({ agentId }) => agentId === listed || agentId === deaf);
    expect(shown.map(({ agentId, why }) => [agentId, why.takesMessages])).toEqual([
      [listed, true],
      [deaf, false],
    ]);
  });

  it("follows every change of the catalog, whoever makes it", async () => {
    const [owner, stranger] = [await newAccount(), await newAccount()];
    const capabilities = ["otters.count"];
    const otter = { ...agents.weather, name: "Otters", capabilities, visibility: "listed" };
    const id = await register(owner, otter);
    const asked = { task: "count the otters", requiredCapabilities: capabilities };
    const isSeen = async (by: TestAccount) => idsOf(await matches(by, asked)).includes(id);
    const { agents: port, cards } = servicesOf(env);
    const change = async (set: string) => {
      await env.CATALOG_0.prepare(`UPDATE agent SET ${set}, version = version + 1 WHERE id = ?`)
        .bind(id)
        .run();
      port.forget(id);
      await cards.changed([id]);
      expect(await openChanges(id)).toBe(0);
    };
    expect([await isSeen(owner), await isSeen(stranger)]).toEqual([true, true]);
    await change("visibility = 'private'");
    expect([await isSeen(owner), await isSeen(stranger)]).toEqual([true, false]);
    await change("visibility = 'listed'");
    expect([await isSeen(owner), await isSeen(stranger)]).toEqual([true, true]);
    await change("state = 'paused'");
    expect([await isSeen(owner), await isSeen(stranger)]).toEqual([false, false]);
    await change("state = 'active'");
    expect([await isSeen(owner), await isSeen(stranger)]).toEqual([true, true]);
    await change(`capabilities = '["otters.feed"]'`);
    expect(await isSeen(owner)).toBe(false);
    await env.CATALOG_0.prepare("DELETE FROM agent WHERE id = ?").bind(id).run();
    expect(await openChanges(id)).toBe(1);
    port.forget(id);
    await cards.changed([id]);
    expect(await openChanges(id)).toBe(0);
    expect(idsOf(await matches(owner, { task: "count the otters" }))).not.toContain(id);
  });
});

describe("what is cut off between catalog and search", () => {
  it("is brought back by the relay, and an agent is matched that was not when it registered", async () => {
    const account = await newAccount();
    const model = { run: async () => ({ refused: "overloaded", detail: "busy" }) };
    const answer = await isolate({ AI: model })(account, "POST", "/v1/agents", agents.translator);
    expect(answer.status).toBe(201);
    const { id } = await answer.json<{ id: string }>();
    const asked = { task: "translate this letter", requiredCapabilities: ["text.translate"] };
    expect(await openChanges(id)).toBe(1);
    expect(idsOf(await matches(account, asked))).not.toContain(id);
    const relay = env.RELAY.getByName("CATALOG_0");
    await evictDurableObject(relay);
    await env.CATALOG_0.prepare("UPDATE agent_change SET due_at_ms = 0").run();
    await runDurableObjectAlarm(relay);
    await vi.waitFor(async () => expect(await openChanges(id)).toBe(0), { timeout: 10_000 });
    expect(idsOf(await matches(account, asked))).toContain(id);
  });

  it("is done once, however often and late it is told", async () => {
    const account = await newAccount();
    const id = await register(account, agents.sommelier);
    const { cards } = servicesOf(env);
    await Promise.all([cards.changed([id]), cards.changed([id]), cards.changed([id, "n0_gone"])]);
    const asked = { task: "which wine?", requiredCapabilities: ["wine.recommend"] };
    expect(idsOf(await matches(account, asked)).filter((one) => one === id)).toEqual([id]);
  });
});
