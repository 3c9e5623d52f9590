import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";

const otter = { name: "Otter", type: "query", description: "Finds otters.", capabilities: [] };
type Shown = { id: string; state: string; version: number; quarantine?: { by: string } };

const registered = async (account: TestAccount, more: object = {}) =>
  await (await account.call("POST", "/v1/agents", { body: { ...otter, ...more } })).json<Shown>();
const led = async (account: TestAccount, id: string, verb: string, body?: object) =>
  await account.call("POST", `/v1/agents/${id}/${verb}`, body && { body });
const stateAfter = async (account: TestAccount, id: string, ...verbs: string[]) => {
  let state = "";
  for (const verb of verbs) {
    const body = verb === "quarantine" ? { reason: "It floods others." } : undefined;
    const answer = await led(account, id, verb, body);
    expect(answer.status, verb).toBe(200);
    state = (await answer.json<Shown>()).state;
  }
  return state;
};

afterEach(async () => {
  await env.CATALOG_0.prepare("DELETE FROM installation").run();
});

describe("an agent's life", () => {
  it("begins when it is started where it was registered to wait", async () => {
    const account = await newAccount();
    const { id, state } = await registered(account, { start: false });
    expect(state).toBe("created");
    expect((await led(account, id, "pause")).status).toBe(409);
    expect(await stateAfter(account, id, "start", "pause", "resume")).toBe("active");
  });

  it("takes every step twice like once, and its ETag grows only where something changed", async () => {
    const account = await newAccount();
    const { id } = await registered(account);
    const versions: number[] = [];
    for (const verb of ["pause", "pause", "resume", "resume", "retire", "retire"])
      versions.push((await (await led(account, id, verb)).json<Shown>()).version);
    expect(versions).toEqual([2, 2, 3, 3, 4, 4]);
    for (const verb of ["start", "resume", "pause"])
      expect((await led(account, id, verb)).status, verb).toBe(409);
  });

  it("takes steps at the same time one after the other", async () => {
    const account = await newAccount();
    const { id } = await registered(account);
    const answers = await Promise.all(
      ["pause", "pause", "pause"].map(async (verb) => (await led(account, id, verb)).status),
    );
    expect(answers).toEqual([200, 200, 200]);
    const read = await (await account.call("GET", `/v1/agents/${id}`)).json<Shown>();
    expect(read).toMatchObject({ state: "paused", version: 2 });
  });

  it("does not go on from a version that is not there any more", async () => {
    const account = await newAccount();
    const { id } = await registered(account);
    const headers = { "If-Match": '"7"' };
    for (const [method, path] of [
      ["POST", `/v1/agents/${id}/pause`],
      ["DELETE", `/v1/agents/${id}`],
    ] as const)
      expect((await account.call(method, path, { headers })).status, path).toBe(412);
  });

  it("ends with its name free again", async () => {
    const account = await newAccount();
    const { id } = await registered(account);
    expect((await account.call("DELETE", `/v1/agents/${id}`)).status).toBe(204);
    expect((await account.call("GET", `/v1/agents/${id}`)).status).toBe(404);
    expect((await registered(account)).state).toBe("active");
  });
});

describe("a quarantine", () => {
  it("says why to the agent's own account alone, and ends in what it began in", async () => {
    const [owner, stranger] = [await newAccount(), await newAccount()];
    const { id } = await registered(owner, { visibility: "listed" });
    expect(await stateAfter(owner, id, "pause", "quarantine", "quarantine")).toBe("quarantined");
    const own = await (await owner.call("GET", `/v1/agents/${id}`)).json<Shown>();
    expect(own.quarantine).toMatchObject({ by: "account", from: "paused" });
    const theirs = await (await stranger.call("GET", `/v1/agents/${id}`)).json<Shown>();
    expect(theirs).toMatchObject({ state: "quarantined" });
    expect(theirs.quarantine).toBeUndefined();
    expect((await owner.call("DELETE", `/v1/agents/${id}`)).status).toBe(409);
    expect(await stateAfter(owner, id, "release")).toBe("paused");
  });

  it("is set and ended by the operator over any account's agent, and then by nobody else", async () => {
    const [owner, operator] = [await newAccount(), await newAccount()];
    const { id } = await registered(owner);
    expect((await led(operator, id, "quarantine", { reason: "Harm." })).status).toBe(404);
    await env.CATALOG_0.prepare("INSERT INTO installation VALUES (1, ?, ?, 0)")
      .bind(operator.accountId, operator.principal.principalId)
      .run();
    expect(await stateAfter(operator, id, "quarantine")).toBe("quarantined");
    expect((await led(owner, id, "release")).status).toBe(403);
    // Everything else of an account stays its own business.
    expect((await led(operator, id, "retire")).status).toBe(404);
    expect(await stateAfter(operator, id, "release")).toBe("active");
  });
});

it("keeps an agent's key within what its type is for, whatever scopes it was given", async () => {
  const account = await newAccount();
  const { id } = await registered(account);
  const scopes = ["search", "units:read", "units:write", "agents"];
  const made = await account.call("POST", `/v1/agents/${id}/keys`, {
    body: { name: "Query", scopes },
  });
  const { apiKey } = await made.json<{ apiKey: string }>();
  const headers = { Authorization: `Bearer ${apiKey}` };
  const published = await call("POST", "/v1/units", {
    body: { title: "Mine", body: "A note." },
    headers,
  });
  expect([published.status, (await problemOf(published)).detail]).toEqual([
    403,
    "an agent of type query does not write",
  ]);
  const found = await call("POST", "/v1/search", { body: { query: "note" }, headers });
  expect(found.status).toBe(200);
});
