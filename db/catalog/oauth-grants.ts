import { and, desc, eq, gt, inArray, isNull, lte, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { type Scope, SCOPES } from "#domain/accounts/model.ts";
import type { CodeRecord } from "#domain/oauth/authorize.ts";
import type { GrantRecord } from "#domain/oauth/grants.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { behind, newestFirst } from "#db/newest-first.ts";
import { liveKey } from "#db/catalog/oauth.ts";
import { oauthClient, oauthCode, oauthGrant } from "#db/catalog/oauth-tables.ts";
import { account, principal } from "#db/catalog/tables.ts";

/** At most so many rows that ran out are removed beside one that is written. */
const SWEEP_ROWS = 100;

/** Consents and what they turn into. What ran out is removed beside what is written. */
export function oauthGrantStore(catalog: D1Database) {
  const db = drizzle(catalog, { casing: "snake_case" });
  return { ...codes(db), ...families(db), ...turns(db), ...given(db) };
}

type CatalogDb = ReturnType<typeof drizzle>;

function codes(db: CatalogDb) {
  return {
    async insertCode(code: CodeRecord, nowMs: number): Promise<void> {
      const old = db
        .select({ id: oauthCode.id })
        .from(oauthCode)
        .where(lte(oauthCode.expiresAtMs, nowMs))
        .limit(SWEEP_ROWS);
      await db.batch([
        db.delete(oauthCode).where(inArray(oauthCode.id, old)),
        db.insert(oauthCode).values(code),
      ]);
    },

    /** Whether anybody has let a client do something, or is about to. */
    async holdsSomething(clientId: string): Promise<boolean> {
      const row = await db.get<{ holds: number } | undefined>(sql`
        SELECT EXISTS (SELECT 1 FROM oauth_grant WHERE client_id = ${clientId} AND revoked_at_ms IS NULL)
          OR EXISTS (SELECT 1 FROM oauth_code WHERE client_id = ${clientId}) AS holds`);
      return row?.holds === 1;
    },

    async code(id: string): Promise<CodeRecord | null> {
      const [row] = await db.select().from(oauthCode).where(eq(oauthCode.id, id));
      return row === undefined ? null : { ...row, scopes: knownScopes(row.scopes) };
    },
  };
}

function families(db: CatalogDb) {
  return {
    /** Of two that come from the same consent, the first one is stored. The account's oldest make room. */
    async insertGrant(grant: GrantRecord, nowMs: number): Promise<boolean> {
      const old = db
        .select({ id: oauthGrant.id })
        .from(oauthGrant)
        .where(lte(oauthGrant.expiresAtMs, nowMs))
        .limit(SWEEP_ROWS);
      const beyond = db
        .select({ id: oauthGrant.id })
        .from(oauthGrant)
        .where(eq(oauthGrant.accountId, grant.accountId))
        .orderBy(desc(oauthGrant.createdAtMs))
        .limit(SWEEP_ROWS)
        .offset(LIMITS.grantsPerAccountMax - 1);
      const [, , stored] = await db.batch([
        db.delete(oauthGrant).where(inArray(oauthGrant.id, old)),
        db.delete(oauthGrant).where(inArray(oauthGrant.id, beyond)),
        db.insert(oauthGrant).values(grant).onConflictDoNothing().returning({ id: oauthGrant.id }),
        db
          .update(oauthClient)
          .set({ claimedAtMs: nowMs })
          .where(and(eq(oauthClient.id, grant.clientId), isNull(oauthClient.claimedAtMs))),
      ]);
      return stored.length > 0;
    },

    async grant(id: string, nowMs: number): Promise<GrantRecord | null> {
      const [row] = await db
        .select({ grant: oauthGrant })
        .from(oauthGrant)
        .innerJoin(account, eq(account.id, oauthGrant.accountId))
        .innerJoin(
          principal,
          and(
            eq(principal.accountId, oauthGrant.accountId),
            eq(principal.id, oauthGrant.principalId),
          ),
        )
        .where(
          and(
            eq(oauthGrant.id, id),
            isNull(oauthGrant.revokedAtMs),
            gt(oauthGrant.expiresAtMs, nowMs),
            eq(account.status, "active"),
            eq(principal.status, "active"),
            liveKey(sql`oauth_grant.key_id`, nowMs),
          ),
        );
      return row === undefined ? null : grantRecord(row.grant);
    },
  };
}

function turns(db: CatalogDb) {
  return {
    /** Compare and set: of two that come at once, one wins. */
    async rotateGrant(id: string, { from, to, expiresAtMs, nowMs }: Rotation): Promise<boolean> {
      const done = await db
        .update(oauthGrant)
        .set({ refreshHash: to, rotatedAtMs: nowMs, expiresAtMs })
        .where(
          and(
            eq(oauthGrant.id, id),
            eq(oauthGrant.refreshHash, from),
            isNull(oauthGrant.revokedAtMs),
          ),
        )
        .returning({ id: oauthGrant.id });
      return done.length > 0;
    },

    /** Whose grant it was; null where it had ended before. */
    async revokeGrant(id: string, nowMs: number): Promise<string | null> {
      const [ended] = await db
        .update(oauthGrant)
        .set({ revokedAtMs: nowMs })
        .where(and(eq(oauthGrant.id, id), isNull(oauthGrant.revokedAtMs)))
        .returning({ accountId: oauthGrant.accountId });
      return ended?.accountId ?? null;
    },
  };
}

type Rotation = { from: string; to: string; expiresAtMs: number; nowMs: number };

/** What an account's people have let clients do: everybody's, or one principal's. */
function given(db: CatalogDb) {
  const live = (accountId: string, principalId: string | null, nowMs: number) =>
    and(
      eq(oauthGrant.accountId, accountId),
      principalId === null ? undefined : eq(oauthGrant.principalId, principalId),
      isNull(oauthGrant.revokedAtMs),
      gt(oauthGrant.expiresAtMs, nowMs),
    );
  return {
    async grants(
      owner: { accountId: string; principalId: string | null },
      page: { after: Cursor | null; limit: number; nowMs: number },
    ) {
      const { after, limit, nowMs } = page;
      const rows = await db
        .select({ grant: oauthGrant, clientName: oauthClient.name })
        .from(oauthGrant)
        .leftJoin(oauthClient, eq(oauthClient.id, oauthGrant.clientId))
        .where(and(live(owner.accountId, owner.principalId, nowMs), behind(oauthGrant, after)))
        .orderBy(...newestFirst(oauthGrant))
        .limit(limit);
      return rows.map(({ grant, clientName }) => ({ ...grantRecord(grant), clientName }));
    },

    async endGrant(
      owner: { accountId: string; principalId: string | null },
      id: string,
      nowMs: number,
    ): Promise<boolean> {
      const done = await db
        .update(oauthGrant)
        .set({ revokedAtMs: nowMs })
        .where(and(live(owner.accountId, owner.principalId, nowMs), eq(oauthGrant.id, id)))
        .returning({ id: oauthGrant.id });
      return done.length > 0;
    },
  };
}

const knownScopes = (scopes: readonly string[]): Scope[] =>
  SCOPES.filter((scope) => scopes.includes(scope));

const grantRecord = (row: typeof oauthGrant.$inferSelect): GrantRecord => ({
  ...row,
  scopes: knownScopes(row.scopes),
});
