import { sql } from "drizzle-orm";
import { atomically, type UnitsDb } from "#db/units/shards.ts";

/** A collection's units as work for the index queue. */
export function reembedding(databases: readonly UnitsDb[], owner: string) {
  const inCollection =
    owner === "public"
      ? sql`v.visibility = 'public'`
      : sql`v.visibility = 'private' AND unit.account_id = ${owner}`;
  return {
    /** How many of the collection's units wait to be embedded, counted up to `max`. */
    async backlog(max: number): Promise<number> {
      const counts = await Promise.all(
        databases.map(
          async (db) =>
            await db.get<{ units: number }>(sql`
              SELECT count(*) AS units FROM (
                SELECT 1 FROM outbox JOIN unit ON unit.id = outbox.unit_id
                JOIN unit_version v ON v.unit_id = outbox.unit_id AND v.version = outbox.version
                WHERE queue = 'unit-index' AND ${inCollection} LIMIT ${max})`),
        ),
      );
      return counts.reduce((sum, row) => sum + (row?.units ?? 0), 0);
    },

    /** Queues the next served units after `afterId`, due at once; `lastId` is null when the shard has no more. */
    async queuePage(shard: number, afterId: string, limit: number, nowMs: number) {
      const db = databases[shard];
      if (db === undefined) return { queued: 0, lastId: null };
      const served = sql`unit JOIN unit_version v ON v.unit_id = unit.id AND v.version = unit.served_version
        WHERE unit.id > ${afterId} AND ${inCollection} ORDER BY unit.id LIMIT ${limit}`;
      const [page] = await atomically(db, [
        sql`SELECT unit.id FROM ${served}`,
        sql`
          INSERT INTO outbox (queue, unit_id, version, sends, due_at_ms, is_quiet)
          SELECT 'unit-index', id, served_version, 0, ${nowMs}, 1 FROM (SELECT unit.id, unit.served_version FROM ${served})
          WHERE true ON CONFLICT DO NOTHING`,
      ]);
      const ids = page?.results.map((row) => String(row["id"])) ?? [];
      return { queued: ids.length, lastId: ids.length < limit ? null : (ids.at(-1) ?? null) };
    },
  };
}
