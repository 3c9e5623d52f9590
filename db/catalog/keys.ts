import { and, count, eq, gt, inArray, isNull, ne, or, type SQL, sql } from "drizzle-orm";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import type { KeyRecord } from "#domain/accounts/keys.ts";
import { type Scope, SCOPES } from "#domain/accounts/model.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { behind, newestFirst } from "#db/newest-first.ts";
import { account, apiKey, principal } from "#db/catalog/tables.ts";

type DatabaseOf = (id: string) => DrizzleD1Database | null;

/** The API keys of each account: a revoked row stays, so that what the key did can still be told. */
export function keyStore(of: DatabaseOf) {
  const at = (accountId: string): DrizzleD1Database => {
    const db = of(accountId);
    if (db === null) throw new Error("the account names no catalog shard");
    return db;
  };
  return { ...reading(of), ...writing(at), ...ending(at) };
}

/** A key and every key that was made with it or that it turned itself into, directly or not. */
const endingWith = (accountId: string, id: string, reach = sql``): SQL =>
  sql`(WITH RECURSIVE tree(id) AS (
      SELECT id FROM api_key
        WHERE id = ${id} AND account_id = ${accountId} AND revoked_at_ms IS NULL${reach}
      UNION
      SELECT api_key.id FROM api_key JOIN tree ON api_key.parent_id = tree.id
        WHERE api_key.account_id = ${accountId}
      UNION
      SELECT api_key.replaced_by_id FROM api_key JOIN tree ON api_key.id = tree.id
        WHERE api_key.replaced_itself AND api_key.account_id = ${accountId}
    ) SELECT id FROM tree)`;

const live = (accountId: string) =>
  and(eq(apiKey.accountId, accountId), isNull(apiKey.revokedAtMs));
const ofPrincipal = (principalId: string | null) =>
  principalId === null ? undefined : eq(apiKey.principalId, principalId);

function reading(of: DatabaseOf) {
  return {
    async key(accountId: string, id: string): Promise<KeyRecord | null> {
      const [row] =
        (await of(accountId)
          ?.select()
          .from(apiKey)
          .where(and(live(accountId), eq(apiKey.id, id)))) ?? [];
      return row === undefined ? null : keyRecord(row);
    },

    /** Keys that have not been revoked, newest first; of one principal, or that end with one key, where it is given. */
    async keys(
      accountId: string,
      { principalId, under }: { principalId: string | null; under: string | null },
      after: Cursor | null,
      limit: number,
    ): Promise<KeyRecord[]> {
      // Under one key its tree names the account: beside it, SQLite would read all keys that an account has.
      const wanted =
        under === null
          ? live(accountId)
          : and(
              isNull(apiKey.revokedAtMs),
              inArray(apiKey.id, endingWith(accountId, under)),
              ne(apiKey.id, under),
            );
      const rows = await of(accountId)
        ?.select()
        .from(apiKey)
        .where(and(wanted, ofPrincipal(principalId), behind(apiKey, after)))
        .orderBy(...newestFirst(apiKey))
        .limit(limit);
      return (rows ?? []).map(keyRecord);
    },

    /** An agent's, newest first. */
    async keysOfAgent(
      accountId: string,
      agentId: string,
      after: Cursor | null,
      limit: number,
    ): Promise<KeyRecord[]> {
      const rows = await of(accountId)
        ?.select()
        .from(apiKey)
        .where(and(live(accountId), eq(apiKey.agentId, agentId), behind(apiKey, after)))
        .orderBy(...newestFirst(apiKey))
        .limit(limit);
      return (rows ?? []).map(keyRecord);
    },

    /** A key and those it descends from, itself first. */
    async ancestors(accountId: string, id: string): Promise<string[]> {
      const rows = await of(accountId)?.all<{ id: string }>(sql`
        WITH RECURSIVE line(id, depth) AS (
          SELECT id, 0 FROM api_key WHERE id = ${id} AND account_id = ${accountId}
          UNION
          SELECT above.id, line.depth + 1 FROM line
            JOIN api_key AS below ON below.id = line.id
            JOIN api_key AS above ON above.id = below.parent_id AND above.account_id = ${accountId}
            WHERE line.depth < ${LIMITS.keyDepthMax}
        ) SELECT id FROM line ORDER BY depth`);
      return (rows ?? []).map((row) => row.id);
    },
  };
}

