import { eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { LISTED_CARDS } from "#domain/agents/cards.ts";
import { collection } from "#db/catalog/tables.ts";

/** The public units and the listed cards. */
const SHARED: ReadonlySet<string> = new Set(["public", LISTED_CARDS]);

export type CollectionRow = {
  owner: string;
  space: string;
  target: string | null;
  /** When it began, or last moved. */
  movedAtMs: number;
  /** Near where its shards were made; null when nobody said. */
  home: string | null;
};

/** Which embedding space each collection is in. Kept on the catalog's first shard: one row a collection, read rarely. */
export function collectionStore(shard: D1Database) {
  const db = drizzle(shard, { casing: "snake_case" });
  const fields = {
    owner: collection.owner,
    space: collection.space,
    target: collection.target,
    movedAtMs: collection.movedAtMs,
    home: collection.home,
  };
  return {
    async read(owner: string): Promise<CollectionRow | null> {
      const [row] = await db.select(fields).from(collection).where(eq(collection.owner, owner));
      return row ?? null;
    },

    /** Records the space a collection begins in; what it is in already stays. */
    async begin(owner: string, space: string, nowMs: number): Promise<CollectionRow> {
      // What belongs to all lies where the first account does.
      const first = sql`(SELECT account_id FROM installation ORDER BY id LIMIT 1)`;
      const account = SHARED.has(owner) ? first : sql`${owner.slice(owner.indexOf(".") + 1)}`;
      const home = sql<string | null>`(SELECT region FROM account WHERE id = ${account})`;
      await db
        .insert(collection)
        .values({ owner, space, target: null, movedAtMs: nowMs, home })
        .onConflictDoNothing();
      return (
        (await this.read(owner)) ?? { owner, space, target: null, movedAtMs: nowMs, home: null }
      );
    },

    /** From now on the collection is written in both spaces and read in the old one. */
    async beginMove(owner: string, target: string): Promise<void> {
      await db.update(collection).set({ target }).where(eq(collection.owner, owner));
    },

    /** From now on the collection is read in its new space, if that is still where it was going. */
    async finishMove(owner: string, target: string, nowMs: number): Promise<void> {
      await db
        .update(collection)
        .set({ space: target, target: null, movedAtMs: nowMs })
        .where(sql`${collection.owner} = ${owner} AND ${collection.target} = ${target}`);
    },
  };
}
