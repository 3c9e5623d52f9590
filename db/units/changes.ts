import type { UnitsDb } from "#db/units/shards.ts";

/** Rows a shard keeps of its changes; an isolate that has read fewer than the newest of these forgets the whole shard. */
export const CHANGES_KEPT = 10_000;
const READ_MAX = 1_000;

/**
 * What changed after `seq`: the units, and how far that is. `ids` is null when there is more than can be told. A copy
 * of the shard that is read from `bookmark` on (D1's own) has at least that; null where there are no copies.
 */
export type Changes = { seq: number; ids: string[] | null; bookmark: string | null };

/** The changes of settled units on each D1 shard, in order. They are read where the shard is written. */
export function changeFeed(databases: readonly UnitsDb[], hasCopies: boolean) {
  return {
    /** `after` is null at the start: then only the place is asked for. */
    async changesAfter(shard: number, after: number | null): Promise<Changes> {
      const client = databases[shard]?.$client;
      if (client === undefined) return { seq: 0, ids: [], bookmark: null };
      const session = hasCopies ? client.withSession("first-primary") : null;
      // The row of `after` itself comes along, as the proof that nothing behind it was trimmed.
      const { results } = await (session ?? client)
        .prepare(
          after === null
            ? "SELECT seq, unit_id AS id FROM unit_change ORDER BY seq DESC LIMIT 1"
            : "SELECT seq, unit_id AS id FROM unit_change WHERE seq >= ?1 ORDER BY seq LIMIT ?2",
        )
        .bind(...(after === null ? [] : [after, READ_MAX + 1]))
        .all<{ seq: number; id: string }>();
      const bookmark = session?.getBookmark() ?? null;
      const newest = results.at(-1)?.seq ?? 0;
      if (after === null) return { seq: newest, ids: null, bookmark };
      const [first] = results;
      const isWhole = first === undefined ? after === 0 : first.seq === Math.max(1, after);
      if (!isWhole || results.length > READ_MAX) return await this.changesAfter(shard, null);
      const ids = results.filter(({ seq }) => seq > after).map(({ id }) => id);
      return { seq: newest, ids, bookmark };
    },
  };
}
