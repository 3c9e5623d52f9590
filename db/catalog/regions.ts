import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { cardsOwner, LISTED_CARDS } from "#domain/agents/cards.ts";
import { type Home, isJurisdiction } from "#domain/regions/regions.ts";
import { account, collection, installation } from "#db/catalog/tables.ts";

/** Where an account's objects are made. Kept on the catalog's first shard, beside the collections. */
export function regionStore(shard: D1Database) {
  const db = drizzle(shard, { casing: "snake_case" });
  return {
    async account(id: string) {
      const [row] = await db
        .select({ id: account.id, name: account.name, region: account.region })
        .from(account)
        .where(eq(account.id, id));
      return row ?? null;
    },

    /**
     * Holds for collections that begin from now on, and for those of which nobody had said where they are, unless it is
     * a jurisdiction: what lies outside one cannot be said to be inside.
     */
    async setRegion(accountId: string, region: Home | null): Promise<void> {
      const [first] = await db
        .select()
        .from(installation)
        .where(eq(installation.accountId, accountId));
      const own = [accountId, cardsOwner(accountId, "private")];
      const owners = first === undefined ? own : [...own, "public", LISTED_CARDS];
      const isMade = isJurisdiction(region) ? sql`false` : isNull(collection.home);
      await db.batch([
        db.update(account).set({ region }).where(eq(account.id, accountId)),
        db
          .update(collection)
          .set({ home: region })
          .where(and(inArray(collection.owner, owners), isMade)),
      ]);
    },
  };
}
