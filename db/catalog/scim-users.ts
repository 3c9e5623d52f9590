import { and, asc, count, eq, inArray, type SQL } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { PersonRecord } from "#domain/people/model.ts";
import type { Linked } from "#domain/federation/identity.ts";
import type { GivenRole } from "#domain/federation/roles.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { scimGroup, scimMember, scimUser } from "#db/catalog/federation-tables.ts";
import { isTaken } from "#db/catalog/people.ts";
import { principal } from "#db/catalog/tables.ts";

/** D1 binds at most 100 values to a statement. */
export const IDS_PER_STATEMENT = 90;

export type ScimUserRow = {
  principalId: string;
  personId: string;
  profile: string;
  version: number;
  createdAtMs: number;
  changedAtMs: number;
  role: string;
  status: string;
};
export type ScimUserIndexes = { userNameIndex: string; externalIdIndex: string | null };

/** People whom an account's directory has put into it. */
export function scimUserStore(shard: D1Database) {
  const db = drizzle(shard, { casing: "snake_case" });
  const select = () =>
    db
      .select(columns)
      .from(scimUser)
      .innerJoin(
        principal,
        and(eq(principal.accountId, scimUser.accountId), eq(principal.id, scimUser.principalId)),
      );
  const where = (accountId: string, by: By): SQL | undefined =>
    and(
      eq(scimUser.accountId, accountId),
      by.column === null ? undefined : eq(scimUser[by.column], by.value),
    );

  return {
    async scimUser(accountId: string, principalId: string): Promise<ScimUserRow | null> {
      const by = { column: "principalId" as const, value: principalId };
      const [row] = await select().where(where(accountId, by));
      return row ?? null;
    },

    /** In the order they were put here, and how many there are in all. */
    async scimUsers(accountId: string, by: By, offset: number, limit: number) {
      const [[all], rows] = await db.batch([
        db.select({ n: count() }).from(scimUser).where(where(accountId, by)),
        select()
          .where(where(accountId, by))
          .orderBy(asc(scimUser.createdAtMs), asc(scimUser.principalId))
          .limit(limit)
          .offset(offset),
      ]);
      return { total: all?.n ?? 0, rows };
    },

    async linkedBy(
      accountId: string,
      column: "userNameIndex" | "externalIdIndex",
      value: string,
    ): Promise<Linked | null> {
      const [row] = await select().where(where(accountId, { column, value })).limit(1);
      if (row === undefined) return null;
      const { principalId, personId, role, status } = row;
      return { principalId, personId, role, active: status === "active" };
    },

    ...userWrites(shard),
    ...userChanges(shard),

    async groupsOf(accountId: string, principalIds: readonly string[]) {
      const found: { principalId: string; id: string; name: string }[] = [];
      for (let from = 0; from < principalIds.length; from += IDS_PER_STATEMENT) {
        const some = principalIds.slice(from, from + IDS_PER_STATEMENT);
        const rows = await db
          .select({ principalId: scimMember.principalId, id: scimGroup.id, name: scimGroup.name })
          .from(scimMember)
          .innerJoin(
            scimGroup,
            and(
              eq(scimGroup.accountId, scimMember.accountId),
              eq(scimGroup.id, scimMember.groupId),
            ),
          )
          .where(and(eq(scimMember.accountId, accountId), inArray(scimMember.principalId, some)))
          .orderBy(asc(scimGroup.name));
        found.push(...rows);
      }
      return found;
    },
  };
}

type By =
  | { column: null; value: null }
  | { column: "principalId" | "userNameIndex" | "externalIdIndex"; value: string };

const columns = {
  principalId: scimUser.principalId,
  personId: scimUser.personId,
  profile: scimUser.profile,
  version: scimUser.version,
  createdAtMs: scimUser.createdAtMs,
  changedAtMs: scimUser.changedAtMs,
  role: principal.role,
  status: principal.status,
};

type NewUser = {
  person: PersonRecord;
  principalId: string;
  role: GivenRole;
  active: boolean;
  profile: string;
};

