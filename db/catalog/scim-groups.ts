import { and, asc, count, eq, type SQL } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { GivenRole } from "#domain/federation/roles.ts";
import type { MembersChange, ScimGroupRecord } from "#domain/federation/scim/group.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { scimGroup, scimMember } from "#db/catalog/federation-tables.ts";
import { isTaken } from "#db/catalog/people.ts";
import { IDS_PER_STATEMENT } from "#db/catalog/scim-users.ts";

type By = { column: null; value: null } | { column: "id" | "name" | "externalId"; value: string };

/** Groups of an account's directory. */
export function scimGroupStore(shard: D1Database) {
  const db = drizzle(shard, { casing: "snake_case" });
  const where = (accountId: string, by: By): SQL | undefined =>
    and(
      eq(scimGroup.accountId, accountId),
      by.column === null ? undefined : eq(scimGroup[by.column], by.value),
    );
  return {
    async scimGroup(accountId: string, id: string): Promise<ScimGroupRecord | null> {
      const by = { column: "id" as const, value: id };
      const [row] = await db.select().from(scimGroup).where(where(accountId, by));
      return row ?? null;
    },

    async scimGroups(accountId: string, by: By, offset: number, limit: number) {
      const [[all], rows] = await db.batch([
        db.select({ n: count() }).from(scimGroup).where(where(accountId, by)),
        db
          .select()
          .from(scimGroup)
          .where(where(accountId, by))
          .orderBy(asc(scimGroup.name))
          .limit(limit)
          .offset(offset),
      ]);
      return { total: all?.n ?? 0, rows };
    },

    async membersOf(accountId: string, groupId: string): Promise<string[]> {
      const rows = await db
        .select({ id: scimMember.principalId })
        .from(scimMember)
        .where(and(eq(scimMember.accountId, accountId), eq(scimMember.groupId, groupId)))
        .orderBy(asc(scimMember.principalId))
        .limit(LIMITS.scimGroupMembersMax);
      return rows.map(({ id }) => id);
    },

    ...groupWrites(db),
    ...memberWrites(shard),
  };
}

type Db = ReturnType<typeof drizzle>;

function groupWrites(db: Db) {
  return {
    async insertScimGroup(group: ScimGroupRecord): Promise<"inserted" | "taken" | "too-many"> {
      const [present] = await db
        .select({ n: count() })
        .from(scimGroup)
        .where(eq(scimGroup.accountId, group.accountId));
      if ((present?.n ?? 0) >= LIMITS.scimGroupsPerAccountMax) return "too-many";
      try {
        await db.insert(scimGroup).values(group);
        return "inserted";
      } catch (error) {
        if (isTaken(error)) return "taken";
        throw error;
      }
    },

    async replaceScimGroup(next: ScimGroupRecord): Promise<"done" | "taken" | "stale"> {
      try {
        const done = await db
          .update(scimGroup)
          .set(next)
          .where(
            and(
              eq(scimGroup.accountId, next.accountId),
              eq(scimGroup.id, next.id),
              eq(scimGroup.version, next.version - 1),
            ),
          )
          .returning({ id: scimGroup.id });
        return done.length > 0 ? "done" : "stale";
      } catch (error) {
        if (isTaken(error)) return "taken";
        throw error;
      }
    },

    async removeScimGroup(accountId: string, id: string): Promise<boolean> {
      const members = and(eq(scimMember.accountId, accountId), eq(scimMember.groupId, id));
      const [, gone] = await db.batch([
        db.delete(scimMember).where(members),
        db
          .delete(scimGroup)
          .where(and(eq(scimGroup.accountId, accountId), eq(scimGroup.id, id)))
          .returning({ id: scimGroup.id }),
      ]);
      return gone.length > 0;
    },
  };
}

function memberWrites(shard: D1Database) {
  return {
    changeMembers: (accountId: string, groupId: string, change: MembersChange) =>
      changeMembers(shard, accountId, groupId, change),

    /** Of people whom the directory put here, and of no owner: only owners make and unmake those. */
    async setRoles(
      accountId: string,
      role: GivenRole,
      principalIds: readonly string[],
    ): Promise<void> {
      for (const some of chunks(principalIds))
        await shard
          .prepare(
            `UPDATE principal SET role = ? WHERE account_id = ? AND role <> 'owner' AND id IN (${marks(some)})
               AND id IN (SELECT principal_id FROM scim_user WHERE scim_user.account_id = principal.account_id)`,
          )
          .bind(role, accountId, ...some)
          .run();
    },
  };
}

/** Only people whom the directory put here become members; whatever else is named is passed over. All of it, or nothing. */
async function changeMembers(
  shard: D1Database,
  accountId: string,
  groupId: string,
  { cleared, added, removed }: MembersChange,
): Promise<void> {
  const mine = "account_id = ? AND group_id = ?";
  const statements: D1PreparedStatement[] = [];
  if (cleared)
    statements.push(
      shard.prepare(`DELETE FROM scim_member WHERE ${mine}`).bind(accountId, groupId),
    );
  for (const some of chunks([...removed]))
    statements.push(
      shard
        .prepare(`DELETE FROM scim_member WHERE ${mine} AND principal_id IN (${marks(some)})`)
        .bind(accountId, groupId, ...some),
    );
  for (const some of chunks([...added]))
    statements.push(
      shard
        .prepare(
          `INSERT INTO scim_member (account_id, group_id, principal_id)
           SELECT account_id, ?1, principal_id FROM scim_user
           WHERE account_id = ?2 AND principal_id IN (${some.map((_, i) => `?${i + 3}`).join()})
             AND (SELECT count(*) FROM scim_member WHERE account_id = ?2 AND group_id = ?1) < ${LIMITS.scimGroupMembersMax}
           ON CONFLICT DO NOTHING`,
        )
        .bind(groupId, accountId, ...some),
    );
  if (statements.length > 0) await shard.batch(statements);
}

const marks = (values: readonly string[]) => values.map(() => "?").join();

function chunks(values: readonly string[]): string[][] {
  const all: string[][] = [];
  for (let from = 0; from < values.length; from += IDS_PER_STATEMENT)
    all.push(values.slice(from, from + IDS_PER_STATEMENT));
  return all;
}
