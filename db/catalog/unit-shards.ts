import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { ShardMap } from "#domain/units/shard-map.ts";
import { openShardsSql } from "#db/catalog/open-shards.ts";
import { unitShard } from "#db/catalog/tables.ts";

/** The map of the units family's shards. Kept on the catalog's first shard: one row a shard, read rarely. */
export function unitShardStore(catalog: D1Database) {
  const db = drizzle(catalog, { casing: "snake_case" });
  return {
    async read(): Promise<ShardMap> {
      const rows = await db.select().from(unitShard);
      return {
        version: rows.reduce((newest, row) => Math.max(newest, row.version), 0),
        shards: rows.map(({ shard, openedAtMs, fullAtMs }) => ({ shard, openedAtMs, fullAtMs })),
      };
    },

    /** From now on the shards up to `count` take new units. */
    async open(count: number, nowMs: number): Promise<void> {
      await db.run(sql.raw(openShardsSql(count, nowMs)));
    },

    /** From now on the shard takes no new units. Full once, full for good: deleting rows does not shrink a database. */
    async fill(shard: number, bytes: number, nowMs: number): Promise<void> {
      await db.run(sql`
        UPDATE unit_shard SET full_at_ms = ${nowMs}, bytes = ${bytes},
          version = (SELECT max(version) + 1 FROM unit_shard)
        WHERE shard = ${shard} AND full_at_ms IS NULL`);
    },
  };
}
