import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { PlanName } from "#domain/limits/plans.ts";
import { account } from "#db/catalog/tables.ts";

/** What accounts may ask for. */
export function planStore(shard: D1Database) {
  const db = drizzle(shard, { casing: "snake_case" });
  return {
    /** As it is stored; null where there is no such account. */
    async planName(accountId: string): Promise<string | null> {
      const found = await db
        .select({ plan: account.plan })
        .from(account)
        .where(eq(account.id, accountId))
        .get();
      return found?.plan ?? null;
    },

    /** Whether there is such an account. */
    async setPlan(accountId: string, plan: PlanName): Promise<boolean> {
      const done = await db
        .update(account)
        .set({ plan })
        .where(eq(account.id, accountId))
        .returning({ id: account.id });
      return done.length > 0;
    },
  };
}
