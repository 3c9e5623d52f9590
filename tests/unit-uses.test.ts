import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { servicesOf } from "#adapters/index.ts";
import { unitUses } from "#adapters/unit-uses.ts";
import { unitShardOf } from "#domain/units/id.ts";
import {
  DAY_MS,
  dayOf,
  type ShardUses,
  useGathering,
  USES,
  type UsesView,
} from "#domain/units/uses.ts";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { hits, notesAbout, patch, publish, searchable } from "./knowledge.ts";
import { connected } from "./mcp-client.ts";
import { signedIn } from "./people.ts";
import { joined } from "./people-invited.ts";

let account: TestAccount;
beforeEach(async () => {
  account = await newAccount();
});

const uses = async (from: TestAccount, id: string): Promise<UsesView> => {
  const answer = await from.call("GET", `/v1/units/${id}/uses`);
  expect(answer.status).toBe(200);
  return await answer.json<UsesView>();
};
const NOTE = {
  title: "How an eel finds the sea",
  body: "It follows the smell of salt downstream.",
};
const open = { ...NOTE, visibility: "public" as const };

/** An agent of the account and a key of its own. */
async function agentOf(from: TestAccount, name: string) {
  const body = { name, type: "query", description: "Reads.", capabilities: [] };
  const { id } = await (await from.call("POST", "/v1/agents", { body })).json<{ id: string }>();
  const asked = { body: { name: "Program", scopes: ["units:read", "search"] } };
  const made = await from.call("POST", `/v1/agents/${id}/keys`, asked);
  const { apiKey } = await made.json<{ apiKey: string }>();
  const reads = async (unitId: string) =>
    (await call("GET", `/v1/units/${unitId}`, { headers: { Authorization: `Bearer ${apiKey}` } }))
      .status;
  return { id, apiKey, reads };
}

describe("who used a unit", () => {
  it("are the account's agents, however they read it, with how often and when last", async () => {
    const { id } = await publish(account, NOTE);
    expect(await uses(account, id)).toEqual({
      users: [],
      others: { accounts: 0, reads: 0 },
      partial: false,
      builtOn: [],
      more: false,
    });
    const otter = await agentOf(account, "Otter");
    const before = Date.now();
    expect(await otter.reads(id)).toBe(200);
    expect(await otter.reads(`${id}?version=1`)).toBe(200);
    const client = await connected(otter.apiKey, "2026-07-28");
    await client.callTool({ name: "get_unit", arguments: { id } });
    const { users } = await uses(account, id);
    expect(users).toEqual([
      {
        principalId: otter.id,
        agentId: otter.id,
        name: "Otter",
        reads: 3,
        firstAt: expect.any(String) as string,
        lastAt: expect.any(String) as string,
      },
    ]);
    expect(Date.parse(users[0]?.lastAt ?? "")).toBeGreaterThanOrEqual(before);
    expect((await uses(account, id)).users[0]?.reads).toBe(3);
  });

  it("are people by their keys, who read it last first", async () => {
    const { id } = await publish(account, NOTE);
    const otter = await agentOf(account, "Otter");
    await otter.reads(id);
    await uses(account, id);
    const written = { ...useOf(account, id, account.principal.principalId), lastAtMs: Date.now() };
    await write({ shard: shardIn(id), uses: [{ ...written, reads: 2 }], missed: 0 });
    const { users } = await uses(account, id);
    expect(users.map(({ name, reads }) => [name, reads])).toEqual([
      ["Owner", 2],
      ["Otter", 1],
    ]);
    expect(users[0]?.agentId).toBe(null);
  });

  it("are named to nobody who may not know the names", async () => {
    const { id } = await publish(account, NOTE);
    await (await agentOf(account, "Otter")).reads(id);
    await account.call("GET", `/v1/units/${id}`);
    const { apiKey } = await account.key(["units:read"]);
    const headers = { Authorization: `Bearer ${apiKey}` };
    const shown = await call("GET", `/v1/units/${id}/uses`, { headers });
    const { users } = await shown.json<UsesView>();
    expect(users.map(({ name }) => name)).toEqual([null, null]);
  });

  it("are not those who only found it, looked at it in a session, or were refused", async () => {
    const unit = await publish(account, { ...NOTE, title: "How a smolt finds the sea" });
    const { id } = unit;
    const member = await joined(account, "member");
    const { headers } = await signedIn(member, { accountId: account.accountId });
    expect((await call("GET", `/v1/units/${id}`, { headers })).status).toBe(200);
    await expect
      .poll(async () => (await hits(account, { query: "smolt" })).length, { timeout: 20_000 })
      .toBe(1);
    const stranger = await newAccount();
    expect((await stranger.call("GET", `/v1/units/${id}`)).status).toBe(404);
    expect(await uses(account, id)).toMatchObject({ users: [], others: { accounts: 0, reads: 0 } });
  });

  it("of other accounts are a number and nothing else, on either side", async () => {
    const { id } = await searchable(account, open);
    const [first, second] = [await newAccount(), await newAccount()];
    const [eel, pike] = [await agentOf(first, "Eel"), await agentOf(first, "Pike")];
    for (const one of [eel, eel, pike]) await one.reads(id);
    await second.call("GET", `/v1/units/${id}`);
    const text = await (await account.call("GET", `/v1/units/${id}/uses`)).text();
    expect((JSON.parse(text) as UsesView).others).toEqual({ accounts: 2, reads: 4 });
    for (const secret of [first.accountId, second.accountId, eel.id, pike.id, "Eel"])
      expect(text).not.toContain(secret);
    const theirs = await uses(first, id);
    const names = theirs.users.map(({ name }) => String(name));
    expect(names.toSorted()).toEqual(["Eel", "Pike"]);
    expect(theirs.others.accounts).toBe(2);
    expect(JSON.stringify(theirs)).not.toContain(account.accountId);
  });

  it("of a private unit nobody else is told, nor of one that a rule hides", async () => {
    const { id } = await publish(account, NOTE);
    const stranger = await newAccount();
    const refused = await stranger.call("GET", `/v1/units/${id}/uses`);
    expect((await problemOf(refused)).code).toBe("not-found");
    const { apiKey } = await account.key(["search"]);
    const headers = { Authorization: `Bearer ${apiKey}` };
    expect((await call("GET", `/v1/units/${id}/uses`, { headers })).status).toBe(403);
  });
});

