import { and, asc, desc, eq, gt, lte, notInArray, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { type Role, ROLES } from "#domain/accounts/model.ts";
import type { AccountRecord } from "#domain/accounts/bootstrap.ts";
import { ATTEMPT_WINDOW_MS, type AttemptRecord } from "#domain/people/attempts.ts";
import type { LinkRecord, MailPurpose } from "#domain/people/links.ts";
import { MAIL_LIFE_MS, type MailRecord } from "#domain/people/mail.ts";
import type { Membership, PersonRecord } from "#domain/people/model.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { behind, newestFirst } from "#db/newest-first.ts";
import { passwords } from "#db/catalog/passwords.ts";
import { attempt, mail, mailLink, person } from "#db/catalog/people-tables.ts";
import { account, principal } from "#db/catalog/tables.ts";

const PURGED_AT_ONCE = 20;

/** People, and what proves who they are. Kept on the catalog's first shard, where an e-mail is looked up. */
export function peopleStore(shard: D1Database) {
  const db = drizzle(shard, { casing: "snake_case" });
  return { ...people(db), ...links(db), ...passwords(db, shard), ...attempts(db), ...mails(db) };
}

export type PeopleDb = ReturnType<typeof drizzle>;

/** A person with the number of their passkeys. */
const personColumns = {
  id: person.id,
  status: person.status,
  emailIndex: person.emailIndex,
  email: person.email,
  name: person.name,
  passwordHash: person.passwordHash,
  totp: person.totp,
  totpPending: person.totpPending,
  totpStep: person.totpStep,
  createdAtMs: person.createdAtMs,
  // By name: Drizzle leaves the tables out where it believes that there is one.
  passkeys: sql<number>`(SELECT count(*) FROM passkey WHERE passkey.person_id = person.id)`,
};

function people(db: PeopleDb) {
  const found = async (where: ReturnType<typeof eq>) => {
    const [row] = await db.select(personColumns).from(person).where(where);
    return row === undefined ? null : { ...row, status: statusOf(row.status) };
  };
  return {
    personByEmail: (emailIndex: string) => found(eq(person.emailIndex, emailIndex)),
    person: (id: string) => found(eq(person.id, id)),

    /** The accounts a person is in, those they have been in longest first. */
    async memberships(personId: string): Promise<Membership[]> {
      const rows = await db
        .select({
          accountId: principal.accountId,
          principalId: principal.id,
          role: principal.role,
          accountName: account.name,
          policyVersion: account.policyVersion,
        })
        .from(principal)
        .innerJoin(account, eq(account.id, principal.accountId))
        .where(
          and(
            eq(principal.personId, personId),
            eq(principal.status, "active"),
            eq(account.status, "active"),
          ),
        )
        .orderBy(asc(principal.createdAtMs), asc(principal.id))
        .limit(LIMITS.accountsPerPersonMax);
      return rows.map((row) => ({ ...row, role: roleOf(row.role) }));
    },

    /** A new person with an account of their own. All or nothing; false where the address or the link is used up. */
    async insertPerson(
      made: PersonRecord,
      own: { account: AccountRecord; principal: OwnerRow },
      linkId: string,
    ): Promise<boolean> {
      try {
        await db.batch([
          db.insert(person).values(made),
          db.insert(account).values(own.account),
          db.insert(principal).values(own.principal),
          db.delete(mailLink).where(eq(mailLink.id, linkId)),
        ]);
        return true;
      } catch (error) {
        if (isTaken(error)) return false;
        throw error;
      }
    },
  };
}

export type OwnerRow = typeof principal.$inferInsert;

/** Whether a batch failed because what it was to make is there already. */
export const isTaken = (error: unknown): boolean =>
  /UNIQUE constraint failed/.test(
    error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error),
  );

export const roleOf = (role: string): Role => ROLES.find((known) => known === role) ?? "viewer";
const statusOf = (status: string): PersonRecord["status"] =>
  status === "active" || status === "erased" ? status : "suspended";

