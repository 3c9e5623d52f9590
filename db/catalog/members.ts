import { and, asc, eq, gt, inArray, lt, ne, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { AccountRecord } from "#domain/accounts/bootstrap.ts";
import type { Role } from "#domain/accounts/model.ts";
import type { SessionRecord } from "#domain/accounts/sessions.ts";
import type { InvitationRecord, Joining } from "#domain/people/invitations.ts";
import type { MailRecord } from "#domain/people/mail.ts";
import type { MemberChange, MemberRecord } from "#domain/people/members.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { behind, newestFirst } from "#db/newest-first.ts";
import { isTaken, mailWrites, type OwnerRow, type PeopleDb, roleOf } from "#db/catalog/people.ts";
import { invitation, person } from "#db/catalog/people-tables.ts";
import { account, principal } from "#db/catalog/tables.ts";

/** Who belongs to an account, and who is invited to. Kept on the catalog's first shard, beside the people. */
export function memberStore(shard: D1Database) {
  const db = drizzle(shard, { casing: "snake_case" });
  return {
    ...members(db, shard),
    ...invitations(db, shard),
    ...accounts(db),
    /** In one transaction; the end of the old session, or null where it has ended already. */
    async replaceSession(
      oldId: string,
      { id, accountId, principalId, tokenHash, ...rest }: Omit<SessionRecord, "expiresAtMs">,
    ): Promise<number | null> {
      const [made] = await shard.batch<{ end: number }>([
        shard
          .prepare(
            `INSERT INTO session (id, account_id, principal_id, token_hash, scopes, created_at_ms, expires_at_ms, person_id, factor_at_ms)
             SELECT ?2, ?3, ?4, ?5, ?6, ?7, expires_at_ms, ?8, ?9 FROM session WHERE id = ?1
             RETURNING expires_at_ms AS end`,
          )
          .bind(
            oldId,
            id,
            accountId,
            principalId,
            tokenHash,
            JSON.stringify(rest.scopes),
            rest.createdAtMs,
            rest.personId ?? null,
            rest.factorAtMs ?? null,
          ),
        shard.prepare("DELETE FROM session WHERE id = ?").bind(oldId),
      ]);
      return made?.results[0]?.end ?? null;
    },
  };
}

const memberColumns = {
  id: principal.id,
  accountId: principal.accountId,
  kind: principal.kind,
  role: principal.role,
  name: principal.name,
  createdAtMs: principal.createdAtMs,
  person: { id: person.id, email: person.email, name: person.name },
};

/** An account's other owners: one must stay. */
const HAS_ANOTHER_OWNER = `(SELECT count(*) FROM principal AS other WHERE other.account_id = principal.account_id
  AND other.id <> principal.id AND other.role = 'owner' AND other.status = 'active') > 0`;

/** Of the account ?1 and the principal ?2, at ?3. */
const ENDS_WITH_MEMBER = [
  ...["session", "oauth_code", "oauth_device"].map(
    (table) => `DELETE FROM ${table} WHERE account_id = ?1 AND principal_id = ?2`,
  ),
  ...["api_key", "oauth_grant", "oauth_client"].map(
    (table) =>
      `UPDATE ${table} SET revoked_at_ms = ?3 WHERE account_id = ?1 AND principal_id = ?2 AND revoked_at_ms IS NULL`,
  ),
  "DELETE FROM invitation WHERE account_id = ?1 AND invited_by = ?2",
];

function members(db: PeopleDb, shard: D1Database) {
  const active = (accountId: string) =>
    and(
      eq(principal.accountId, accountId),
      eq(principal.status, "active"),
      ne(principal.kind, "agent"), // an account's agents are its own list, and have no role to be changed
    );
  const select = () =>
    db.select(memberColumns).from(principal).leftJoin(person, eq(person.id, principal.personId));
  const recordOf = <R extends { role: string }>(row: R) => ({ ...row, role: roleOf(row.role) });
  const isThere = async (accountId: string, id: string) =>
    (await select().where(and(active(accountId), eq(principal.id, id)))).length > 0;

  return {
    async member(accountId: string, id: string): Promise<MemberRecord | null> {
      const [row] = await select().where(and(active(accountId), eq(principal.id, id)));
      return row === undefined ? null : recordOf(row);
    },

    /** Of these principals those that belong to the account, in no order. */
    async membersAmong(accountId: string, ids: readonly string[]): Promise<MemberRecord[]> {
      if (ids.length === 0) return [];
      return (await select().where(and(active(accountId), inArray(principal.id, [...ids])))).map(
        recordOf,
      );
    },

    /** Newest first. */
    async members(accountId: string, after: Cursor | null, limit: number): Promise<MemberRecord[]> {
      const rows = await select()
        .where(and(active(accountId), behind(principal, after)))
        .orderBy(...newestFirst(principal))
        .limit(limit);
      return rows.map(recordOf);
    },

    async setRole(accountId: string, id: string, role: Role): Promise<MemberChange> {
      const done = await shard
        .prepare(
          `UPDATE principal SET role = ?3 WHERE account_id = ?1 AND id = ?2 AND status = 'active'
             AND (?3 = 'owner' OR role <> 'owner' OR ${HAS_ANOTHER_OWNER})`,
        )
        .bind(accountId, id, role)
        .run();
      if (done.meta.changes > 0) return "done";
      return (await isThere(accountId, id)) ? "last-owner" : "absent";
    },

    /**
     * With their sessions and keys, with what they let applications do, and with whom they have invited. The row stays, so
     * that what they did can still be told, and for them to come back to: to nothing that they had before.
     */
    async removeMember(accountId: string, id: string, nowMs: number): Promise<MemberChange> {
      const isGone =
        "EXISTS (SELECT 1 FROM principal AS gone WHERE gone.account_id = ?1 AND gone.id = ?2 AND gone.status = 'removed')";
      const [removed] = await shard.batch([
        shard
          .prepare(
            `UPDATE principal SET status = 'removed' WHERE account_id = ?1 AND id = ?2
               AND status IN ('active', 'suspended')
               AND (role <> 'owner' OR ${HAS_ANOTHER_OWNER})`,
          )
          .bind(accountId, id),
        ...ENDS_WITH_MEMBER.map((sql) =>
          shard.prepare(`${sql} AND ?3 > 0 AND ${isGone}`).bind(accountId, id, nowMs),
        ),
      ]);
      if ((removed?.meta.changes ?? 0) > 0) return "done";
      return (await isThere(accountId, id)) ? "last-owner" : "absent";
    },
  };
}

const invitationOf = (row: typeof invitation.$inferSelect): InvitationRecord => ({
  ...row,
  role: row.role === null ? null : roleOf(row.role),
});

/** Whoever invites vouches until the invitation is accepted: a role that they cannot give any more is not given. */
const MAY_STILL_INVITE = sql`EXISTS (SELECT 1 FROM principal AS inviter
  WHERE inviter.account_id = invitation.account_id AND inviter.id = invitation.invited_by AND inviter.status = 'active'
    AND (inviter.role = 'owner' OR (inviter.role = 'admin' AND invitation.role IS NOT 'owner')))`;

function invitations(db: PeopleDb, shard: D1Database) {
  return {
    /** With its mail. The same id again is the same invitation, its secret a new one. */
    async insertInvitation(made: InvitationRecord, record: MailRecord) {
      const open = await db
        .select({ id: invitation.id })
        .from(invitation)
        .where(
          and(
            eq(invitation.accountId, made.accountId),
            gt(invitation.expiresAtMs, made.createdAtMs),
          ),
        )
        .limit(LIMITS.invitationsPerAccountMax);
      if (open.length >= LIMITS.invitationsPerAccountMax) return "too-many" as const;
      const { secretHash, personId, expiresAtMs } = made;
      await db.batch([
        db
          .delete(invitation)
          .where(
            and(
              eq(invitation.accountId, made.accountId),
              lt(invitation.expiresAtMs, made.createdAtMs),
            ),
          ),
        db
          .insert(invitation)
          .values(made)
          .onConflictDoUpdate({
            target: invitation.id,
            set: { secretHash, personId, expiresAtMs },
            setWhere: eq(invitation.accountId, made.accountId),
          }),
        ...mailWrites(db, record),
      ]);
      return "done" as const;
    },

    async invitations(accountId: string, nowMs: number): Promise<InvitationRecord[]> {
      const rows = await db
        .select()
        .from(invitation)
        .where(and(eq(invitation.accountId, accountId), gt(invitation.expiresAtMs, nowMs)))
        .orderBy(asc(invitation.createdAtMs), asc(invitation.id))
        .limit(LIMITS.invitationsPerAccountMax);
      return rows.map(invitationOf);
    },

    async revokeInvitation(accountId: string, id: string): Promise<boolean> {
      const gone = await db
        .delete(invitation)
        .where(and(eq(invitation.accountId, accountId), eq(invitation.id, id)))
        .returning({ id: invitation.id });
      return gone.length > 0;
    },

    async invitation(id: string, hash: string, nowMs: number): Promise<InvitationRecord | null> {
      const [row] = await db
        .select()
        .from(invitation)
        .where(
          and(
            eq(invitation.id, id),
            eq(invitation.secretHash, hash),
            gt(invitation.expiresAtMs, nowMs),
            MAY_STILL_INVITE,
          ),
        );
      return row === undefined ? null : invitationOf(row);
    },

    join: (joining: Joining) => join(shard, joining),
  };
}

/** Each statement asks whether the invitation is still open, and the last one closes it: of two at once, one joins. */
async function join(shard: D1Database, joining: Joining): Promise<string | null> {
  const { invitationId, personId, person: made, account: own, principal: member } = joining;
  const insert = (sql: string, ...values: (string | number | null)[]) =>
    shard.prepare(`${sql} FROM invitation WHERE id = ?1`).bind(invitationId, ...values);
  const statements: D1PreparedStatement[] = [];
  if (made !== null)
    statements.push(
      insert(
        `INSERT INTO person (id, status, email_index, email, name, password_hash, created_at_ms)
         SELECT ?2, ?3, ?4, ?5, ?6, ?7, ?8`,
        made.id,
        made.status,
        made.emailIndex,
        made.email,
        made.name,
        made.passwordHash,
        made.createdAtMs,
      ),
    );
  if (own !== null)
    statements.push(
      insert(
        "INSERT INTO account (id, name, status, created_at_ms) SELECT ?2, ?3, ?4, ?5",
        own.id,
        own.name,
        own.status,
        own.createdAtMs,
      ),
    );
  // Whoever was removed comes back as who they were; whoever belongs to it keeps the role they have.
  statements.push(
    shard
      .prepare(
        `INSERT INTO principal (account_id, id, kind, name, role, status, created_at_ms, person_id)
         SELECT ?2, ?3, 'person', '', ?4, 'active', ?5, ?6 FROM invitation WHERE id = ?1
         ON CONFLICT (person_id, account_id) DO UPDATE SET status = 'active', role = excluded.role
           WHERE principal.status <> 'active'
         RETURNING id`,
      )
      .bind(invitationId, member.accountId, member.id, member.role, member.createdAtMs, personId),
    shard.prepare("DELETE FROM invitation WHERE id = ?1").bind(invitationId),
  );
  try {
    const results = await shard.batch<{ id: string }>(statements);
    return results.at(-2)?.results[0]?.id ?? null;
  } catch (error) {
    if (isTaken(error)) return null; // somebody signed up with the address meanwhile
    throw error;
  }
}

function accounts(db: PeopleDb) {
  return {
    /** Another account with its owner; the same again changes nothing. */
    async insertAccount(made: AccountRecord, owner: OwnerRow): Promise<void> {
      await db.batch([
        db.insert(account).values(made).onConflictDoNothing(),
        db.insert(principal).values(owner).onConflictDoNothing(),
      ]);
    },
  };
}
