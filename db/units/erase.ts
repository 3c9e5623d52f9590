import { type SQL, sql } from "drizzle-orm";
import type { VersionKey } from "#domain/units/record.ts";
import { atomically, grouped, inChunks, type UnitsDb } from "#db/units/shards.ts";

const IDS_PER_BATCH = 40;
const VERSIONS_MAX = 2_000;

/** Takes units away for good, as if they had never been; only an erasure does. */
export function unitErasure(databases: readonly UnitsDb[]) {
  return {
    /** Every version of at most `limit` units of a shard whose first version this principal made. */
    async begunBy(accountId: string, principalId: string, limit: number): Promise<VersionKey[]> {
      const found = await Promise.all(
        databases.map(async (db) => {
          const { results } = await db.$client
            .prepare(
              `SELECT unit.account_id AS accountId, v.unit_id AS unitId, v.version, v.visibility, v.content_key AS contentKey
                 FROM unit_version AS v JOIN unit ON unit.id = v.unit_id
                 WHERE v.unit_id IN (SELECT unit.id FROM unit JOIN unit_version AS f ON f.unit_id = unit.id AND f.version = 1
                   WHERE unit.account_id = ?1 AND f.principal_id = ?2 LIMIT ?3)
                 LIMIT ${VERSIONS_MAX}`,
            )
            .bind(accountId, principalId, limit)
            .all<VersionKey>();
          return results;
        }),
      );
      return found.flat();
    },

    /** With everything that hangs on them; answers how many rows went, by table. Isolates that keep one are told. */
    async erase(ids: string[]): Promise<Record<string, number>> {
      const removed: Record<string, number> = {};
      for (const [db, mine] of grouped(databases, ids, (id) => id)) {
        const batches = await inChunks(mine, IDS_PER_BATCH, async (chunk) => [
          await eraseIn(db, chunk),
        ]);
        for (const rows of batches)
          for (const [table, count] of Object.entries(rows))
            removed[table] = (removed[table] ?? 0) + count;
      }
      return removed;
    },

    /** What is known of what a principal has read; answers how many rows went. */
    async forgetUses(accountId: string, principalId: string): Promise<number> {
      const done = await Promise.all(
        databases.map(async (db) => {
          const forget = db.$client.prepare(
            "DELETE FROM unit_use WHERE account_id = ? AND principal_id = ?",
          );
          return (await forget.bind(accountId, principalId).run()).meta.changes;
        }),
      );
      return done.reduce((sum, rows) => sum + rows, 0);
    },
  };
}

async function eraseIn(db: UnitsDb, ids: string[]): Promise<Record<string, number>> {
  const among = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const steps: [table: string, step: SQL][] = [
    [
      "unit_change",
      sql`INSERT INTO unit_change (unit_id) SELECT value FROM json_each(${JSON.stringify(ids)})`,
    ],
    ["outbox", sql`DELETE FROM outbox WHERE unit_id IN ${among}`],
    ["dead_letter", sql`DELETE FROM dead_letter WHERE unit_id IN ${among}`],
    ["evidence", sql`DELETE FROM evidence WHERE unit_id IN ${among}`],
    ["unit_use", sql`DELETE FROM unit_use WHERE unit_id IN ${among}`],
    [
      "unit_link",
      sql`DELETE FROM unit_link WHERE (target_id, owner, unit_id) IN (
      SELECT link.value->>'unitId', owner.value, v.unit_id
      FROM unit_version AS v JOIN unit ON unit.id = v.unit_id JOIN json_each(v.content, '$.links') AS link
      JOIN json_each(json_array('public', unit.account_id)) AS owner
      WHERE v.unit_id IN ${among})`,
    ],
    ["unit_link", sql`DELETE FROM unit_link WHERE target_id IN ${among}`],
    ["unit_version", sql`DELETE FROM unit_version WHERE unit_id IN ${among}`],
    ["unit", sql`DELETE FROM unit WHERE id IN ${among}`],
  ];
  const results = await atomically(
    db,
    steps.map(([, step]) => step),
  );
  const removed: Record<string, number> = {};
  for (const [i, [table]] of steps.entries()) {
    const rows = results[i]?.meta.changes ?? 0;
    if (table !== "unit_change" && rows > 0) removed[table] = (removed[table] ?? 0) + rows;
  }
  return removed;
}
