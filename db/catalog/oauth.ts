import { and, count, desc, eq, inArray, isNull, lte, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { SCOPES } from "#domain/accounts/model.ts";
import { clientJwks } from "#domain/oauth/client-keys.ts";
import { AUTH_METHODS, type ClientRecord, GRANT_TYPES } from "#domain/oauth/clients.ts";
import type { AccessToken } from "#domain/oauth/access-token.ts";
import { clientsOf, type TokenRow } from "#domain/oauth/token-verdict.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { behind, newestFirst } from "#db/newest-first.ts";
import { oauthClient, oauthGrant, oauthSpent } from "#db/catalog/oauth-tables.ts";

/** At most so many rows that ran out are removed beside one that is written. */
const SWEEP_ROWS = 100;

/**
 * Clients, and what tokens depend on. Ids name their shard, and there is one shard: what is asked together here would be
 * asked shard by shard.
 */
export function oauthStore(catalog: D1Database) {
  const db = drizzle(catalog, { casing: "snake_case" });
  return { ...clients(db), ...ending(db), ...tokens(db) };
}

type CatalogDb = ReturnType<typeof drizzle>;

function clients(db: CatalogDb) {
  return {
    async client(id: string, nowMs: number): Promise<ClientRecord | null> {
      const [row] = await db
        .select()
        .from(oauthClient)
        .where(and(eq(oauthClient.id, id), isNull(oauthClient.revokedAtMs), liveMaker(nowMs)));
      return row === undefined ? null : clientRecord(row);
    },

    async insertClient(client: ClientRecord): Promise<"inserted" | "too-many"> {
      if (client.accountId !== null) {
        const mine = and(
          eq(oauthClient.accountId, client.accountId),
          isNull(oauthClient.revokedAtMs),
        );
        const [present] = await db.select({ clients: count() }).from(oauthClient).where(mine);
        if ((present?.clients ?? 0) >= LIMITS.clientsPerAccountMax) return "too-many";
      }
      const unused = db
        .select({ id: oauthClient.id })
        .from(oauthClient)
        .where(and(isNull(oauthClient.accountId), isNull(oauthClient.claimedAtMs)))
        .orderBy(desc(oauthClient.createdAtMs))
        .limit(SWEEP_ROWS)
        .offset(LIMITS.openClientsMax - 1);
      await db.batch([
        db.delete(oauthClient).where(inArray(oauthClient.id, unused)),
        // The same id again replaces the secret of a client whose answer never reached its maker.
        db
          .insert(oauthClient)
          .values(client)
          .onConflictDoUpdate({
            target: oauthClient.id,
            set: { secretHash: client.secretHash },
            setWhere: eq(oauthClient.accountId, client.accountId ?? ""),
          }),
      ]);
      return "inserted";
    },

    /** An account's clients that were not revoked, newest first. */
    async clients(accountId: string, after: Cursor | null, limit: number): Promise<ClientRecord[]> {
      const rows = await db
        .select()
        .from(oauthClient)
        .where(
          and(
            eq(oauthClient.accountId, accountId),
            isNull(oauthClient.revokedAtMs),
            behind(oauthClient, after),
          ),
        )
        .orderBy(...newestFirst(oauthClient))
        .limit(limit);
      return rows.map(clientRecord);
    },
  };
}

function ending(db: CatalogDb) {
  return {
    /** Ends a client, and whatever people let it do. */
    async revokeClient(accountId: string, id: string, nowMs: number): Promise<boolean> {
      const [done] = await db.batch([
        db
          .update(oauthClient)
          .set({ revokedAtMs: nowMs })
          .where(
            and(
              eq(oauthClient.id, id),
              eq(oauthClient.accountId, accountId),
              isNull(oauthClient.revokedAtMs),
            ),
          )
          .returning({ id: oauthClient.id }),
        db
          .update(oauthGrant)
          .set({ revokedAtMs: nowMs })
          .where(
            and(
              eq(oauthGrant.clientId, id),
              isNull(oauthGrant.revokedAtMs),
              sql`EXISTS (SELECT 1 FROM oauth_client WHERE id = ${id} AND revoked_at_ms = ${nowMs})`,
            ),
          ),
      ]);
      return done.length > 0;
    },
  };
}

function tokens(db: CatalogDb) {
  /** True for the first who says so, until it ends. */
  async function spend(id: string, expiresAtMs: number, nowMs: number): Promise<boolean> {
    const old = db
      .select({ id: oauthSpent.id })
      .from(oauthSpent)
      .where(lte(oauthSpent.expiresAtMs, nowMs))
      .limit(SWEEP_ROWS);
    const [, done] = await db.batch([
      db.delete(oauthSpent).where(inArray(oauthSpent.id, old)),
      db
        .insert(oauthSpent)
        .values({ id, expiresAtMs })
        .onConflictDoNothing()
        .returning({ id: oauthSpent.id }),
    ]);
    return done.length > 0;
  }

  return {
    async tokenRow(token: AccessToken, nowMs: number): Promise<TokenRow | null> {
      const row = await db.get<Record<string, string | number | null> | undefined>(
        tokenQuery(token, nowMs),
      );
      if (row === undefined) return null;
      return {
        accountStatus: String(row["accountStatus"]),
        principalStatus: String(row["principalStatus"]),
        role: String(row["role"]),
        policyVersion: Number(row["policyVersion"]),
        plan: String(row["plan"]),
        liveClients: Number(row["liveClients"]),
        grantIsLive: token.grantId === undefined || row["liveGrants"] === 1,
        keyIsLive: row["liveKeys"] === 1,
        keyId: textOf(row["keyId"]),
        agentId: textOf(row["agentId"]),
        agentType: textOf(row["agentType"]),
        agentState: textOf(row["agentState"]),
        isRevoked: row["revoked"] !== 0,
      };
    },

    spend,

    async revokeToken(id: string, expiresAtMs: number, nowMs: number): Promise<void> {
      await spend(spentToken(id), expiresAtMs, nowMs);
    },
  };
}

const textOf = (value: string | number | null | undefined) =>
  typeof value === "string" ? value : null;

/** Whoever made a client must still be able to do something, and the key it was made by must still count. */
const liveMaker = (nowMs: number) => sql`
  (oauth_client.principal_id IS NULL OR EXISTS (
    SELECT 1 FROM principal p JOIN account a ON a.id = p.account_id
    WHERE p.account_id = oauth_client.account_id AND p.id = oauth_client.principal_id
      AND p.status = 'active' AND a.status = 'active'))
  AND ${liveKey(sql`oauth_client.key_id`, nowMs)}`;

/**
 * Whether the API key something was made by still counts, where it was made by one. One that is bound to networks gives
 * nothing: a token would work anywhere.
 */
export const liveKey = (keyId: ReturnType<typeof sql>, nowMs: number) => sql`
  (${keyId} IS NULL OR EXISTS (
    SELECT 1 FROM api_key k WHERE k.id = ${keyId} AND k.revoked_at_ms IS NULL AND k.networks IS NULL
      AND (k.expires_at_ms IS NULL OR k.expires_at_ms > ${nowMs})))`;

/** The API key that a token was given by, if by one. */
const givenBy = (token: AccessToken) =>
  token.grantId === undefined
    ? sql`(SELECT key_id FROM oauth_client WHERE id = ${firstClient(token)})`
    : sql`(SELECT key_id FROM oauth_grant WHERE id = ${token.grantId})`;

const tokenQuery = (token: AccessToken, nowMs: number) => sql`
  SELECT account.status AS accountStatus, principal.status AS principalStatus, principal.role AS role,
    account.policy_version AS policyVersion, account.plan AS plan,
    giver.id AS keyId, giver.agent_id AS agentId, agent.type AS agentType, agent.state AS agentState,
    (SELECT count(*) FROM oauth_client
      WHERE oauth_client.id IN (SELECT value FROM json_each(${JSON.stringify(clientsOf(token))}))
        AND oauth_client.revoked_at_ms IS NULL AND ${liveMaker(nowMs)}) AS liveClients,
    (SELECT count(*) FROM oauth_grant
      WHERE oauth_grant.id = ${token.grantId ?? ""} AND oauth_grant.account_id = account.id
        AND oauth_grant.principal_id = principal.id AND oauth_grant.revoked_at_ms IS NULL
        AND oauth_grant.expires_at_ms > ${nowMs}
        AND ${liveKey(sql`oauth_grant.key_id`, nowMs)}) AS liveGrants,
    (SELECT count(*) FROM signing_key
      WHERE kid = ${token.kid} AND withdrawn_at_ms IS NULL) AS liveKeys,
    (SELECT count(*) FROM oauth_spent
      WHERE id IN (SELECT value FROM json_each(${JSON.stringify(tokensOf(token))}))) AS revoked
  FROM account JOIN principal ON principal.account_id = account.id
    LEFT JOIN api_key AS giver ON giver.id = ${givenBy(token)}
    LEFT JOIN agent ON agent.id = giver.agent_id AND agent.account_id = giver.account_id
  WHERE account.id = ${token.accountId} AND principal.id = ${token.principalId}`;

/** Who was given the token that all others were exchanged for. */
const firstClient = (token: AccessToken) => token.via?.[0]?.client_id ?? token.clientId;

/** A revoked token, as it is remembered. */
const spentToken = (jti: string) => `token ${jti}`;
const tokensOf = (token: AccessToken) =>
  [token.id, ...(token.via ?? []).map(({ jti }) => jti)].map(spentToken);

function clientRecord(row: typeof oauthClient.$inferSelect): ClientRecord {
  return {
    ...row,
    grantTypes: GRANT_TYPES.filter((type) => row.grantTypes.includes(type)),
    scopes: SCOPES.filter((scope) => row.scopes.includes(scope)),
    jwks: row.jwks === null ? null : clientJwks.parse(row.jwks),
    authMethod: AUTH_METHODS.find((method) => method === row.authMethod) ?? "client_secret_basic",
  };
}
