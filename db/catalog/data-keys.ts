import { and, asc, count, eq, gt, inArray, isNotNull, ne, notInArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Wrapped } from "#domain/protection/envelope.ts";
import { dataKey } from "#db/catalog/tables.ts";

/** D1 binds at most 100 values to a statement. */
export const SCOPES_PER_READ = 90;

export type DataKeyRow = { scope: string } & ({ wrapped: Wrapped } | { wrapped: null });

/** Data keys by scope. Kept on the catalog's first shard. */
export function dataKeyStore(shard: D1Database) {
  const db = drizzle(shard, { casing: "snake_case" });
  return {
    /** Those of at most `SCOPES_PER_READ` scopes that there are, destroyed ones included. */
    async read(scopes: readonly string[]): Promise<DataKeyRow[]> {
      const rows = await db
        .select()
        .from(dataKey)
        .where(inArray(dataKey.scope, [...scopes]));
      return rows.map(rowOf);
    },

    /** Of two who make a scope's first key at once, one does; both then read the same. */
    async insert(scope: string, { kekId, wrapped }: Wrapped, nowMs: number): Promise<void> {
      await db
        .insert(dataKey)
        .values({ scope, kekId, wrapped, createdAtMs: nowMs })
        .onConflictDoNothing();
    },

    /** For good: the row that stays keeps a scope from ever getting a key again. */
    async destroy(scope: string, nowMs: number): Promise<void> {
      const gone = { kekId: null, wrapped: null, erasedAtMs: nowMs };
      await db
        .insert(dataKey)
        .values({ scope, createdAtMs: nowMs, ...gone })
        .onConflictDoUpdate({
          target: dataKey.scope,
          set: gone,
          setWhere: isNotNull(dataKey.wrapped),
        });
    },

    async destroyedAfter(scope: string, limit: number): Promise<string[]> {
      const rows = await db
        .select({ scope: dataKey.scope })
        .from(dataKey)
        .where(and(gt(dataKey.scope, scope), isNotNull(dataKey.erasedAtMs)))
        .orderBy(asc(dataKey.scope))
        .limit(limit);
      return rows.map((row) => row.scope);
    },

    /** Keys that one of these root keys wraps. */
    async wrappedBy(kekIds: readonly string[], limit: number): Promise<DataKeyRow[]> {
      const rows = await db
        .select()
        .from(dataKey)
        .where(inArray(dataKey.kekId, [...kekIds]))
        .limit(limit);
      return rows.map(rowOf);
    },

    /** Takes the place of `old` only: a key that was destroyed meanwhile does not come back. */
    async rewrap(scope: string, old: Wrapped, { kekId, wrapped }: Wrapped): Promise<void> {
      await db
        .update(dataKey)
        .set({ kekId, wrapped })
        .where(and(eq(dataKey.scope, scope), eq(dataKey.wrapped, old.wrapped)));
    },

    /** How many keys are not under `current`, and how many of those no key of the ring opens. */
    async notUnder(current: string, known: readonly string[]) {
      const live = isNotNull(dataKey.kekId);
      const [[left], [lost]] = await db.batch([
        db
          .select({ keys: count() })
          .from(dataKey)
          .where(and(live, ne(dataKey.kekId, current))),
        db
          .select({ keys: count() })
          .from(dataKey)
          .where(and(live, notInArray(dataKey.kekId, [...known]))),
      ]);
      return { left: left?.keys ?? 0, lost: lost?.keys ?? 0 };
    },
  };
}

function rowOf({ scope, kekId, wrapped }: typeof dataKey.$inferSelect): DataKeyRow {
  return { scope, wrapped: kekId === null || wrapped === null ? null : { kekId, wrapped } };
}
