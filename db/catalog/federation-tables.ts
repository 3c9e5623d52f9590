import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";

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

/** Whom an account's directory has put into it (SCIM). */
export const scimUser = sqliteTable(
  "scim_user",
  {
    accountId: text().notNull(),
    principalId: text().notNull(),
    personId: text().notNull(),
    /** What they are looked up by: blind indexes of names that may be e-mail addresses. */
    userNameIndex: text().notNull(),
    externalIdIndex: text(),
    /** What the directory says of them, sealed under the person's key. */
    profile: text().notNull(),
    version: integer().notNull(),
    createdAtMs: integer().notNull(),
    changedAtMs: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.principalId] }),
    uniqueIndex("scim_user_by_name").on(t.accountId, t.userNameIndex),
    index("scim_user_by_external_id").on(t.accountId, t.externalIdIndex),
    index("scim_user_by_time").on(t.accountId, t.createdAtMs, t.principalId),
  ],
);

export const scimGroup = sqliteTable(
  "scim_group",
  {
    accountId: text().notNull(),
    id: text().notNull(),
    name: text().notNull(),
    externalId: text(),
    version: integer().notNull(),
    createdAtMs: integer().notNull(),
    changedAtMs: integer().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.id] }),
    uniqueIndex("scim_group_by_name").on(t.accountId, t.name),
  ],
);

export const scimMember = sqliteTable(
  "scim_member",
  {
    accountId: text().notNull(),
    groupId: text().notNull(),
    principalId: text().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.accountId, t.groupId, t.principalId] }),
    index("scim_member_by_principal").on(t.accountId, t.principalId),
  ],
);
