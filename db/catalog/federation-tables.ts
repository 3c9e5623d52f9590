import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Whom an account lets vouch for its people (domain/federation). */
export const identityProvider = sqliteTable(
  "identity_provider",
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    name: text().notNull(),
    enabled: integer({ mode: "boolean" }).notNull(),
    provisioning: text().notNull(),
    roles: text({ mode: "json" }).notNull(),
    defaultRole: text(),
    linkAttribute: text().notNull(),
    /** What its protocol needs. */
    settings: text({ mode: "json" }).notNull(),
    /** The client's secret, sealed under the account's key. */
    sealedSecret: text(),
    version: integer().notNull(),
    createdAtMs: integer().notNull(),
  },
  (t) => [index("identity_provider_by_account").on(t.accountId, t.createdAtMs, t.id)],
);

/** Who a provider's subject is here. */
export const federatedIdentity = sqliteTable(
  "federated_identity",
  {
    providerId: text().notNull(),
    /** What the subject is looked up by (the key ring's blind index): it may be an e-mail address. */
    subjectIndex: text().notNull(),
    accountId: text().notNull(),
    principalId: text().notNull(),
    createdAtMs: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.providerId, t.subjectIndex] }),
    index("federated_identity_by_principal").on(t.accountId, t.principalId),
  ],
);
