import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { ANSWERS_WITHIN_MS } from "#domain/agents/health.ts";
import type { Outcome } from "#domain/agents/quality.ts";
import { type Standing, toTell } from "#domain/agents/standing.ts";
import { a2aClient, saying } from "./a2a.ts";
import { isolate, newAccount, type TestAccount } from "./helpers.ts";

type Match = {
  agentId: string;
  score: number;
  why: {
    similarity: number;
    capabilities: { capability: string; grade: string }[];
    quality: { value: number; of: string; tasks: number; latencyMs: number | null };
  };
};

const CAPABILITY = "maps.draw";
async function register(account: TestAccount, name: string): Promise<string> {
  const body = {
    name,
    type: "generation",
    description: "Draws maps of rivers.",
    capabilities: [CAPABILITY],
  };
  const answer = await account.call("POST", "/v1/agents", { body });
  expect(answer.status).toBe(201);
  return (await answer.json<{ id: string }>()).id;
}

type TaskRecord = {
  success: number;
  tasks: number;
  latencyMs: number | null;
  credits: number | null;
  capabilities: { capability: string; grade: string }[];
};
const recordOf = (account: TestAccount, id: string) =>
  isolate({})(account, "GET", `/v1/agents/${id}/record`);

/** Asked of an isolate that remembers nothing of what it was told before. */
async function matches(account: TestAccount): Promise<Match[]> {
  const asked = { task: "a map of the Danube", requiredCapabilities: [CAPABILITY] };
  const answer = await isolate({})(account, "POST", "/v1/agents/match", asked);
  expect(answer.status).toBe(200);
  return (await answer.json<{ matches: Match[] }>()).matches;
}
const idsOf = (found: Match[]) => found.map(({ agentId }) => agentId);

const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  classes: [CAPABILITY],
  accountId: "a0_client",
  isOwn: false,
  done: true,
  latencyMs: 800,
  credits: null,
  ...more,
});

const objectOf = (id: string) => env.AGENT.getByName(id);
const observe = async (id: string, more: Partial<Outcome> = {}) =>
  await objectOf(id).did({ kind: "outcome", outcome: outcome(more), isAnswer: true });

const rowOf = async (id: string) =>
  await env.CATALOG_0.prepare("SELECT * FROM agent_quality WHERE agent_id = ?")
    .bind(id)
    .first<{ is_out: number; observed: string; told_at_ms: number }>();

/** Has the object tell what it has to tell by now; its alarm may be doing that already. */
async function told(id: string): Promise<void> {
  await runDurableObjectAlarm(objectOf(id));
  await vi.waitFor(
    async () => {
      const standing = await runInDurableObject(objectOf(id), (_, { storage }) =>
        storage.kv.get<Standing>("standing"),
      );
      if (standing === undefined || toTell(standing, Date.now()) !== null)
        throw new Error("it has not told all yet");
    },
    { timeout: 10_000 },
  );
}

/** As if all that the object has known for so long had happened so much earlier; it comes back from its storage. */
async function longAgo(id: string, forMs: number): Promise<void> {
  await runInDurableObject(objectOf(id), (_, { storage }) => {
    const standing = storage.kv.get<Standing>("standing");
    if (standing === undefined) throw new Error("nothing is known of it");
    const { health } = standing;
    const open = health.open.map((task) => ({ ...task, askedAtMs: task.askedAtMs - forMs }));
    const answered = health.lastAnsweredAtMs;
    const lastAnsweredAtMs = answered === null ? null : answered - forMs;
    storage.kv.put("standing", { ...standing, health: { ...health, open, lastAnsweredAtMs } });
  });
  await evictDurableObject(objectOf(id));
}

