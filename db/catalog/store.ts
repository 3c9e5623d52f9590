import { and, asc, count, desc, eq, gt, isNull, lt, lte, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { AccountRecord, PrincipalRecord } from "#domain/accounts/bootstrap.ts";
import { catalogShardOf } from "#domain/accounts/credential.ts";
import type { KeyRecord } from "#domain/accounts/keys.ts";
import { type Scope, SCOPES } from "#domain/accounts/model.ts";
import type { CodeRecord, SessionRecord } from "#domain/accounts/sessions.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import {
  account,
  apiKey,
  consoleCode,
  installation,
  principal,
  session,
} from "#db/catalog/tables.ts";

type CatalogDb = ReturnType<typeof catalogDb>;
const catalogDb = (shard: D1Database) => drizzle(shard, { casing: "snake_case" });

/** Only a key that has not been used for this long is marked as used again: a row written per key and 5 minutes at most. */
const LAST_USED_EVERY_MS = 300_000;

/** The `catalog` family: who there is and what their credentials are. An id names its shard. */
export function catalogStore(shards: readonly D1Database[]) {
  const databases = shards.map(catalogDb);
  const of = (id: string): CatalogDb | null => databases[catalogShardOf(id) ?? -1] ?? null;
  return {
    ...credentials(of),
    ...signedIn(of),
    ...keys(of),
    ...sessions(of),
    ...installations(databases),
  };
}

type DatabaseOf = (id: string) => CatalogDb | null;

/** A principal and its account must be active for any of their credentials to be worth something. */
const memberStatus = {
  accountStatus: account.status,
  plan: account.plan,
  principalStatus: principal.status,
  role: principal.role,
  policyVersion: account.policyVersion,
};

function credentials(of: DatabaseOf) {
  return {
    async keyRow(id: string) {
      const [row] =
        (await of(id)
          ?.select({
            id: apiKey.id,
            accountId: apiKey.accountId,
            principalId: apiKey.principalId,
            hash: apiKey.secretHash,
            scopes: apiKey.scopes,
            expiresAtMs: apiKey.expiresAtMs,
            revokedAtMs: apiKey.revokedAtMs,
            lastUsedAtMs: apiKey.lastUsedAtMs,
            ...memberStatus,
          })
          .from(apiKey)
          .innerJoin(account, eq(account.id, apiKey.accountId))
          .innerJoin(
            principal,
            and(eq(principal.accountId, apiKey.accountId), eq(principal.id, apiKey.principalId)),
          )
          .where(eq(apiKey.id, id))) ?? [];
      return row ?? null;
    },

    async markKeyUsed(accountId: string, id: string, nowMs: number): Promise<void> {
      await of(id)
        ?.update(apiKey)
        .set({ lastUsedAtMs: nowMs })
        .where(
          and(
            eq(apiKey.accountId, accountId),
            eq(apiKey.id, id),
            or(isNull(apiKey.lastUsedAtMs), lte(apiKey.lastUsedAtMs, nowMs - LAST_USED_EVERY_MS)),
          ),
        );
    },
  };
}

function signedIn(of: DatabaseOf) {
  return {
    async sessionRow(id: string, nowMs: number) {
      const [row] =
        (await of(id)
          ?.select({
            id: session.id,
            accountId: session.accountId,
            principalId: session.principalId,
            keyId: session.keyId,
            hash: session.tokenHash,
            scopes: session.scopes,
            expiresAtMs: session.expiresAtMs,
            personId: session.personId,
            factorAtMs: session.factorAtMs,
            keyFound: apiKey.id,
            keyRevokedAtMs: apiKey.revokedAtMs,
            keyExpiresAtMs: apiKey.expiresAtMs,
            ...memberStatus,
          })
          .from(session)
          .innerJoin(account, eq(account.id, session.accountId))
          .innerJoin(
            principal,
            and(eq(principal.accountId, session.accountId), eq(principal.id, session.principalId)),
          )
          .leftJoin(
            apiKey,
            and(eq(apiKey.id, session.keyId), eq(apiKey.accountId, session.accountId)),
          )
          .where(eq(session.id, id))) ?? [];
      if (row === undefined) return null;
      const { keyFound, keyRevokedAtMs, keyExpiresAtMs, ...rest } = row;
      const keyIsLive =
        keyFound !== null && keyRevokedAtMs === null && (keyExpiresAtMs ?? Infinity) > nowMs;
      return { ...rest, revokedAtMs: null, keyIsLive };
    },

    /** Whom a console code signs in. */
    async principalRow(accountId: string, id: string) {
      const [row] =
        (await of(accountId)
          ?.select({ id: principal.id, ...memberStatus })
          .from(principal)
          .innerJoin(account, eq(account.id, principal.accountId))
          .where(and(eq(principal.accountId, accountId), eq(principal.id, id)))) ?? [];
      return row ?? null;
    },
  };
}

