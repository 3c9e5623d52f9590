import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { TOKEN_LIFE_MS } from "#domain/oauth/access-token.ts";
import type { SessionState } from "#domain/sessions/state.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { agentOf, connect, objectOf, upgrade } from "./agent-session.ts";
import { newAccount, ORIGIN, problemOf } from "./helpers.ts";
import { makeClient, tokenOf } from "./oauth.ts";

const pathOf = (agentId: string) => `/v1/agents/${agentId}/session`;
const published = {
  title: "Otters hold hands",
  body: "While they sleep, so as not to drift apart.",
};

describe("opening a session", () => {
  it("welcomes the agent, and says what it may ask for at once", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    const answer = await upgrade(pathOf(agentId), { Authorization: `Bearer ${account.apiKey}` });
    expect(answer.status).toBe(101);
    const session = await connect(pathOf(agentId), account.apiKey);
    expect(session.sessionId).not.toBe("");
    expect(await session.ask({ type: "echo", body: { deep: ["ß"] } })).toMatchObject({
      status: 200,
      body: { deep: ["ß"] },
    });
  });

  it("is refused to others, in the order that every address keeps", async () => {
    const [owner, stranger] = [await newAccount(), await newAccount()];
    const agentId = await agentOf(owner);
    const path = pathOf(agentId);
    const reader = await owner.key(["units:read"]);
    const as = (key: string, more: Record<string, string> = {}) =>
      upgrade(path, { Authorization: `Bearer ${key}`, ...more });
    const refused: [Promise<Response>, string][] = [
      [upgrade(path, {}), "unauthenticated"],
      [as("wh0_no_such_key"), "unauthenticated"],
      [as(reader.apiKey), "forbidden"],
      [as(stranger.apiKey), "not-found"],
      [as(owner.apiKey, { Origin: "https://evil.example" }), "forbidden"],
      [owner.call("GET", path), "upgrade-required"],
      [owner.call("GET", path, { headers: { Upgrade: "h2c" } }), "upgrade-required"],
    ];
    for (const [answer, code] of refused) expect((await problemOf(await answer)).code).toBe(code);
    expect((await as(owner.apiKey, { Origin: ORIGIN })).status).toBe(101);
  });

  it("is refused to an agent that is retired", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    await account.call("POST", `/v1/agents/${agentId}/retire`);
    const answer = await upgrade(pathOf(agentId), { Authorization: `Bearer ${account.apiKey}` });
    expect((await problemOf(answer)).code).toBe("agent-unavailable");
  });

  it("ends the agent's older session, which is told so", async () => {
    const account = await newAccount();
    const path = pathOf(await agentOf(account));
    const first = await connect(path, account.apiKey);
    const second = await connect(path, account.apiKey);
    expect(await first.ended).toEqual({ code: 4409, reason: "replaced" });
    expect((await second.ask({ type: "echo" })).status).toBe(200);
  });
});