function writing(at: (accountId: string) => DrizzleD1Database) {
  const isFull = async ({ accountId, agentId, createdAtMs }: KeyRecord): Promise<boolean> => {
    const nowMs = createdAtMs;
    const theirs = agentId === null ? isNull(apiKey.agentId) : eq(apiKey.agentId, agentId);
    const max = agentId === null ? LIMITS.keysPerAccountMax : LIMITS.keysPerAgentMax;
    const usable = or(isNull(apiKey.expiresAtMs), gt(apiKey.expiresAtMs, nowMs));
    const [present] = await at(accountId)
      .select({ keys: count() })
      .from(apiKey)
      .where(and(live(accountId), theirs, usable));
    return (present?.keys ?? 0) >= max;
  };
  return {
    async insertKey(key: KeyRecord): Promise<"inserted" | "too-many" | "orphan"> {
      if (await isFull(key)) return "too-many";
      const { parentId } = key;
      // In the statement that stores it: revoking its parent ends it, or keeps it from being stored.
      const hasParent =
        parentId === null
          ? sql`true`
          : sql`EXISTS (SELECT 1 FROM api_key WHERE id = ${parentId} AND revoked_at_ms IS NULL)`;
      const db = at(key.accountId);
      if (key.agentId === key.principalId)
        await db.insert(principal).values(agentPrincipal(key)).onConflictDoNothing();
      const stored = await insertWhere(db, key, hasParent);
      return stored.length > 0 ? "inserted" : "orphan";
    },

    async replaceKey(
      old: { id: string; endsAtMs: number; isByItself: boolean },
      key: KeyRecord,
    ): Promise<"done" | "replaced" | "too-many"> {
      const { accountId } = key;
      if (await isFull(key)) return "too-many";
      const db = at(accountId);
      const free = or(isNull(apiKey.replacedById), eq(apiKey.replacedById, key.id));
      const isReplaced = sql`EXISTS (SELECT 1 FROM api_key WHERE id = ${old.id} AND replaced_by_id = ${key.id} AND revoked_at_ms IS NULL)`;
      const [ended] = await db.batch([
        db
          .update(apiKey)
          .set({
            replacedById: key.id,
            replacedItself: old.isByItself,
            expiresAtMs: old.endsAtMs,
          })
          .where(and(live(accountId), eq(apiKey.id, old.id), free))
          .returning({ id: apiKey.id }),
        insertWhere(db, key, isReplaced),
        db
          .update(apiKey)
          .set({ parentId: key.id })
          .where(and(eq(apiKey.parentId, old.id), eq(apiKey.accountId, accountId), isReplaced)),
      ]);
      return ended.length > 0 ? "done" : "replaced";
    },
  };
}

function ending(at: (accountId: string) => DrizzleD1Database) {
  return {
    /** Ends a key and every key that ends with it: those that it ended. Of one principal where it is given. */
    async revokeKey(
      accountId: string,
      principalId: string | null,
      id: string,
      nowMs: number,
    ): Promise<string[]> {
      const reach = principalId === null ? sql`` : sql` AND principal_id = ${principalId}`;
      const tree = endingWith(accountId, id, reach);
      const done = await at(accountId)
        .update(apiKey)
        .set({ revokedAtMs: nowMs })
        .where(and(live(accountId), inArray(apiKey.id, tree)))
        .returning({ id: apiKey.id });
      return done.map((row) => row.id);
    },
  };
}

/** An agent acts under its own id, as a member of its account that nobody signs in as. */
const agentPrincipal = ({ accountId, principalId, createdAtMs }: KeyRecord) => ({
  accountId,
  id: principalId,
  kind: "agent",
  name: "",
  status: "active",
  createdAtMs,
});

/** Stores a key where the condition holds. The same id again replaces the secret of a key whose answer never reached its caller. */
function insertWhere(db: DrizzleD1Database, key: KeyRecord, condition: SQL) {
  const given = (name: keyof KeyRecord, column: string) => {
    const value = key[name];
    const stored = Array.isArray(value) ? JSON.stringify(value) : value;
    return sql`${stored}`.as(column);
  };
  const row = db
    .select({
      id: given("id", "id"),
      accountId: account.id,
      principalId: given("principalId", "principal_id"),
      name: given("name", "name"),
      secretHash: given("secretHash", "secret_hash"),
      scopes: given("scopes", "scopes"),
      networks: given("networks", "networks"),
      agentId: given("agentId", "agent_id"),
      parentId: given("parentId", "parent_id"),
      replacedById: given("replacedById", "replaced_by_id"),
      replacedItself: sql`0`.as("replaced_itself"),
      createdAtMs: given("createdAtMs", "created_at_ms"),
      expiresAtMs: given("expiresAtMs", "expires_at_ms"),
      lastUsedAtMs: given("lastUsedAtMs", "last_used_at_ms"),
      revokedAtMs: given("revokedAtMs", "revoked_at_ms"),
    })
    .from(account)
    .where(and(eq(account.id, key.accountId), condition));
  return db
    .insert(apiKey)
    .select(row)
    .onConflictDoUpdate({
      target: apiKey.id,
      set: { secretHash: key.secretHash },
      setWhere: and(eq(apiKey.accountId, key.accountId), eq(apiKey.principalId, key.principalId)),
    })
    .returning({ id: apiKey.id });
}

function keyRecord(row: typeof apiKey.$inferSelect): KeyRecord {
  const scopes: Scope[] = SCOPES.filter((scope) => row.scopes.includes(scope));
  return { ...row, scopes };
}
