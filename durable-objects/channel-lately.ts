import type { Lately, Way } from "#domain/channels/item.ts";
import { LIFE_MS } from "#domain/channels/pace.ts";

const MINUTE_MS = 60_000;
const OF_WAY = "id >= ? || ' ' AND id < ? || '!'";

/** What was taken this way within a day, by what is remembered of it; the index over times leads to the newest first. */
export function latelyTaken(sql: SqlStorage, way: Way, nowMs: number): Lately {
  const [last] = sql.exec<{ at: number }>(
    `SELECT at_ms AS at FROM seen INDEXED BY seen_by_time WHERE at_ms > ? AND ${OF_WAY} ORDER BY at_ms DESC LIMIT 1`,
    nowMs - LIFE_MS,
    way,
    way,
  );
  const { n } = sql
    .exec<{ n: number }>(
      `SELECT count(*) AS n FROM seen INDEXED BY seen_by_time WHERE at_ms > ? AND ${OF_WAY}`,
      nowMs - MINUTE_MS,
      way,
      way,
    )
    .one();
  return { lastMs: last?.at ?? null, lastMinute: n };
}