describe("what agents did", () => {
  it("is read by who may see them: how it went, how long it took, at what cost", async () => {
    const account = await newAccount();
    const id = await register(account, "Map seven");
    const before = await (await recordOf(account, id)).json<TaskRecord>();
    expect(before).toMatchObject({ tasks: 0, latencyMs: null, credits: null });
    expect(before.capabilities).toEqual([{ capability: CAPABILITY, grade: "declared" }]);
    for (const credits of [2, 4]) await observe(id, { latencyMs: 500, credits });
    await told(id);
    const after = await (await recordOf(account, id)).json<TaskRecord>();
    expect(after).toMatchObject({ tasks: 2, latencyMs: 500 });
    expect(after.credits).toBeCloseTo(3);
    expect(after.success).toBeGreaterThan(before.success);
    expect(after.capabilities).toEqual([{ capability: CAPABILITY, grade: "exercised" }]);
    expect((await recordOf(await newAccount(), id)).status).toBe(404);
  });

  it("ranks those whose cards are as near, and says why", async () => {
    const account = await newAccount();
    const [idle, proven, failing] = [
      await register(account, "Map one"),
      await register(account, "Map two"),
      await register(account, "Map six"),
    ];
    expect((await matches(account)).map(({ why }) => why.quality.of)).toEqual([
      "nothing",
      "nothing",
      "nothing",
    ]);
    for (const accountId of ["a0_1", "a0_2", "a0_1", "a0_2", "a0_1", "a0_2"]) {
      await observe(proven, { accountId });
      await observe(failing, { accountId, done: false });
    }
    await told(proven);
    await told(failing);
    const found = await matches(account);
    expect(idsOf(found)).toEqual([proven, idle, failing]);
    expect(found.map(({ why }) => why.capabilities[0]?.grade)).toEqual([
      "verified",
      "declared",
      "declared",
    ]);
    expect(found[0]?.why.quality).toMatchObject({ of: "capabilities", tasks: 6, latencyMs: 800 });
    for (const { score, why } of found)
      expect(score).toBeCloseTo(why.similarity * why.quality.value, 12);
  });

  it("is written for no task but into the object, and the catalog hears of what would change a match", async () => {
    const account = await newAccount();
    const id = await register(account, "Map seven");
    expect(await rowOf(id)).toBeNull();
    await observe(id);
    await told(id);
    const first = await rowOf(id);
    expect(first).not.toBeNull();
    const rows = async () =>
      await runInDurableObject(objectOf(id), (_, { storage }) => [...storage.kv.list()].length);
    const before = await rows();
    for (let i = 0; i < 30; i++) await observe(id);
    await told(id);
    expect(await rowOf(id)).toEqual(first);
    expect(await rows()).toBe(before);
  });

  it("goes with the agent, also what is told of it too late", async () => {
    const account = await newAccount();
    const id = await register(account, "Map eight");
    await observe(id);
    await told(id);
    expect(await rowOf(id)).not.toBeNull();
    await env.CATALOG_0.prepare("DELETE FROM agent WHERE id = ?").bind(id).run();
    expect(await rowOf(id)).toBeNull();
    await observe(id, { done: false });
    await longAgo(id, 0);
    await told(id);
    expect(await rowOf(id)).toBeNull();
  });
});

describe("an agent that stops answering", () => {
  const task = { id: "t1", classes: [CAPABILITY], accountId: "a0_client", isOwn: false };

  it("leaves the results when its bound is over, and comes back when it answers a task", async () => {
    const account = await newAccount();
    const [silent, other] = [await register(account, "Mute"), await register(account, "Loud")];
    expect(idsOf(await matches(account))).toContain(silent);
    await objectOf(silent).did({ kind: "asked", task });
    await told(silent);
    expect(idsOf(await matches(account))).toContain(silent);
    expect(await rowOf(silent)).toBeNull();

    await longAgo(silent, ANSWERS_WITHIN_MS);
    await runDurableObjectAlarm(objectOf(silent));
    await told(silent);
    expect(await rowOf(silent)).toMatchObject({ is_out: 1 });
    expect(idsOf(await matches(account))).toEqual([other]);
    // Its card leaves search, so that the dead take no room from the living.
    const open = async () =>
      await env.CATALOG_0.prepare("SELECT count(*) AS n FROM agent_change WHERE agent_id = ?")
        .bind(silent)
        .first<number>("n");
    const settled = async () => {
      await runDurableObjectAlarm(env.RELAY.getByName("CATALOG_0"));
      await vi.waitFor(async () => expect(await open()).toBe(0), { timeout: 10_000 });
    };
    expect(await open()).toBe(1);
    await settled();

    await objectOf(silent).did({ kind: "ended", id: "t1", ending: "done", credits: null });
    await told(silent);
    expect(await rowOf(silent)).toMatchObject({ is_out: 0 });
    await settled();
    const found = await matches(account);
    expect(idsOf(found)).toEqual([other, silent]);
  });

  it("has no alarm once nothing is asked of it", async () => {
    const account = await newAccount();
    const id = await register(account, "Sleeper");
    const alarmOf = async () =>
      await runInDurableObject(objectOf(id), (_, { storage }) => storage.getAlarm());
    await objectOf(id).did({ kind: "asked", task });
    expect(await alarmOf()).not.toBeNull();
    await objectOf(id).did({ kind: "ended", id: "t1", ending: "dropped", credits: null });
    await runDurableObjectAlarm(objectOf(id));
    expect(await alarmOf()).toBeNull();
  });
});

