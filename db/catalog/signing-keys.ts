import { and, asc, eq, isNull } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { publicJwk, type SigningKey } from "#domain/oauth/signing-keys.ts";
import { signingKey } from "#db/catalog/oauth-tables.ts";

export type StoredSigningKey = SigningKey & { sealedPrivateJwk: string };

/** The installation's signing keys, on the catalog's first shard: a row a month. */
export function signingKeyStore(catalog: D1Database) {
  const db = drizzle(catalog, { casing: "snake_case" });
  return {
    async all(): Promise<StoredSigningKey[]> {
      const rows = await db.select().from(signingKey).orderBy(asc(signingKey.generation));
      return rows.map((row) => ({ ...row, publicJwk: publicJwk.parse(row.publicJwk) }));
    },

    /** Of two that make the same generation, the first one's stays. */
    async insert(key: StoredSigningKey): Promise<void> {
      await db.insert(signingKey).values(key).onConflictDoNothing();
    },

    async withdraw(kid: string, nowMs: number): Promise<boolean> {
      const done = await db
        .update(signingKey)
        .set({ withdrawnAtMs: nowMs, sealedPrivateJwk: "" })
        .where(and(eq(signingKey.kid, kid), isNull(signingKey.withdrawnAtMs)))
        .returning({ kid: signingKey.kid });
      return done.length > 0;
    },
  };
}