function links(db: PeopleDb) {
  return {
    /** A link and the mail that carries it, together; what has run out goes. */
    async insertLink(link: LinkRecord, record: MailRecord): Promise<void> {
      await db.batch([
        db.delete(mailLink).where(lte(mailLink.expiresAtMs, record.createdAtMs)),
        db.insert(mailLink).values(link),
        ...mailWrites(db, record),
      ]);
    },

    async link(id: string, hash: string, purpose: MailPurpose, nowMs: number) {
      const [row] = await db
        .select()
        .from(mailLink)
        .where(
          and(
            eq(mailLink.id, id),
            eq(mailLink.secretHash, hash),
            eq(mailLink.purpose, purpose),
            gt(mailLink.expiresAtMs, nowMs),
          ),
        );
      return row === undefined ? null : { ...row, purpose };
    },
  };
}

function attempts(db: PeopleDb) {
  return {
    /** Counts one more and answers how many there were in the present window, this one included. */
    async countAttempt(id: string, nowMs: number): Promise<AttemptRecord> {
      const beginsAnew = sql`${attempt.sinceMs} <= ${nowMs - ATTEMPT_WINDOW_MS}`;
      const old = db
        .select({ id: attempt.id })
        .from(attempt)
        .where(and(lte(attempt.sinceMs, nowMs - ATTEMPT_WINDOW_MS), sql`${attempt.id} <> ${id}`))
        .limit(PURGED_AT_ONCE);
      const [, rows] = await db.batch([
        db.delete(attempt).where(sql`${attempt.id} in ${old}`),
        db
          .insert(attempt)
          .values({ id, failures: 1, sinceMs: nowMs })
          .onConflictDoUpdate({
            target: attempt.id,
            set: {
              failures: sql`CASE WHEN ${beginsAnew} THEN 1 ELSE ${attempt.failures} + 1 END`,
              sinceMs: sql`CASE WHEN ${beginsAnew} THEN ${nowMs} ELSE ${attempt.sinceMs} END`,
            },
          })
          .returning({ failures: attempt.failures, sinceMs: attempt.sinceMs }),
      ]);
      return rows[0] ?? { failures: 1, sinceMs: nowMs };
    },

    async clearAttempt(id: string): Promise<void> {
      await db.delete(attempt).where(eq(attempt.id, id));
    },
  };
}

/** What a person is told of a change of their own: it waits however many others ask for mails. */
const OWN_KIND = "password-changed";

/** Writes a mail to be sent. None waits for longer than what it holds works, and none that does goes for another one. */
export function mailWrites(db: PeopleDb, record: MailRecord) {
  const excess = db
    .select({ id: mail.id })
    .from(mail)
    .where(eq(mail.kind, OWN_KIND))
    .orderBy(desc(mail.createdAtMs), desc(mail.id))
    .limit(PURGED_AT_ONCE)
    .offset(LIMITS.mailsMax);
  return [
    db
      .delete(mail)
      .where(
        or(
          eq(mail.kind, "none"),
          lte(mail.createdAtMs, record.createdAtMs - MAIL_LIFE_MS),
          sql`${mail.id} in ${excess}`,
        ),
      ),
    db.insert(mail).values(record),
  ] as const;
}

function mails(db: PeopleDb) {
  return {
    /** Whether as many mails wait as may, of those that anybody can have sent to anybody. */
    async outboxIsFull(nowMs: number): Promise<boolean> {
      const waiting = await db
        .select({ id: mail.id })
        .from(mail)
        .where(
          and(
            notInArray(mail.kind, ["none", OWN_KIND]),
            gt(mail.createdAtMs, nowMs - MAIL_LIFE_MS),
          ),
        )
        .limit(1)
        .offset(LIMITS.mailsMax - 1);
      return waiting.length > 0;
    },

    /** Mails that wait for a sender, newest first. */
    async mails(after: Cursor | null, limit: number): Promise<MailRecord[]> {
      return await db
        .select()
        .from(mail)
        .where(and(sql`${mail.kind} <> 'none'`, behind(mail, after)))
        .orderBy(...newestFirst(mail))
        .limit(limit);
    },

    async dropMail(id: string): Promise<void> {
      await db.delete(mail).where(eq(mail.id, id));
    },

    async oldestMails(limit: number): Promise<MailRecord[]> {
      return await db
        .select()
        .from(mail)
        .where(sql`${mail.kind} <> 'none'`)
        .orderBy(asc(mail.createdAtMs), asc(mail.id))
        .limit(limit);
    },
  };
}