function keys(of: DatabaseOf) {
  const live = (accountId: string) =>
    and(eq(apiKey.accountId, accountId), isNull(apiKey.revokedAtMs));
  return {
    async insertKey(key: KeyRecord): Promise<"inserted" | "too-many"> {
      const db = of(key.accountId);
      if (db === null) throw new Error("the account names no catalog shard");
      const [present] = await db.select({ keys: count() }).from(apiKey).where(live(key.accountId));
      if ((present?.keys ?? 0) >= LIMITS.keysPerAccountMax) return "too-many";
      await db
        .insert(apiKey)
        .values(key)
        .onConflictDoUpdate({
          target: apiKey.id,
          set: { secretHash: key.secretHash },
          setWhere: and(
            eq(apiKey.accountId, key.accountId),
            eq(apiKey.principalId, key.principalId),
          ),
        });
      return "inserted";
    },

    async key(accountId: string, id: string): Promise<KeyRecord | null> {
      const [row] =
        (await of(accountId)
          ?.select()
          .from(apiKey)
          .where(and(live(accountId), eq(apiKey.id, id)))) ?? [];
      return row === undefined ? null : keyRecord(row);
    },

    /** Keys that have not been revoked, newest first. */
    async keys(accountId: string, after: Cursor | null, limit: number): Promise<KeyRecord[]> {
      const beyond =
        after === null
          ? undefined
          : or(
              lt(apiKey.createdAtMs, after.atMs),
              and(eq(apiKey.createdAtMs, after.atMs), lt(apiKey.id, after.id)),
            );
      const rows = await of(accountId)
        ?.select()
        .from(apiKey)
        .where(and(live(accountId), beyond))
        .orderBy(desc(apiKey.createdAtMs), desc(apiKey.id))
        .limit(limit);
      return (rows ?? []).map(keyRecord);
    },

    /** The row stays, so that what the key did can still be told; it never works again. */
    async revokeKey(accountId: string, id: string, nowMs: number): Promise<boolean> {
      const done = await of(accountId)
        ?.update(apiKey)
        .set({ revokedAtMs: nowMs })
        .where(and(live(accountId), eq(apiKey.id, id)))
        .returning({ id: apiKey.id });
      return (done ?? []).length > 0;
    },
  };
}

function sessions(of: DatabaseOf) {
  return {
    async insertSession(record: SessionRecord): Promise<void> {
      const db = of(record.accountId);
      if (db === null) throw new Error("the account names no catalog shard");
      const mine = eq(session.accountId, record.accountId);
      const oldest = db
        .select({ id: session.id })
        .from(session)
        .where(mine)
        .orderBy(desc(session.expiresAtMs))
        .limit(LIMITS.sessionsPerAccountMax)
        .offset(LIMITS.sessionsPerAccountMax - 1);
      await db.batch([
        db.delete(session).where(and(mine, lte(session.expiresAtMs, record.createdAtMs))),
        db.delete(session).where(sql`${session.id} in ${oldest}`),
        db.insert(session).values(record),
      ]);
    },

    async endSession(accountId: string, id: string): Promise<void> {
      await of(accountId)
        ?.delete(session)
        .where(and(eq(session.accountId, accountId), eq(session.id, id)));
    },

    async insertCode(code: CodeRecord, nowMs: number): Promise<void> {
      const db = of(code.accountId);
      if (db === null) throw new Error("the account names no catalog shard");
      await db.batch([
        db.delete(consoleCode).where(lte(consoleCode.expiresAtMs, nowMs)),
        db.insert(consoleCode).values(code),
      ]);
    },

    /** Spends a code: of two who come at once, one gets it. */
    async takeCode(id: string, hash: string, nowMs: number): Promise<CodeRecord | null> {
      const [row] =
        (await of(id)
          ?.delete(consoleCode)
          .where(
            and(
              eq(consoleCode.id, id),
              eq(consoleCode.codeHash, hash),
              gt(consoleCode.expiresAtMs, nowMs),
            ),
          )
          .returning()) ?? [];
      return row ?? null;
    },
  };
}

/** What belongs to the whole installation lies on shard 0. */
function installations(databases: readonly CatalogDb[]) {
  const first = (): CatalogDb => {
    const [db] = databases;
    if (db === undefined) throw new Error("no catalog shard is bound");
    return db;
  };
  return {
    async installed(): Promise<{ accountId: string; principalId: string } | null> {
      const [row] = await first()
        .select()
        .from(installation)
        .orderBy(asc(installation.id))
        .limit(1);
      return row ?? null;
    },

    /** The account made at set-up: the only one that reads the installation's own figures. */
    async firstAccountId(): Promise<string | null> {
      return (await this.installed())?.accountId ?? null;
    },

    /** All or nothing: the row's fixed key makes a second set-up fail as a whole. */
    async install(made: {
      account: AccountRecord;
      owner: PrincipalRecord;
      key: KeyRecord;
    }): Promise<void> {
      const db = first();
      const { id: accountId, createdAtMs } = made.account;
      await db.batch([
        db
          .insert(installation)
          .values({ id: 1, accountId, principalId: made.owner.id, createdAtMs }),
        db.insert(account).values({ ...made.account, plan: "unlimited" }),
        db.insert(principal).values(made.owner),
        db.insert(apiKey).values(made.key),
      ]);
    },
  };
}

function keyRecord(row: typeof apiKey.$inferSelect): KeyRecord {
  const scopes: Scope[] = SCOPES.filter((scope) => row.scopes.includes(scope));
  return { ...row, scopes };
}
