import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { unitCache } from "#adapters/unit-cache.ts";
import { unitShardMap } from "#adapters/unit-shards.ts";
import { unitStore } from "#db/units/store.ts";
import { misspelt, newAccount, type TestAccount } from "./helpers.ts";
import { notesAbout, patch, searchable } from "./knowledge.ts";

const note = notesAbout("copiedquoll");
/** The same tables and nothing in them. */
const EMPTY = (env as unknown as { UNITS_2: D1Database }).UNITS_2;
let account: TestAccount;
beforeEach(async () => {
  account = await newAccount();
});

/** The cache of another isolate over databases that have copies, and the sessions that it opens. */
function isolate(copy: D1Database | null = null) {
  let nowMs = 1_000_000;
  const opened: string[] = [];
  const copied = (shard: D1Database): D1Database =>
    new Proxy(shard, {
      get(target, name) {
        if (name !== "withSession") {
          const own: unknown = Reflect.get(target, name);
          return typeof own === "function" ? own.bind(target) : own;
        }
        return (from: string) => {
          opened.push(from);
          const isRead = from !== "first-primary";
          return isRead && copy !== null ? copy.withSession() : target.withSession(from);
        };
      },
    });
  const shards = [copied(env.UNITS_0), copied(env.UNITS_1)];
  const cache = unitCache(unitStore(shards, unitShardMap(env, 2), true), () => nowMs);
  return {
    cache,
    opened,
    title: async (id: string) => {
      const text = await cache.text(id, account.accountId);
      return text === null
        ? null
        : (JSON.parse(new TextDecoder().decode(text.body)) as { title: string }).title;
    },
    later: (ms: number) => (nowMs += ms),
  };
}

/** An isolate that has looked at the shard of a unit. */
async function warmed(id: string, copy: D1Database | null = null) {
  const made = isolate(copy);
  await made.title(id);
  // The first look goes on beside the request.
  await expect.poll(() => made.opened.length).toBeGreaterThan(0);
  await made.title(id);
  made.later(5_000);
  await made.title(id);
  return made;
}

describe("units read from copies of their database", () => {
  it("come from one that has at least what the last check saw", async () => {
    const unit = await searchable(account, note("In a copy", { visibility: "public" }));
    const { opened, title } = await warmed(unit.id);
    expect(opened).toContain("first-primary");
    opened.length = 0;
    // Not kept, as a unit that nobody has: read from a copy first, and then where it would be written.
    expect(await title(misspelt(unit.id))).toBeNull();
    expect(opened.filter((from) => from !== "first-primary")).toHaveLength(1);
    expect(opened[0]).not.toBe("first-unconstrained");
    expect(opened[0]?.length).toBeGreaterThan(8);
  });

  it("are found though no copy has heard of them, and are never older than a check", async () => {
    // An empty database is a copy that is behind by everything.
    const unit = await searchable(account, note("Before", { visibility: "public" }));
    const { title, later } = await warmed(unit.id, EMPTY);
    const fresh = await searchable(account, note("Unheard of", { visibility: "public" }));
    expect(await title(fresh.id)).toBe("Unheard of copiedquoll");
    await patch(account, unit, { title: "After" });
    later(5_000);
    expect(await title(unit.id)).toBe("After");
  });

  it("come from the database itself after a change made here, until the next check", async () => {
    const unit = await searchable(account, note("Changed here", { visibility: "public" }));
    const { cache, opened, title, later } = await warmed(unit.id);
    opened.length = 0;
    cache.changed(unit.id);
    await title(unit.id);
    expect(opened).toEqual([]);
    later(5_000);
    cache.changed(unit.id);
    await title(unit.id);
    await expect.poll(() => opened).toContain("first-primary");
  });
});