function userWrites(shard: D1Database) {
  return {
    /** The person, their place in the account and what the directory says of them, together. */
    async insertScimUser(
      accountId: string,
      { person: made, principalId, role, active, profile }: NewUser,
      { userNameIndex, externalIdIndex }: ScimUserIndexes,
      nowMs: number,
    ): Promise<"inserted" | "taken" | "too-many"> {
      const room = `(SELECT count(*) FROM (SELECT 1 FROM principal WHERE account_id = ?1 LIMIT ${LIMITS.peoplePerAccountMax})) < ${LIMITS.peoplePerAccountMax}`;
      const isThere =
        "EXISTS (SELECT 1 FROM scim_user WHERE account_id = ?1 AND principal_id = ?2)";
      try {
        const [user] = await shard.batch([
          shard
            .prepare(
              `INSERT INTO scim_user (account_id, principal_id, person_id, user_name_index, external_id_index, profile, version, created_at_ms, changed_at_ms)
               SELECT ?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?7 WHERE ${room}`,
            )
            .bind(accountId, principalId, made.id, userNameIndex, externalIdIndex, profile, nowMs),
          shard
            .prepare(
              `INSERT INTO principal (account_id, id, person_id, kind, name, role, status, created_at_ms)
               SELECT ?1, ?2, ?3, 'person', '', ?4, ?5, ?6 WHERE ${isThere}`,
            )
            .bind(accountId, principalId, made.id, role, statusOf(active), nowMs),
          shard
            .prepare(
              `INSERT INTO person (id, status, email, name, created_at_ms) SELECT ?3, ?4, ?5, ?6, ?7 WHERE ${isThere}`,
            )
            .bind(accountId, principalId, made.id, made.status, made.email, made.name, nowMs),
        ]);
        return (user?.meta.changes ?? 0) > 0 ? "inserted" : "too-many";
      } catch (error) {
        if (isTaken(error)) return "taken";
        throw error;
      }
    },
  };
}

function userChanges(shard: D1Database) {
  return {
    /** All of it or nothing; `stale` where another change came first. Whoever is switched off is refused within 5 seconds. */
    async replaceScimUser(
      accountId: string,
      { principalId, personId, version }: Pick<ScimUserRow, "principalId" | "personId" | "version">,
      next: { profile: string; active: boolean; email: string; name: string } & ScimUserIndexes,
      nowMs: number,
    ): Promise<"done" | "taken" | "stale"> {
      const isNext =
        "EXISTS (SELECT 1 FROM scim_user WHERE account_id = ?1 AND principal_id = ?2 AND version = ?3 + 1)";
      const at = [accountId, principalId, version] as const;
      try {
        const [done] = await shard.batch([
          shard
            .prepare(
              `UPDATE scim_user SET profile = ?4, user_name_index = ?5, external_id_index = ?6, version = version + 1, changed_at_ms = ?7
               WHERE account_id = ?1 AND principal_id = ?2 AND version = ?3`,
            )
            .bind(...at, next.profile, next.userNameIndex, next.externalIdIndex, nowMs),
          // Whoever an administrator removed stays removed.
          shard
            .prepare(
              `UPDATE principal SET status = ?4 WHERE account_id = ?1 AND id = ?2 AND status <> 'removed' AND ${isNext}`,
            )
            .bind(...at, statusOf(next.active)),
          shard
            .prepare(
              `UPDATE person SET email = ?5, name = ?6 WHERE id = ?4 AND status = 'active' AND ${isNext}`,
            )
            .bind(...at, personId, next.email, next.name),
          shard
            .prepare(
              `DELETE FROM session WHERE account_id = ?1 AND principal_id = ?2 AND ?4 = 0 AND ${isNext}`,
            )
            .bind(...at, next.active ? 1 : 0),
        ]);
        return (done?.meta.changes ?? 0) > 0 ? "done" : "stale";
      } catch (error) {
        if (isTaken(error)) return "taken";
        throw error;
      }
    },

    /** What the directory said of them, their groups and their ways in; the principal itself is removed by `removeMember`. */
    async dropScimUser(accountId: string, principalId: string): Promise<void> {
      const tables = ["scim_user", "scim_member", "federated_identity"];
      await shard.batch(
        tables.map((table) =>
          shard
            .prepare(`DELETE FROM ${table} WHERE account_id = ? AND principal_id = ?`)
            .bind(accountId, principalId),
        ),
      );
    },
  };
}

const statusOf = (active: boolean) => (active ? "active" : "suspended");
