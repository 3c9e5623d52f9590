import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { unitCache } from "#adapters/unit-cache.ts";
import { unitShardMap } from "#adapters/unit-shards.ts";
import { unitStore } from "#db/units/store.ts";
import type { UnitView } from "#domain/units/model.ts";
import { call, newAccount, type TestAccount } from "./helpers.ts";
import { notesAbout, patch, publish, read, searchable, until } from "./knowledge.ts";
import { publishUnsent, shardOf } from "./pipeline.ts";

const store = unitStore([env.UNITS_0, env.UNITS_1], unitShardMap(env, 2));
/** As long as one isolate may believe what it read. */
const LIFE_MS = 5_000;

let account: TestAccount;
let other: TestAccount;
beforeEach(async () => {
  [account, other] = [await newAccount(), await newAccount()];
});

/** The cache of another isolate than the product's, which hears of changes through the databases only. */
function isolate() {
  let nowMs = 1_000_000;
  const reads = { units: 0, changes: 0 };
  const asked = new Set<D1Database>();
  const counted = {
    async current(ids: readonly string[]) {
      reads.units++;
      return await store.current(ids);
    },
    async changesAfter(shard: number, after: number | null) {
      reads.changes++;
      return await store.changesAfter(shard, after);
    },
  };
  const cache = unitCache(counted, () => nowMs);
  const title = async (id: string, reader: TestAccount) => {
    const text = await cache.text(id, reader.accountId);
    return text === null
      ? null
      : (JSON.parse(new TextDecoder().decode(text.body)) as UnitView).title;
  };
  /** The first read of a shard only asks for its place; what comes after it may be kept. */
  const warm = async (id: string) => {
    await title(id, account);
    if (!asked.has(shardOf(id))) await expect.poll(() => reads.changes).toBeGreaterThan(0);
    asked.add(shardOf(id));
    await title(id, account);
    reads.units = 0;
    reads.changes = 0;
  };
  return { cache, reads, title, warm, later: (ms: number) => (nowMs += ms) };
}

const note = notesAbout("quollcache");