describe("requests over a session", () => {
  it("are the API's operations, with its answers, rights and errors", async () => {
    const account = await newAccount();
    const path = pathOf(await agentOf(account));
    const session = await connect(path, account.apiKey);
    const post = { type: "request", method: "POST", path: "/v1/units" };
    const made = await session.ask({ ...post, body: published });
    expect(made.status).toBe(202);
    const { id } = made.body as { id: string };
    const get = { type: "request", method: "GET", path: `/v1/units/${id}` };
    const read = await session.ask(get);
    expect(read.body).toMatchObject(published);
    const etag = read.headers?.["etag"] ?? "";
    expect((await session.ask({ ...get, headers: { "if-none-match": etag } })).status).toBe(304);
    expect(await session.ask({ ...post, body: { title: 1 } })).toMatchObject({
      status: 400,
      body: { code: "invalid-request" },
    });
    expect((await session.ask({ ...get, path: "/v1/units/absent" })).status).toBe(404);
    expect((await session.ask({ ...get, path: "/v1/nothing" })).status).toBe(404);
    // Not even an owner's session hands out keys.
    expect((await session.ask({ ...get, path: "/v1/keys" })).status).toBe(404);
  });

  it("are repeated safely by their idempotency key, over whichever connection", async () => {
    const account = await newAccount();
    const path = pathOf(await agentOf(account));
    const post = {
      type: "request",
      method: "POST",
      path: "/v1/units",
      headers: { "idempotency-key": "once" },
      body: published,
    };
    const before = await (await connect(path, account.apiKey)).ask(post);
    const again = await (await connect(path, account.apiKey)).ask(post);
    expect(again.body).toEqual(before.body);
  });

  it("are answered out of order, each by its id", async () => {
    const account = await newAccount();
    const session = await connect(pathOf(await agentOf(account)), account.apiKey);
    session.send([
      { type: "request", id: "slow", method: "POST", path: "/v1/search", body: { query: "otter" } },
      { type: "echo", id: "quick" },
    ]);
    expect((await session.next()).id).toBe("quick");
    expect(await session.next()).toMatchObject({ id: "slow", status: 200 });
  });

  it("are bounded, and the one too many is told when to come back", async () => {
    const account = await newAccount();
    const session = await connect(pathOf(await agentOf(account)), account.apiKey);
    const many = LIMITS.sessionRequestsMax + LIMITS.sessionBatchMax;
    const list = { type: "request", method: "GET", path: "/v1/units" };
    for (let i = 0; i < many; i += LIMITS.sessionBatchMax)
      session.send(
        Array.from({ length: LIMITS.sessionBatchMax }, (_, j) => ({ ...list, id: `${i + j}` })),
      );
    const statuses: Record<number, number> = {};
    for (let i = 0; i < many; i++) {
      const { status = 0, headers } = await session.next();
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 429) expect(headers?.["retry-after"]).toBe("1");
    }
    expect(Object.keys(statuses)).toEqual(["200", "429"]);
    expect(statuses[200]).toBeGreaterThanOrEqual(LIMITS.sessionRequestsMax);
  });
});

describe("bad input in a session", () => {
  it("is answered where it has a frame, and ends the session where it has none", async () => {
    const account = await newAccount();
    const path = pathOf(await agentOf(account));
    const session = await connect(path, account.apiKey);
    expect(await session.ask({ type: "wish" })).toMatchObject({
      status: 400,
      body: { code: "invalid-request", errors: [{ pointer: "/type" }] },
    });
    session.raw("{");
    expect(await session.ended).toEqual({ code: 4400, reason: "bad-frame: is not JSON" });
    const binary = await connect(path, account.apiKey);
    binary.raw(new ArrayBuffer(4));
    expect((await binary.ended).code).toBe(4400);
    const liar = await connect(path, account.apiKey);
    liar.send({ type: "seen", frames: 2 });
    expect((await liar.ended).code).toBe(4400);
  });

  it("ends who floods it", async () => {
    const account = await newAccount();
    const session = await connect(pathOf(await agentOf(account)), account.apiKey);
    const seen = Array.from({ length: LIMITS.sessionBatchMax }, () => ({
      type: "seen",
      frames: 1,
    }));
    for (let i = 0; i <= 2 * LIMITS.sessionFramesBurst; i += LIMITS.sessionBatchMax)
      session.send(seen);
    expect((await session.ended).code).toBe(4429);
  });

  it("ends who asks and never says to have taken in the answers", async () => {
    const account = await newAccount();
    const session = await connect(pathOf(await agentOf(account)), account.apiKey, {
      saysSeen: false,
    });
    for (let i = 0; i <= LIMITS.sessionUnseenFramesMax; i++)
      session.send({ type: "echo", id: `${i}` });
    expect(await session.ended).toEqual({ code: 4408, reason: "slow-consumer" });
  });
});

