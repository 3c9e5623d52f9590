import { sql } from "drizzle-orm";
import type { UnitRef } from "#domain/units/publish.ts";
import { atomically, type UnitsDb } from "#db/units/shards.ts";
import { noteChange, RESEND_AFTER_MS } from "#db/units/write.ts";

/** Units of one step: its statements are short, and what it leaves for the queue is a few batches. */
export const UNITS_PER_HOLD = 200;

/** What was changed and how far that is; `after` is null at the end. */
export type HoldStep = { refs: UnitRef[]; after: string | null };

/**
 * Withholds the next units that an agent wrote a version of, or lets them out, each with an outbox row in the same
 * batch: the index queue then takes them out of search or puts them back. A step done twice does no harm.
 */
export async function holdUnits(
  db: UnitsDb,
  agentId: string,
  { isHeld, after }: { isHeld: boolean; after: string },
  nowMs: number,
): Promise<HoldStep> {
  // The index holds agents' ids only, and the query says so too.
  const { results } = await db.$client
    .prepare(
      `SELECT DISTINCT unit_id AS id FROM unit_version
         WHERE principal_id = ?1 AND principal_id >= 'n' AND principal_id < 'o' AND unit_id > ?2
         ORDER BY unit_id LIMIT ${UNITS_PER_HOLD}`,
    )
    .bind(agentId, after)
    .all<{ id: string }>();
  if (results.length === 0) return { refs: [], after: null };
  const ids = results.map(({ id }) => id);
  const among = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const standing = isHeld
    ? sql`v.version = unit.version`
    : sql`v.status IN ('verifying', 'searchable')`;
  const [, left] = await atomically(db, [
    isHeld
      ? sql`UPDATE unit SET withheld_at_ms = ${nowMs} WHERE id IN ${among} AND withheld_at_ms IS NULL`
      : sql`UPDATE unit SET withheld_at_ms = NULL, released_at_ms = ${nowMs}
          WHERE id IN ${among}`,
    sql`INSERT INTO outbox (queue, unit_id, version, sends, due_at_ms)
      SELECT 'unit-index', v.unit_id, v.version, 1, ${nowMs + RESEND_AFTER_MS}
      FROM unit JOIN unit_version AS v ON v.unit_id = unit.id
      WHERE unit.id IN ${among} AND unit.status <> 'retracted' AND ${standing}
      ON CONFLICT DO UPDATE SET due_at_ms = excluded.due_at_ms, is_quiet = NULL RETURNING unit_id, version`,
    ...noteChange(sql`SELECT id FROM unit WHERE id IN ${among}`),
  ]);
  const refs = (left?.results ?? []).map((row) => ({
    unitId: String(row["unit_id"]),
    version: Number(row["version"]),
  }));
  return { refs, after: ids.length < UNITS_PER_HOLD ? null : (ids.at(-1) ?? null) };
}
