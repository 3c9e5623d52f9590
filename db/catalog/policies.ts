import { and, desc, eq, lt, lte, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { PolicyRecord } from "#domain/policies/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { account, policy } from "#db/catalog/tables.ts";

/** The versions of each account's policy; the account's row names the one in force. */
export function policyStore(catalog: D1Database) {
  const db = drizzle(catalog, { casing: "snake_case" });
  return {
    async policy(accountId: string, version: number): Promise<PolicyRecord | null> {
      const [row] = await db
        .select()
        .from(policy)
        .where(and(eq(policy.accountId, accountId), eq(policy.version, version)));
      return row ?? null;
    },

    /** The version in force, as the catalog has it now; 0 where there was never one. */
    async policyVersion(accountId: string): Promise<number> {
      const [row] = await db
        .select({ version: account.policyVersion })
        .from(account)
        .where(eq(account.id, accountId));
      return row?.version ?? 0;
    },

    /** Newest first, those before `before`. */
    async policies(accountId: string, before: number, limit: number): Promise<PolicyRecord[]> {
      return await db
        .select()
        .from(policy)
        .where(and(eq(policy.accountId, accountId), lt(policy.version, before)))
        .orderBy(desc(policy.version))
        .limit(limit);
    },

    /** Puts a version in force if it follows the one that is; of two at once, one does. */
    async putPolicy(record: PolicyRecord): Promise<"done" | "stale"> {
      const { accountId, version } = record;
      const oldest = version - LIMITS.policyVersionsMax;
      const inForce = and(eq(account.id, accountId), eq(account.policyVersion, version));
      const row = db
        .select({
          accountId: account.id,
          version: account.policyVersion,
          otherwise: sql`${record.otherwise}`.as("otherwise"),
          rules: sql`${JSON.stringify(record.rules)}`.as("rules"),
          principalId: sql`${record.principalId}`.as("principal_id"),
          createdAtMs: sql`${record.createdAtMs}`.as("created_at_ms"),
        })
        .from(account)
        .where(inForce);
      const [moved] = await db.batch([
        db
          .update(account)
          .set({ policyVersion: version })
          .where(and(eq(account.id, accountId), eq(account.policyVersion, version - 1)))
          .returning({ id: account.id }),
        db.insert(policy).select(row).onConflictDoNothing(),
        db.delete(policy).where(and(eq(policy.accountId, accountId), lte(policy.version, oldest))),
      ]);
      return moved.length > 0 ? "done" : "stale";
    },
  };
}
