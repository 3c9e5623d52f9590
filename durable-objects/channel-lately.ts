import type { Lately, Way } from "#domain/channels/item.ts";
import { LIFE_MS } from "#domain/channels/pace.ts";

const MINUTE_MS = 60_000;
const OF_WAY = "id >= ? || ' ' AND id < ? || '!'";

/** A way on which nothing was said looks no further back than so many messages of the other one. */
const LOOKED_AT_MAX = 2_000;

/** What was taken this way within a day, by what is remembered of it; the index over times leads to the newest first. */
export function latelyTaken(sql: SqlStorage, way: Way, nowMs: number): Lately {
  const [last] = sql.exec<{ at: number }>(
    `SELECT at FROM (SELECT id, at_ms AS at FROM seen INDEXED BY seen_by_time WHERE at_ms > ? ORDER BY at_ms DESC LIMIT ?)
       WHERE ${OF_WAY} ORDER BY at DESC LIMIT 1`,
    nowMs - LIFE_MS,
    LOOKED_AT_MAX,
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
