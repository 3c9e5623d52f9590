import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

// What is called sealed is encrypted under the person's own key: with it, it is gone (domain/protection).

export const person = sqliteTable(
  "person",
  {
    id: text().primaryKey(),
    status: text().notNull(),
    /** What the e-mail is looked up by; null once erased. */
    emailIndex: text(),
    email: text().notNull(), // sealed
    name: text().notNull(), // sealed
    /** bcrypt of the password's digest; none for who signs in by an identity provider alone. */
    passwordHash: text(),
    totp: text(), // sealed
    /** A secret that no code has confirmed yet. */
    totpPending: text(), // sealed
    /** The time step of the newest code taken: none is taken twice (RFC 6238, 5.2). */
    totpStep: integer(),
    createdAtMs: integer().notNull(),
  },
  (t) => [uniqueIndex("person_by_email").on(t.emailIndex)],
);

export const passkey = sqliteTable(
  "passkey",
  {
    /** The credential id that the authenticator made, base64url. */
    id: text().primaryKey(),
    personId: text().notNull(),
    name: text().notNull(),
    publicKey: text().notNull(),
    counter: integer().notNull(),
    transports: text({ mode: "json" }).$type<string[]>().notNull(),
    createdAtMs: integer().notNull(),
    lastUsedAtMs: integer(),
  },
  (t) => [index("passkey_by_person").on(t.personId, t.createdAtMs)],
);

export const recoveryCode = sqliteTable(
  "recovery_code",
  {
    /** Hex SHA-256 of person and code. */
    hash: text().primaryKey(),
    personId: text().notNull(),
  },
  (t) => [index("recovery_code_by_person").on(t.personId)],
);

/** A link that was mailed and proves its mailbox: to finish signing up, to set a new password, to make a device known. */
export const mailLink = sqliteTable(
  "mail_link",
  {
    id: text().primaryKey(),
    purpose: text().notNull(),
    secretHash: text().notNull(),
    /** The person it is for; who signs up becomes it. */
    personId: text().notNull(),
    emailIndex: text().notNull(),
    email: text().notNull(), // sealed
    expiresAtMs: integer().notNull(),
  },
  (t) => [index("mail_link_by_expiry").on(t.expiresAtMs)],
);

export const invitation = sqliteTable(
  "invitation",
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    secretHash: text().notNull(),
    /** Who accepts it becomes this person, unless they are one already. */
    personId: text().notNull(),
    emailIndex: text().notNull(),
    email: text().notNull(), // sealed
    /** What they will be in the account; null invites them to make an account of their own. */
    role: text(),
    invitedBy: text().notNull(),
    createdAtMs: integer().notNull(),
    expiresAtMs: integer().notNull(),
  },
  (t) => [index("invitation_by_account").on(t.accountId, t.createdAtMs, t.id)],
);

/** Mail that no sender has taken yet. */
export const mail = sqliteTable(
  "mail",
  {
    id: text().primaryKey(),
    personId: text().notNull(),
    recipient: text().notNull(), // sealed
    kind: text().notNull(),
    body: text().notNull(), // sealed: it holds a link
    createdAtMs: integer().notNull(),
  },
  (t) => [index("mail_by_time").on(t.createdAtMs, t.id)],
);

/** Failures since a time, by a hash of what they are counted for. */
export const attempt = sqliteTable(
  "attempt",
  {
    id: text().primaryKey(),
    failures: integer().notNull(),
    sinceMs: integer().notNull(),
  },
  (t) => [index("attempt_by_time").on(t.sinceMs)],
);

/** Single-use values that were used, for as long as they would work. */
export const spent = sqliteTable(
  "spent",
  { id: text().primaryKey(), untilMs: integer().notNull() },
  (t) => [index("spent_by_time").on(t.untilMs)],
);
