import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { services } from "#adapters/index.ts";
import { unitShardStore } from "#db/catalog/unit-shards.ts";
import { unitShardOf } from "#domain/units/id.ts";
import { publishUnits } from "#domain/units/publish.ts";
import { reviseUnit } from "#domain/units/revise.ts";
import { app } from "#workers/http/app.ts";
import { newAccount, ORIGIN, problemOf, type TestAccount, unobserved } from "./helpers.ts";
import { deliver, shardOf, unsent, waiting } from "./pipeline.ts";

const map = unitShardStore(env.CATALOG_0);
/** A process of before the third database was bound, and one whose shards are full after one write. */
const { UNITS_2: added, ...older } = env as Env & { UNITS_2: D1Database };
const small = { ...unobserved, WISHUB_UNITS_SHARD_BYTES: "1" };

let account: TestAccount;
beforeEach(async () => {
  account = await newAccount();
  await env.CATALOG_0.exec("DELETE FROM unit_shard");
  await map.open(2, 0);
});

type Ports = ReturnType<typeof unsent>;

/** Many accounts, since all new units of one account go to one shard; a seed always comes from the same one. */
const ACCOUNTS = 40;
const authorOf = (seed: string) => ({
  ...account.principal,
  accountId: `${account.accountId}${Number(seed.split(" ")[1] ?? 0) % ACCOUNTS}`,
});

async function published(ports: Ports, seeds: string[], nowMs = Date.now()): Promise<string[]> {
  const made = await Promise.all(
    seeds.map(async (seed) => {
      const publication = { input: { title: seed, body: seed }, seed };
      return await publishUnits(ports, authorOf(seed), [publication], nowMs);
    }),
  );
  return made.flat().map((one) => (one.ok ? one.value.head.id : one.error.code));
}
const seedsFrom = (start: number, count: number) =>
  Array.from({ length: count }, (_, i) => `seed ${start + i}`);
const shardsIn = (ids: string[]) =>
  [...new Set(ids.map((id) => unitShardOf(id)))].sort((a, b) => (a ?? -1) - (b ?? -1));
const listed = async (ports: Ports) => {
  const authors = seedsFrom(0, ACCOUNTS).map(authorOf);
  const lists = await Promise.all(
    authors.map(async ({ accountId }) => await ports.units.list(accountId, {}, null, 1_000)),
  );
  return lists.flat().map(({ head }) => head.id);
};
const filled = async (ports: Ports, shards: number) =>
  await vi.waitFor(async () => {
    const { open } = await ports.units.placement(Date.now());
    expect(open).toHaveLength(shards);
  });

describe("a database added to the units family", () => {
  it("takes no unit before it is opened, and then its share", async () => {
    expect(shardsIn(await published(unsent(), seedsFrom(0, 60)))).toEqual([0, 1]);
    await map.open(3, Date.now());
    expect(shardsIn(await published(unsent(), seedsFrom(60, 60)))).toEqual([0, 1, 2]);
  });

  it("moves, loses and doubles nothing while maps of two versions are in use", async () => {
    const stale = unsent(older as Env);
    const seeds = seedsFrom(0, 300);
    const ids: string[] = [];
    for (let start = 0; start < seeds.length; start += 50) {
      if (start === 100) await map.open(3, Date.now());
      const fresh = unsent(); // an isolate that starts now reads the newest map
      const [left, right] = await Promise.all([
        published(stale, seeds.slice(start, start + 25)),
        published(fresh, seeds.slice(start + 25, start + 50)),
      ]);
      ids.push(...left, ...right);
    }
    expect(shardsIn(ids)).toEqual([0, 1, 2]);
    expect((await listed(unsent())).toSorted()).toEqual(ids.toSorted());
    const repeated = [
      ...(await published(unsent(), seeds.slice(0, 150))),
      ...(await published(unsent(), seeds.slice(150))),
    ];
    expect(repeated).toEqual(ids);
    expect(await listed(unsent())).toHaveLength(seeds.length);
  });

  it("takes all or none of what one account publishes", async () => {
    await map.open(3, Date.now());
    const ports = unsent();
    const made = await Promise.all(
      seedsFrom(0, ACCOUNTS).map(async (first) => {
        const publications = [first, `${first} again`, `${first} and again`].map((seed) => ({
          input: { title: seed, body: seed },
          seed,
        }));
        const units = await publishUnits(ports, authorOf(first), publications, Date.now());
        return shardsIn(units.map((one) => (one.ok ? one.value.head.id : one.error.code)));
      }),
    );
    expect(made.map((shards) => shards.length)).toEqual(made.map(() => 1));
    expect(new Set(made.flat())).toEqual(new Set([0, 1, 2]));
  });

  it("has its own relay, and its units pass the pipeline", async () => {
    await map.open(3, Date.now());
    const ids = await published(unsent(), seedsFrom(0, 60));
    const unitId = ids.find((id) => unitShardOf(id) === 2) ?? "";
    expect(shardOf(unitId)).toBe(added);
    await services(env).relay.arm([unitId]);
    expect(await env.RELAY.getByName("UNITS_2").arm("UNITS_2")).toBeGreaterThan(Date.now());
    for (const queue of ["unit-verify", "unit-index"] as const) {
      expect((await deliver(queue, [{ unitId, version: 1 }])).done).toEqual([0]);
    }
    expect((await unsent().units.newest(unitId))?.head.status).toBe("searchable");
    expect(await waiting(unitId)).toEqual([]);
  });
});

describe("a full database of the units family", () => {
  it("takes no new units, while its own are read and revised", async () => {
    const [first = ""] = await published(unsent(small), ["first"]);
    const ports = unsent(small);
    await filled(ports, 1);
    const more = await published(unsent(), seedsFrom(0, 40));
    expect(shardsIn(more)).toEqual([1 - (unitShardOf(first) ?? 0)]);
    const patch = { title: "revised" };
    const change = { unitId: first, expectedVersion: 1, patch, operationId: "op" };
    const revised = await reviseUnit(ports, authorOf("first"), change, Date.now());
    expect(revised.ok && revised.value.version.version).toBe(2);
    expect((await ports.units.newest(first))?.version.content.title).toBe("revised");
  });

  it("makes the next map, once, however many find it full", async () => {
    const before = (await map.read()).version;
    await Promise.all([1, 2, 3].map(async () => await map.fill(0, 9, 1_000)));
    const { version, shards } = await map.read();
    expect(version).toBe(before + 1);
    expect(shards.map(({ fullAtMs }) => fullAtMs)).toEqual([1_000, null]);
  });

  it("among full ones: publishing answers 503 until another is opened, and what was made is found again", async () => {
    const ids = await published(unsent(small), seedsFrom(0, 20));
    await filled(unsent(small), 0);
    const post = async () => {
      const request = new Request(`${ORIGIN}/v1/units`, {
        method: "POST",
        headers: { Authorization: `Bearer ${account.apiKey}`, "Content-Type": "application/json" },
        body: JSON.stringify({ title: "New", body: "words" }),
      });
      const context = createExecutionContext();
      const response = await app.fetch(request, { ...unobserved }, context);
      await waitOnExecutionContext(context);
      return response;
    };
    const refused = await post();
    expect(refused.headers.get("Retry-After")).toBe("300");
    expect((await problemOf(refused)).code).toBe("shards-full");
    expect(await published(unsent(), seedsFrom(0, 20))).toEqual(ids);
    await map.open(3, Date.now());
    expect((await post()).status).toBe(202);
    expect(await published(unsent(), seedsFrom(0, 20))).toEqual(ids);
  });
});