describe("an isolate's units", () => {
  it("cost one read of storage, however often they are read and by whom", async () => {
    const unit = await searchable(account, note("Read often", { visibility: "public" }));
    const { reads, title, warm } = isolate();
    await warm(unit.id);
    for (let times = 0; times < 20; times++) {
      expect(await title(unit.id, account)).toBe(unit.title);
      expect(await title(unit.id, other)).toBe(unit.title);
    }
    expect(reads).toEqual({ units: 0, changes: 0 });
  });

  it("stay their owner's alone while they are private, and the salt too", async () => {
    const mine = await searchable(account, note("Mine"));
    const ours = await searchable(account, note("Ours", { visibility: "public" }));
    const { cache, title, warm } = isolate();
    for (const { id } of [mine, ours]) await warm(id);
    expect(await title(mine.id, other)).toBeNull();
    expect(await title(ours.id, other)).toBe(ours.title);
    const text = await cache.text(mine.id, account.accountId);
    expect(JSON.parse(new TextDecoder().decode(text?.body))).toEqual(await read(account, mine.id));
  });

  it("are never more than five seconds behind a change that another isolate made", async () => {
    const unit = await searchable(account, note("Before", { visibility: "public" }));
    const { title, warm, later } = isolate();
    await warm(unit.id);
    await account.call("DELETE", `/v1/units/${unit.id}`);
    expect(await title(unit.id, other)).toBe(unit.title); // what a lagging isolate may still say
    later(LIFE_MS);
    expect(await title(unit.id, other)).toBeNull();
    expect(await title(unit.id, account)).toBe(unit.title);
  });

  it("cost few reads of storage when very many ask for them at once that were not read before", async () => {
    const units = await Promise.all(
      Array.from({ length: 6 }, (_, i) => searchable(account, note(`Cold ${i}`))),
    );
    const { reads, title } = isolate();
    const asked = Array.from({ length: 120 }, (_, i) => units[i % units.length]);
    const titles = await Promise.all(asked.map((unit) => title(unit?.id ?? "", account)));
    expect(titles).toEqual(asked.map((unit) => unit?.title));
    expect(reads.units).toBeLessThan(20);
    expect(await title("u0_nobodymadethisunit000000000", account)).toBeNull();
  });

  it("are checked beside requests long before that, so that no reader waits for it", async () => {
    const unit = await searchable(account, note("Old title"));
    const { reads, title, warm, later } = isolate();
    await warm(unit.id);
    await patch(account, unit, { title: "New title quollcache" });
    later(2_000);
    expect(await title(unit.id, account)).toBe(unit.title);
    await expect.poll(() => title(unit.id, account)).toBe("New title quollcache");
    expect(reads.changes).toBe(1);
  });

  it("are not kept on their way through verification", async () => {
    const settled = await searchable(account, note("Settled"));
    const pending = await publishUnsent(account, note("Pending"));
    const { reads, title, warm } = isolate();
    await warm(settled.id);
    await warm(pending.unitId);
    await title(pending.unitId, account);
    await title(pending.unitId, account);
    expect(reads.units).toBe(2);
  });

  it("are read anew when a change may have overtaken the read", async () => {
    const unit = await searchable(account, note("Raced"));
    const { cache, reads, title, warm } = isolate();
    await warm(unit.id);
    cache.changed(unit.id);
    const reading = title(unit.id, account);
    cache.changed(unit.id); // while the read is under way
    await reading;
    await title(unit.id, account);
    expect(reads.units).toBe(2);
  });

  it("are all forgotten where the shard no longer says what changed", async () => {
    const unit = await searchable(account, note("Trimmed"));
    const { title, warm, later } = isolate();
    await patch(account, unit, { title: "Second title quollcache" });
    await until(account, unit.id, "searchable");
    await warm(unit.id);
    const before = { id: unit.id, version: 2 };
    await patch(account, before, { title: "Third title quollcache" });
    const shard = shardOf(unit.id);
    await shard.prepare("DELETE FROM unit_change").run();
    await shard.prepare("INSERT INTO unit_change VALUES (50000, 'some other unit')").run();
    later(LIFE_MS);
    expect(await title(unit.id, account)).toBe("Third title quollcache");
  });
});

describe("the product", () => {
  it("shows a change as soon as it is made, to the one who made it", async () => {
    const unit = await searchable(account, note("First", { visibility: "public" }));
    await read(other, unit.id);
    await read(other, unit.id);
    await patch(account, unit, { title: "Changed quollcache" });
    expect((await read(account, unit.id)).title).toBe("Changed quollcache");
    await account.call("DELETE", `/v1/units/${unit.id}`);
    expect((await other.call("GET", `/v1/units/${unit.id}`)).status).toBe(404);
  });

  it("answers 304 to a reader who has the version already, and 404 to whoever may not see it", async () => {
    const unit = await searchable(account, note("Tagged"));
    for (const _ of ["from storage", "from memory"]) {
      const again = await account.call("GET", `/v1/units/${unit.id}`, {
        headers: { "If-None-Match": '"1"' },
      });
      expect([again.status, again.headers.get("ETag"), await again.text()]).toEqual([
        304,
        '"1"',
        "",
      ]);
      expect((await other.call("GET", `/v1/units/${unit.id}`)).status).toBe(404);
      expect((await call("GET", `/v1/units/${unit.id}`)).status).toBe(401);
    }
  });

  it("writes no row that says a unit changed while it is published and verified", async () => {
    const changes = async () =>
      (
        await Promise.all(
          [env.UNITS_0, env.UNITS_1].map((shard) =>
            shard.prepare("SELECT coalesce(max(seq), 0) AS seq FROM unit_change").first("seq"),
          ),
        )
      ).reduce((sum: number, seq) => sum + Number(seq), 0);
    const before = await changes();
    const unit = await searchable(account, note("Quiet"));
    await until(account, (await publish(account, note("Quiet too"))).id, "searchable");
    expect(await changes()).toBe(before);
    await patch(account, unit, { title: "Loud quollcache" });
    expect(await changes()).toBe(before + 1);
  });
});