describe("a task over A2A", () => {
  type Leased = { id: string; fencingToken: number; body: { taskId: string } };
  const standingOf = async (id: string) =>
    await runInDurableObject(objectOf(id), (_, { storage }) =>
      storage.kv.get<Standing>("standing"),
    );

  it("is what the next match knows: done, failed, taken back and asked about are told apart", async () => {
    const [owner, caller] = [await newAccount(), await newAccount()];
    const body = {
      name: "Cartographer",
      type: "generation",
      description: "Draws maps of rivers.",
      capabilities: [CAPABILITY],
      visibility: "listed",
      accepts: "listed",
    };
    const made = await owner.call("POST", "/v1/agents", { body });
    const { id } = await made.json<{ id: string }>();
    const client = await a2aClient(caller, `/a2a/${id}`, "JSONRPC");
    const ask = async () => {
      const said = saying("a map of the Danube", { returnImmediately: true });
      await client.sendMessage({ ...said, metadata: { capability: CAPABILITY } });
      const leased = await owner.call("POST", `/v1/agents/${id}/messages/lease`, {
        body: { waitMs: 5_000 },
      });
      const [message] = (await leased.json<{ messages: Leased[] }>()).messages;
      if (message === undefined) throw new Error("no task came");
      const { taskId } = message.body;
      const tell = async (state: string) => {
        const { id: messageId, fencingToken } = message;
        const answer = await owner.call("POST", `/v1/agents/${id}/tasks/${taskId}/updates`, {
          body: { messageId, fencingToken, status: { state } },
        });
        expect(answer.status).toBe(200);
      };
      return { taskId, tell };
    };
    const sums = async () => {
      const tally = (await standingOf(id))?.observed?.classes[CAPABILITY];
      return [tally?.completed ?? 0, Math.round(tally?.failed ?? 0)];
    };

    const canceled = await ask();
    expect((await standingOf(id))?.health.open).toMatchObject([
      { classes: [CAPABILITY], accountId: caller.accountId, isOwn: false },
    ]);
    await client.cancelTask({ tenant: "", id: canceled.taskId, metadata: {} });
    expect((await standingOf(id))?.health.open).toEqual([]);
    expect(await sums()).toEqual([0, 0]);

    const waiting = await ask();
    await waiting.tell("working");
    await waiting.tell("input-required");
    expect((await standingOf(id))?.health.open).toEqual([]);
    expect(await sums()).toEqual([0, 0]);

    await (await ask()).tell("completed");
    expect(await sums()).toEqual([1, 0]);
    await (await ask()).tell("failed");
    expect(await sums()).toEqual([1, 1]);
    await told(id);
    const [match] = (await matches(caller)).filter(({ agentId }) => agentId === id);
    expect(match?.why.capabilities).toEqual([{ capability: CAPABILITY, grade: "exercised" }]);
    expect(match?.why.quality).toMatchObject({ of: "capabilities", tasks: 1 });
    expect(match?.why.quality.latencyMs).not.toBeNull();
  });
});
