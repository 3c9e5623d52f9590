import { and, asc, desc, eq, gt, isNull, lte, or, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { AccountRecord, PrincipalRecord } from "#domain/accounts/bootstrap.ts";
import { catalogShardOf } from "#domain/accounts/credential.ts";
import type { KeyRecord } from "#domain/accounts/keys.ts";
import type { CodeRecord, SessionRecord } from "#domain/accounts/sessions.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { keyStore } from "#db/catalog/keys.ts";
import { agent } from "#db/catalog/agent-tables.ts";
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
    ...keyStore(of),
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

/** The agent that an API key acts as, beside it in the same account. */
const agentColumns = { agentId: apiKey.agentId, agentType: agent.type, agentState: agent.state };
const ofKey = and(eq(agent.id, apiKey.agentId), eq(agent.accountId, apiKey.accountId));

function credentials(of: DatabaseOf) {
  const rowsOf = (db: CatalogDb, which: SQL) =>
    db
      .select({
        id: apiKey.id,
        accountId: apiKey.accountId,
        principalId: apiKey.principalId,
        hash: apiKey.secretHash,
        scopes: apiKey.scopes,
        expiresAtMs: apiKey.expiresAtMs,
        revokedAtMs: apiKey.revokedAtMs,
        lastUsedAtMs: apiKey.lastUsedAtMs,
        networks: apiKey.networks,
        ...agentColumns,
        ...memberStatus,
      })
      .from(apiKey)
      .leftJoin(agent, ofKey)
      .innerJoin(account, eq(account.id, apiKey.accountId))
      .innerJoin(
        principal,
        and(eq(principal.accountId, apiKey.accountId), eq(principal.id, apiKey.principalId)),
      )
      .where(which);
  return {
    async keyRow(id: string) {
      const db = of(id);
      const [row] = db === null ? [] : await rowsOf(db, eq(apiKey.id, id));
      return row ?? null;
    },

    /** Those that there are of some keys of one account, in one query. */
    async keyRows(ids: readonly string[]) {
      const db = of(ids[0] ?? "");
      if (db === null) return [];
      return await rowsOf(
        db,
        sql`${apiKey.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
      );
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
            networks: apiKey.networks,
            ...agentColumns,
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
          .leftJoin(agent, ofKey)
          .where(eq(session.id, id))) ?? [];
      if (row === undefined) return null;
      const { keyFound, keyRevokedAtMs, ...rest } = row;
      const keyIsLive =
        keyFound !== null && keyRevokedAtMs === null && (row.keyExpiresAtMs ?? Infinity) > nowMs;
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

function sessions(of: DatabaseOf) {
  return {
    /** Beyond what one principal may have open, its own oldest ends: nobody signs anybody else out. */
    async insertSession(record: SessionRecord): Promise<void> {
      const db = of(record.accountId);
      if (db === null) throw new Error("the account names no catalog shard");
      const ours = eq(session.accountId, record.accountId);
      const mine = and(ours, eq(session.principalId, record.principalId));
      const oldest = db
        .select({ id: session.id })
        .from(session)
        .where(mine)
        .orderBy(desc(session.expiresAtMs))
        .limit(LIMITS.sessionsPerPrincipalMax)
        .offset(LIMITS.sessionsPerPrincipalMax - 1);
      await db.batch([
        db.delete(session).where(and(ours, lte(session.expiresAtMs, record.createdAtMs))),
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