const shardIn = (id: string): number => unitShardOf(id) ?? -1;
const write = async (counted: ShardUses, nowMs = Date.now()) =>
  await servicesOf(env).units.addUses(counted, nowMs);
const useOf = (from: TestAccount, unitId: string, principalId: string, atMs = Date.now()) => ({
  unitId,
  accountId: from.accountId,
  principalId,
  reads: 1,
  firstAtMs: atMs,
  lastAtMs: atMs,
});
const kept = async (id: string): Promise<{ account_id: string; principal_id: string }[]> =>
  (
    await env[`UNITS_${shardIn(id)}` as "UNITS_0"]
      .prepare("SELECT account_id, principal_id FROM unit_use WHERE unit_id = ?")
      .bind(id)
      .all<{ account_id: string; principal_id: string }>()
  ).results;

describe("what is kept of it", () => {
  it("are so many of an account, who read it last, and it is said that there were more", async () => {
    const { id } = await publish(account, NOTE);
    const many = Array.from({ length: USES.ofAccountMax + 9 }, (_, i) =>
      useOf(account, id, `p0_${i}`, Date.now() + i),
    );
    await write({ shard: shardIn(id), uses: many, missed: 0 });
    expect(await kept(id)).toHaveLength(USES.ofAccountMax);
    const { users, partial } = await uses(account, id);
    expect(users[0]?.principalId).toBe(many.at(-1)?.principalId);
    expect(partial).toBe(true);
  });

  it("are so many of a unit, the owner's first however many come from elsewhere", async () => {
    const { id } = await publish(account, open);
    await write({ shard: shardIn(id), uses: [useOf(account, id, "p0_mine", 1)], missed: 0 });
    const nowMs = Date.now();
    const others = Array.from({ length: USES.ofUnitMax + 30 }, (_, i) => ({
      ...useOf(account, id, `p0_${i}`, nowMs),
      accountId: `a0_${i}`,
    }));
    const mine = { ...useOf(account, id, "p0_mine", nowMs - 80 * DAY_MS) };
    await write({ shard: shardIn(id), uses: [mine], missed: 0 });
    for (const from of [0, 300])
      await write({ shard: shardIn(id), uses: others.slice(from, from + 300), missed: 0 });
    expect(await kept(id)).toHaveLength(USES.ofUnitMax);
    const shown = await uses(account, id);
    expect(shown.users.map(({ principalId }) => principalId)).toEqual(["p0_mine"]);
    expect(shown.others.accounts).toBe(USES.ofUnitMax - 1);
    expect(shown.partial).toBe(true);
  });

  it("goes when its reader has not come back for the time that it is kept", async () => {
    const { id } = await publish(account, NOTE);
    const nowMs = Date.now();
    const [old, back] = [nowMs - (USES.keptDays + 2) * DAY_MS, nowMs - 80 * DAY_MS];
    const [gone, kept1] = [useOf(account, id, "p0_gone", old), useOf(account, id, "p0_back", old)];
    await write({ shard: shardIn(id), uses: [gone, kept1], missed: 3 }, old);
    expect(await kept(id)).toHaveLength(2);
    const again = [useOf(account, id, "p0_back", back)];
    await write({ shard: shardIn(id), uses: again, missed: 0 }, back);
    const shown = await uses(account, id);
    expect(shown.users.map(({ principalId, reads }) => [principalId, reads])).toEqual([
      ["p0_back", 2],
    ]);
    await write({ shard: shardIn(id), uses: [], missed: 0 }, nowMs);
    expect((await kept(id)).map((one) => one.principal_id)).toEqual(["p0_back"]);
    const left = await env[`UNITS_${shardIn(id)}` as "UNITS_0"]
      .prepare("SELECT count(*) AS days FROM unit_use_missed WHERE day <= ?")
      .bind(dayOf(old))
      .first<{ days: number }>();
    expect(left?.days).toBe(0);
  });

  it("is nothing of a unit that was erased before it was told", async () => {
    const { id } = await publish(account, NOTE);
    const absent = `${id.slice(0, -6)}000000`;
    await write({ shard: shardIn(id), uses: [useOf(account, absent, "p0_late")], missed: 0 });
    expect(await kept(absent)).toEqual([]);
  });

  it("says that reads are missing where more came at once than an isolate holds", async () => {
    const { id } = await publish(account, NOTE);
    const { accountId } = account;
    for (let i = 0; i <= USES.heldMax; i++) useGathering.add(id, accountId, `p0_${i}`, Date.now());
    const { users, partial } = await uses(account, id);
    expect(users).toHaveLength(USES.ofAccountMax);
    expect(partial).toBe(true);
    const next = await publish(account, { ...NOTE, body: "Some eels never leave their pond." });
    const shown = await uses(account, next.id);
    expect(shown).toMatchObject({ users: [], partial: shardIn(next.id) === shardIn(id) });
  });

  it("is counted as missed, and never twice, where a database did not say whether it was written", async () => {
    const told: ShardUses[] = [];
    const failing = unitUses(env, {
      async addUses(counted) {
        told.push(counted);
        if (told.length === 1) throw new Error("the answer was lost");
      },
    });
    const { id } = await publish(account, NOTE);
    await servicesOf(env).units.usesTold();
    useGathering.add(id, account.accountId, account.principal.principalId, Date.now());
    await failing.usesTold();
    await failing.usesTold();
    expect(told[0]?.uses).toHaveLength(1);
    expect(told[1]).toEqual({ shard: shardIn(id), uses: [], missed: 1 });
    // An operator who wants nothing observed has nobody's reads counted.
    const silent = unitUses({ ...env, WISHUB_OBSERVING: "0" } as Env, { addUses: async () => {} });
    silent.used(createExecutionContext(), id, account.principal, Date.now());
    expect(useGathering.isEmpty).toBe(true);
  });
});

