import { and, asc, desc, eq, notInArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { pushSubscription } from "#db/catalog/push-tables.ts";

export type PushRecord = typeof pushSubscription.$inferSelect;

/** Which browsers show whose notifications. */
export function pushStore(catalog: D1Database) {
  const db = drizzle(catalog, { casing: "snake_case" });
  const { id, accountId, principalId, createdAtMs } = pushSubscription;
  return {
    /** The oldest of a principal's go where there are more than `max`. */
    async putSubscription(record: PushRecord, max: number): Promise<void> {
      const newest = db
        .select({ id })
        .from(pushSubscription)
        .where(eq(principalId, record.principalId))
        .orderBy(desc(createdAtMs), desc(id))
        .limit(max);
      await db.batch([
        db
          .insert(pushSubscription)
          .values(record)
          .onConflictDoUpdate({
            target: id,
            set: { subscription: record.subscription, createdAtMs: record.createdAtMs },
          }),
        db
          .delete(pushSubscription)
          .where(and(eq(principalId, record.principalId), notInArray(id, newest))),
      ]);
    },

    async subscriptions(of: { accountId: string; principalId: string }): Promise<PushRecord[]> {
      return await db
        .select()
        .from(pushSubscription)
        .where(and(eq(principalId, of.principalId), eq(accountId, of.accountId)))
        .orderBy(asc(createdAtMs), asc(id));
    },

    async dropSubscription(
      of: { accountId: string; principalId: string },
      which: string,
    ): Promise<boolean> {
      const gone = await db
        .delete(pushSubscription)
        .where(and(eq(id, which), eq(principalId, of.principalId), eq(accountId, of.accountId)))
        .returning({ id });
      return gone.length > 0;
    },
  };
}
