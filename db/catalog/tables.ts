import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import { sql } from "drizzle-orm";
import type { Rule } from "#domain/policies/model.ts";

// Generated migrations get WITHOUT ROWID by hand: a text key then costs one row written instead of two.

export const account = sqliteTable("account", {
  id: text().primaryKey(),
  name: text().notNull(),
  status: text().notNull(),
  createdAtMs: integer().notNull(),
  /** Near where what the account makes from now on is kept (domain/regions); null is wherever it is first asked for. */
  region: text(),
  /** Of its policies, the one in force; 0 where it has none. */
  policyVersion: integer().notNull().default(0),
  /** What it may ask for (domain/limits/plans.ts). */
  plan: text().notNull().default("standard"),
  /** How many agents it has. Triggers of the agents' table count, so that nobody who registers one has to. */
  agents: integer().notNull().default(0),
});

/** One row at most: which account was made when the product was set up. Its key makes a second set-up fail whole. */
export const installation = sqliteTable("installation", {
  id: integer().primaryKey(),
  accountId: text().notNull(),
  principalId: text().notNull(),
  createdAtMs: integer().notNull(),
});

export const policy = sqliteTable(
  "policy",
  {
    accountId: text().notNull(),
    version: integer().notNull(),
    otherwise: text().$type<"allow" | "deny">().notNull(),
    rules: text({ mode: "json" }).$type<Rule[]>().notNull(),
    principalId: text().notNull(),
    createdAtMs: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.version] })],
);

export const principal = sqliteTable(
  "principal",
  {
    accountId: text().notNull(),
    id: text().notNull(),
    kind: text().notNull(),
    name: text().notNull(),
    role: text().notNull().default("member"),
    status: text().notNull(),
    createdAtMs: integer().notNull(),
    /** Who it is, where it is a person that signs in; then the name is theirs and stands nowhere here. */
    personId: text(),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.id] }),
    uniqueIndex("principal_by_person").on(t.personId, t.accountId),
  ],
);

export const apiKey = sqliteTable(
  "api_key",
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    principalId: text().notNull(),
    name: text().notNull(),
    /** Hex SHA-256 of the whole key. */
    secretHash: text().notNull(),
    scopes: text({ mode: "json" }).$type<string[]>().notNull(),
    /** Where it may be used from; null is anywhere. */
    networks: text({ mode: "json" }).$type<string[]>(),
    /** The agent it acts as. */
    agentId: text(),
    /** The key it was made with, and that it dies with. */
    parentId: text(),
    /** The key that takes its place. */
    replacedById: text(),
    /** Whether it was itself what asked for that one: then that one ends with it. */
    replacedItself: integer({ mode: "boolean" }).notNull().default(false),
    createdAtMs: integer().notNull(),
    expiresAtMs: integer(),
    lastUsedAtMs: integer(),
    revokedAtMs: integer(),
  },
  (t) => [
    index("api_key_by_account").on(t.accountId, t.createdAtMs, t.id),
    index("api_key_by_parent").on(t.parentId),
    index("api_key_by_agent")
      .on(t.agentId, t.createdAtMs, t.id)
      .where(sql`agent_id IS NOT NULL`),
    // What the keys of people are counted by: an account may have a million agents' beside them.
    index("api_key_in_use")
      .on(t.accountId)
      .where(sql`agent_id IS NULL AND revoked_at_ms IS NULL`),
  ],
);

export const session = sqliteTable(
  "session",
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    principalId: text().notNull(),
    keyId: text(),
    tokenHash: text().notNull(),
    scopes: text({ mode: "json" }).$type<string[]>().notNull(),
    createdAtMs: integer().notNull(),
    expiresAtMs: integer().notNull(),
    /** The person who signed in, and when a second factor of theirs was proven last. */
    personId: text(),
    factorAtMs: integer(),
  },
  (t) => [
    index("session_by_account").on(t.accountId, t.expiresAtMs),
    index("session_by_person").on(t.personId),
  ],
);

export const consoleCode = sqliteTable("console_code", {
  id: text().primaryKey(),
  accountId: text().notNull(),
  principalId: text().notNull(),
  codeHash: text().notNull(),
  expiresAtMs: integer().notNull(),
});

/** The embedding space each collection is in, and the one it is moving to. `owner` is an account or "public". */
export const collection = sqliteTable("collection", {
  owner: text().primaryKey(),
  space: text().notNull(),
  target: text(),
  /** Left by the last move; its shards still hold what they held until they are dropped. */
  movedAtMs: integer().notNull(),
  /** Near where its shards were made: its owner's region when it began. It stays. */
  home: text(),
});

/** The databases of the units family: which take new units. The map's version is the newest of its rows'. */
export const unitShard = sqliteTable("unit_shard", {
  shard: integer().primaryKey(),
  openedAtMs: integer().notNull(),
  fullAtMs: integer(),
  /** What the database held when it was found to be full. */
  bytes: integer(),
  version: integer().notNull(),
});

/** Data keys, encrypted under a root key of the ring that is kept elsewhere (domain/protection). */
export const dataKey = sqliteTable("data_key", {
  /** `person:…`, `account:…` or `installation`. */
  scope: text().primaryKey(),
  /** Both null once the key was destroyed: the row stays, so that nobody makes another key of that scope. */
  kekId: text(),
  wrapped: text(),
  createdAtMs: integer().notNull(),
  erasedAtMs: integer(),
});

/** What was erased, with its certificate once it is done (domain/protection/erasure.ts). */
export const erasure = sqliteTable(
  "erasure",
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    principalId: text().notNull(),
    personId: text(),
    pseudonym: text().notNull(),
    askedBy: text().notNull(),
    units: text().notNull(),
    removed: text().notNull(),
    startedAtMs: integer().notNull(),
    finishedAtMs: integer(),
    certificate: text(),
  },
  (t) => [index("erasure_by_account").on(t.accountId, t.id)],
);
