import { DurableObject } from "cloudflare:workers";
import { services } from "#adapters/index.ts";
import type { UnitInput } from "#domain/units/model.ts";
import { publishUnits, type UnitRef } from "#domain/units/publish.ts";
import { indexUnits } from "#domain/units/index-units.ts";
import { verifyUnits } from "#domain/units/verify.ts";
import { Relay as ProductRelay } from "#objects/relay.ts";
import { SearchShard as ProductShard } from "#objects/search-shard.ts";

export { Account } from "#objects/account.ts";
export { Collection } from "#objects/collection.ts";

// The product's own publishing, verifying and indexing over real D1 databases and objects, with everything that the
// platform bills counted on its way.

const counted = { d1Rows: 0, searchRows: 0, queueMessages: 0, objectRequests: 0 };
const d1Bytes = new Map<string, number>();
const searchBytes = new Map<string, number>();

export class SearchShard extends ProductShard {
  constructor(ctx: DurableObjectState, env: Env) {
    const { sql, kv } = ctx.storage;
    const { exec } = sql;
    const { put } = kv;
    const counting = (...args: Parameters<typeof exec>) => {
      const cursor = exec.apply(sql, args);
      counted.searchRows += cursor.rowsWritten;
      if (cursor.rowsWritten > 0) searchBytes.set(ctx.id.toString(), sql.databaseSize);
      return cursor;
    };
    Object.defineProperty(sql, "exec", { value: counting });
    Object.defineProperty(kv, "put", {
      value: (...args: Parameters<typeof put>) => {
        counted.searchRows++;
        put.apply(kv, args);
      },
    });
    super(ctx, env);
  }
}

/** The nearest real thing to an agent that hibernates: an object with one row, and one small write to it. */
export class OneRow extends DurableObject<Env> {
  write(state: string): { bytes: number; rows: number } {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, value TEXT) STRICT");
    sql.exec("INSERT OR REPLACE INTO state VALUES (1, ?)", state);
    const { rowsWritten } = sql.exec("UPDATE state SET value = ? WHERE id = 1", `${state}.`);
    return { bytes: sql.databaseSize, rows: rowsWritten };
  }
}

type Statement = D1PreparedStatement & { inner: D1PreparedStatement };

function countingD1(name: string, database: D1Database): D1Database {
  const count = <T extends { meta: D1Meta }>(result: T): T => {
    counted.d1Rows += result.meta.rows_written;
    d1Bytes.set(name, result.meta.size_after);
    return result;
  };
  const wrap = (inner: D1PreparedStatement): Statement =>
    ({
      inner,
      bind: (...values: unknown[]) => wrap(inner.bind(...values)),
      run: async () => count(await inner.run()),
      all: async () => count(await inner.all()),
      raw: async () => await inner.raw(),
      first: async () => await inner.first(),
    }) as unknown as Statement;
  return {
    prepare: (sql: string) => wrap(database.prepare(sql)),
    batch: async (statements: Statement[]) =>
      (await database.batch(statements.map(({ inner }) => inner))).map(count),
  } as unknown as D1Database;
}

function countingObjects<N extends { getByName(name: string, options?: object): object }>(
  namespace: N,
): N {
  const stub = (inner: object) =>
    new Proxy(inner, {
      get: (target, method) => {
        counted.objectRequests++;
        return (...args: unknown[]) =>
          (target as Record<PropertyKey, (...args: unknown[]) => unknown>)[method]?.(...args);
      },
    });
  return {
    getByName: (name: string, options?: object) => stub(namespace.getByName(name, options)),
  } as unknown as N;
}

const countingQueue = {
  sendBatch: (messages: object[]) => {
    counted.queueMessages += messages.length;
    return Promise.resolve();
  },
} as unknown as Queue;

const counting = (env: Env): Env => ({
  ...env,
  CATALOG_0: countingD1("catalog", env.CATALOG_0),
  UNITS_0: countingD1("0", env.UNITS_0),
  UNITS_1: countingD1("1", env.UNITS_1),
  SEARCH_SHARD: countingObjects(env.SEARCH_SHARD),
  RELAY: countingObjects(env.RELAY),
  UNIT_VERIFY: countingQueue,
  UNIT_INDEX: countingQueue,
});

/** New units are written in here. */
export class Relay extends ProductRelay {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, counting(env));
  }
}

let ports: ReturnType<typeof services> | null = null;
const portsOf = (env: Env) => (ports ??= services(counting(env)));

const AUTHOR = { accountId: "a0_0000000000000000", principalId: "p0_0000000000000000" };
const INDEXED_TOGETHER = 32;

async function published(env: Env, inputs: UnitInput[], seed: string): Promise<void> {
  const all = portsOf(env);
  const { id: space } = all.spaces.preferred;
  const publications = inputs.map((input, i) => ({
    input: { ...input, space },
    seed: `${seed} ${i}`,
  }));
  const made = await publishUnits(all, AUTHOR, publications, Date.now());
  const refs = made.flatMap((one): UnitRef[] => {
    if (!one.ok) throw new Error(JSON.stringify(one.error));
    return [{ unitId: one.value.head.id, version: 1 }];
  });
  await verifyUnits(all, refs, Date.now());
  for (let start = 0; start < refs.length; start += INDEXED_TOGETHER)
    await indexUnits(all, refs.slice(start, start + INDEXED_TOGETHER), Date.now());
  const stored = await all.units.many(refs);
  const lost = stored.filter(({ version }) => version.status !== "searchable").length;
  if (lost > 0 || stored.length < refs.length) throw new Error(`${lost} units are not searchable`);
}

export default {
  async fetch(request: Request, env: Env & { ONE_ROW: DurableObjectNamespace<OneRow> }) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/migrate") {
      const { binding, statements } = await request.json<{
        binding: "CATALOG_0" | "UNITS_0" | "UNITS_1";
        statements: string[];
      }>();
      for (const statement of statements) await env[binding].prepare(statement).run();
    }
    if (pathname === "/publish")
      await published(env, await request.json<UnitInput[]>(), searchParams.get("seed") ?? "");
    if (pathname === "/one-row")
      return Response.json(await env.ONE_ROW.getByName("one").write("s".repeat(400)));
    const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0);
    return Response.json({
      ...counted,
      d1Bytes: sum(["0", "1"].map((shard) => d1Bytes.get(shard) ?? 0)),
      searchBytes: sum(searchBytes.values()),
    });
  },
};