describe("whose session it is", () => {
  it("is asked again: a revoked key's session ends with its next frame, 5 s later at most", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    const key = await account.key(["agents"]);
    const session = await connect(pathOf(agentId), key.apiKey);
    expect((await session.ask({ type: "echo" })).status).toBe(200);
    await account.call("DELETE", `/v1/keys/${key.id}`);
    await forward(agentId, 5_000);
    session.send({ type: "echo", id: "1" });
    expect(await session.ended).toEqual({ code: 4401, reason: "unauthenticated" });
  });

  it("ends with its token, by the alarm of that moment, though nobody says anything", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    const client = await makeClient(account, { scope: "agents" });
    const { token } = await tokenOf(client, { scope: "agents" });
    const session = await connect(pathOf(agentId), token);
    await forward(agentId, TOKEN_LIFE_MS);
    expect(await runDurableObjectAlarm(objectOf(agentId))).toBe(true);
    expect(await session.ended).toEqual({ code: 4401, reason: "unauthenticated" });
  });

  it("costs no alarm by a key that has no end", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    await connect(pathOf(agentId), account.apiKey);
    expect(await runDurableObjectAlarm(objectOf(agentId))).toBe(false);
  });

  it("goes on where the credential counts, with what it may do now", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    const session = await connect(pathOf(agentId), account.apiKey);
    const noSession = { id: "no-session", effect: "forbid", actions: ["message.receive"] };
    const put = await account.call("PUT", "/v1/policies", {
      body: { rules: [noSession], otherwise: "allow" },
      headers: { "If-Match": '"0"' },
    });
    expect(put.status).toBe(200);
    await forward(agentId, 5_000);
    session.send({ type: "echo", id: "1" });
    expect(await session.ended).toEqual({ code: 4403, reason: "forbidden" });
  });

  it("survives hibernation: nothing is lost, and it is asked who it is", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    const session = await connect(pathOf(agentId), account.apiKey);
    await session.ask({ type: "echo" });
    await evictDurableObject(objectOf(agentId));
    const made = await session.ask({
      type: "request",
      method: "POST",
      path: "/v1/units",
      body: published,
    });
    expect(made.status).toBe(202);
    session.send({ type: "seen", frames: 3 });
    expect((await session.ask({ type: "echo" })).status).toBe(200);
    await evictDurableObject(objectOf(agentId));
    const body = { reason: "It loops." };
    await account.call("POST", `/v1/agents/${agentId}/quarantine`, { body });
    expect(await session.ended).toEqual({ code: 4403, reason: "forbidden" });
  });

  it("stores nothing, and is given the first message that ever comes", async () => {
    const account = await newAccount();
    const agentId = await agentOf(account);
    const session = await connect(pathOf(agentId), account.apiKey);
    session.send({ type: "receive", credit: 1 });
    await session.ask({ type: "echo" });
    const tables = () =>
      runInDurableObject(objectOf(agentId), (_, { storage }) =>
        storage.sql.exec("SELECT name FROM sqlite_schema WHERE name LIKE 'message%'").toArray(),
      );
    expect(await tables()).toEqual([]);
    expect((await account.call("GET", `/v1/agents/${agentId}/presence`)).status).toBeLessThan(500);
    expect(await tables()).toEqual([]);
    await evictDurableObject(objectOf(agentId));
    const body = { body: "hello" };
    await account.call("POST", `/v1/agents/${agentId}/messages`, { body });
    expect(await session.next()).toMatchObject({ type: "messages", messages: [{ body: "hello" }] });
    expect(await tables()).not.toEqual([]);
  });
});

/** Makes what the object knows of who is there as old as it will be then. */
async function forward(agentId: string, ms: number): Promise<void> {
  await runInDurableObject(objectOf(agentId), (_, state) => {
    for (const socket of state.getWebSockets()) {
      const kept = socket.deserializeAttachment() as SessionState;
      kept.standing.checkedAtMs -= ms;
      if (kept.standing.endsAtMs !== null) kept.standing.endsAtMs -= ms;
      socket.serializeAttachment(kept);
    }
  });
  await evictDurableObject(objectOf(agentId));
}