describe("what builds on a unit", () => {
  const linkTo = (unitId: string) => ({ links: [{ rel: "extends" as const, unitId }] });

  it("are one's own units that link to it, newest first, as long as they do", async () => {
    const { id } = await publish(account, NOTE);
    const note = notesAbout("lamprey");
    const first = await searchable(account, note("first", linkTo(id)));
    const second = await searchable(account, {
      ...note("second"),
      links: [
        { rel: "cites", unitId: id },
        { rel: "requires", unitId: id },
      ],
    });
    const { builtOn } = await uses(account, id);
    expect(builtOn).toEqual([
      {
        unitId: second.id,
        title: second.title,
        rels: ["cites", "requires"],
        level: "L3",
        status: "searchable",
      },
      {
        unitId: first.id,
        title: first.title,
        rels: ["extends"],
        level: "L3",
        status: "searchable",
      },
    ]);
    await patch(account, second, { links: [] });
    await account.call("DELETE", `/v1/units/${first.id}`);
    expect((await uses(account, id)).builtOn).toEqual([]);
  });

  it("are public units of others, and never a private one, not even as a number", async () => {
    const note = notesAbout("elver");
    const { id } = await searchable(account, note("first", { visibility: "public" }));
    const other = await newAccount();
    const shared = await searchable(other, note("shared", { ...linkTo(id), visibility: "public" }));
    const own = await searchable(other, note("own", linkTo(id)));
    const shown = await uses(account, id);
    expect(shown.builtOn.map(({ unitId }) => unitId)).toEqual([shared.id]);
    expect(shown.more).toBe(false);
    expect((await uses(other, id)).builtOn.map(({ unitId }) => unitId).toSorted()).toEqual(
      [shared.id, own.id].toSorted(),
    );
  });
});
