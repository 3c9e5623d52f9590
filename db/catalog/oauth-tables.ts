import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** What access tokens are signed with, on the catalog's first shard. The private half is sealed by the key ring. */
export const signingKey = sqliteTable("signing_key", {
  generation: integer().primaryKey(),
  kid: text().notNull(),
  publicJwk: text({ mode: "json" }).notNull(),
  sealedPrivateJwk: text().notNull(),
  signsFromMs: integer().notNull(),
  withdrawnAtMs: integer(),
});

/** Programs that may ask for tokens (RFC 7591). Without an account: registered by nobody in particular, on the first shard. */
export const oauthClient = sqliteTable(
  "oauth_client",
  {
    id: text().primaryKey(),
    accountId: text(),
    principalId: text(),
    keyId: text(),
    name: text().notNull(),
    uri: text(),
    redirectUris: text({ mode: "json" }).$type<string[]>().notNull(),
    grantTypes: text({ mode: "json" }).$type<string[]>().notNull(),
    scopes: text({ mode: "json" }).$type<string[]>().notNull(),
    authMethod: text().notNull(),
    secretHash: text(),
    /** What the client proves itself by instead of a secret: its public keys (RFC 7523), or its certificate's subject (RFC 8705). */
    jwks: text({ mode: "json" }),
    tlsSubject: text(),
    /** Whether it takes only tokens that are bound to a key of its own (RFC 9449 section 5.2). */
    dpopBound: integer({ mode: "boolean" }).notNull().default(false),
    createdAtMs: integer().notNull(),
    claimedAtMs: integer(),
    revokedAtMs: integer(),
  },
  (t) => [index("oauth_client_by_account").on(t.accountId, t.createdAtMs, t.id)],
);

/** What somebody lets a client do for them: a family of tokens, which lives and dies as one. */
export const oauthGrant = sqliteTable(
  "oauth_grant",
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    principalId: text().notNull(),
    keyId: text(),
    clientId: text().notNull(),
    scopes: text({ mode: "json" }).$type<string[]>().notNull(),
    audience: text({ mode: "json" }).$type<string[]>().notNull(),
    /** The key that its refresh token is bound to: a JWK thumbprint (DPoP), or a certificate's. */
    boundJkt: text(),
    boundX5t: text(),
    /** Hex SHA-256: of what all refresh tokens of the family share, and of the one that counts now. */
    familyHash: text(),
    refreshHash: text(),
    createdAtMs: integer().notNull(),
    rotatedAtMs: integer(),
    expiresAtMs: integer().notNull(),
    revokedAtMs: integer(),
  },
  (t) => [
    index("oauth_grant_by_account").on(t.accountId, t.createdAtMs, t.id),
    index("oauth_grant_by_client").on(t.clientId),
    index("oauth_grant_by_end").on(t.expiresAtMs),
  ],
);

/** A consent on its way to the client that asked for it. It is spent once the grant of the same id is there. */
export const oauthCode = sqliteTable(
  "oauth_code",
  {
    /** Of the grant that it turns into. */
    id: text().primaryKey(),
    codeHash: text().notNull(),
    accountId: text().notNull(),
    principalId: text().notNull(),
    keyId: text(),
    clientId: text().notNull(),
    redirectUri: text().notNull(),
    challenge: text().notNull(),
    scopes: text({ mode: "json" }).$type<string[]>().notNull(),
    audience: text({ mode: "json" }).$type<string[]>().notNull(),
    boundJkt: text(),
    expiresAtMs: integer().notNull(),
  },
  (t) => [index("oauth_code_by_end").on(t.expiresAtMs)],
);

/** A device that waits for a person to say yes elsewhere (RFC 8628). */
export const oauthDevice = sqliteTable(
  "oauth_device",
  {
    /** Of the grant that it turns into. */
    id: text().primaryKey(),
    codeHash: text().notNull(),
    userCodeHash: text().notNull(),
    clientId: text().notNull(),
    scopes: text({ mode: "json" }).$type<string[]>().notNull(),
    audience: text({ mode: "json" }).$type<string[]>().notNull(),
    state: text().notNull(),
    accountId: text(),
    principalId: text(),
    keyId: text(),
    intervalMs: integer().notNull(),
    polledAtMs: integer(),
    expiresAtMs: integer().notNull(),
  },
  (t) => [
    uniqueIndex("oauth_device_by_user_code").on(t.userCodeHash),
    index("oauth_device_by_end").on(t.expiresAtMs),
  ],
);

/** Access tokens that were revoked one by one, and proofs that may not be shown twice; until they would have ended anyway. */
export const oauthSpent = sqliteTable(
  "oauth_spent",
  { id: text().primaryKey(), expiresAtMs: integer().notNull() },
  (t) => [index("oauth_spent_by_end").on(t.expiresAtMs)],
);
