import { and, asc, count, eq, lte, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Linked, Newcomer, Subject } from "#domain/federation/identity.ts";
import type { ProviderRecord } from "#domain/federation/provider.ts";
import type { GivenRole } from "#domain/federation/roles.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { behind, newestFirst } from "#db/newest-first.ts";
import { federatedIdentity, identityProvider } from "#db/catalog/federation-tables.ts";
import { spent } from "#db/catalog/people-tables.ts";
import { principal } from "#db/catalog/tables.ts";

/** Identity providers and whom they vouch for; ids name their catalog shard. */
export function federationStore(shards: readonly D1Database[]) {
  const databases = shards.map((shard) => ({
    shard,
    db: drizzle(shard, { casing: "snake_case" }),
  }));
  const of = (id: string) => databases[Number.parseInt(id.charAt(1), 36)] ?? null;
  const shardOf: ShardOf = (accountId) => {
    const found = of(accountId);
    if (found === null) throw new Error("the account names no catalog shard");
    return found;
  };
  return { ...providers(of), ...providerChanges(of), ...identities(shardOf), ...changes(shardOf) };
}

type Shard = { shard: D1Database; db: ReturnType<typeof drizzle> };
type Of = (id: string) => Shard | null;
type ShardOf = (accountId: string) => Shard;

function providers(of: Of) {
  return {
    async insertProvider(provider: ProviderRecord): Promise<"inserted" | "too-many"> {
      const db = of(provider.accountId)?.db;
      if (db === undefined) throw new Error("the account names no catalog shard");
      const [present] = await db
        .select({ providers: count() })
        .from(identityProvider)
        .where(eq(identityProvider.accountId, provider.accountId));
      if ((present?.providers ?? 0) >= LIMITS.providersPerAccountMax) return "too-many";
      await db.insert(identityProvider).values(provider).onConflictDoNothing();
      return "inserted";
    },

    /** By id alone: who signs in belongs to nobody yet. */
    async provider(id: string): Promise<ProviderRecord | null> {
      const [row] =
        (await of(id)?.db.select().from(identityProvider).where(eq(identityProvider.id, id))) ?? [];
      return row === undefined ? null : recordOf(row);
    },

    /** Newest first. */
    async providers(
      accountId: string,
      after: Cursor | null,
      limit: number,
    ): Promise<ProviderRecord[]> {
      const rows = await of(accountId)
        ?.db.select()
        .from(identityProvider)
        .where(and(eq(identityProvider.accountId, accountId), behind(identityProvider, after)))
        .orderBy(...newestFirst(identityProvider))
        .limit(limit);
      return (rows ?? []).map(recordOf);
    },

    /** The one that brings in whom the directory put here: the oldest that does. */
    async directoryProvider(accountId: string): Promise<ProviderRecord | null> {
      const [row] =
        (await of(accountId)
          ?.db.select()
          .from(identityProvider)
          .where(
            and(
              eq(identityProvider.accountId, accountId),
              eq(identityProvider.enabled, true),
              eq(identityProvider.provisioning, "scim"),
            ),
          )
          .orderBy(asc(identityProvider.createdAtMs), asc(identityProvider.id))
          .limit(1)) ?? [];
      return row === undefined ? null : recordOf(row);
    },
  };
}

function providerChanges(of: Of) {
  return {
    /** False where it is not at the version before this one any more. */
    async replaceProvider(next: ProviderRecord): Promise<boolean> {
      const done = await of(next.accountId)
        ?.db.update(identityProvider)
        .set(next)
        .where(
          and(
            eq(identityProvider.accountId, next.accountId),
            eq(identityProvider.id, next.id),
            eq(identityProvider.version, next.version - 1),
          ),
        )
        .returning({ id: identityProvider.id });
      return (done ?? []).length > 0;
    },

    /** With its links: whom it vouched for stay in the account, and sign in by it no more. */
    async removeProvider(accountId: string, id: string): Promise<boolean> {
      const db = of(accountId)?.db;
      if (db === undefined) return false;
      const mine = and(eq(identityProvider.accountId, accountId), eq(identityProvider.id, id));
      const links = and(
        eq(federatedIdentity.providerId, id),
        eq(federatedIdentity.accountId, accountId),
      );
      const [, gone] = await db.batch([
        db.delete(federatedIdentity).where(links),
        db.delete(identityProvider).where(mine).returning({ id: identityProvider.id }),
      ]);
      return gone.length > 0;
    },
  };
}

function identities(shardOf: ShardOf) {
  return {
    async linked({ accountId, providerId, index: subjectIndex }: Subject): Promise<Linked | null> {
      const [row] = await shardOf(accountId)
        .db.select(member)
        .from(federatedIdentity)
        .innerJoin(
          principal,
          and(
            eq(principal.accountId, federatedIdentity.accountId),
            eq(principal.id, federatedIdentity.principalId),
          ),
        )
        .where(
          and(
            eq(federatedIdentity.providerId, providerId),
            eq(federatedIdentity.subjectIndex, subjectIndex),
            eq(federatedIdentity.accountId, accountId),
          ),
        );
      return row === undefined ? null : linkedOf(row);
    },

    async linkKnown(subject: Subject, { principalId }: Linked, nowMs: number): Promise<void> {
      const { accountId, providerId, index: subjectIndex } = subject;
      const link = { providerId, subjectIndex, accountId, principalId, createdAtMs: nowMs };
      await shardOf(accountId).db.insert(federatedIdentity).values(link).onConflictDoNothing();
    },

    async linkNew(
      subject: Subject,
      { person: made, principalId, role }: Newcomer,
      nowMs: number,
    ): Promise<"linked" | "too-many"> {
      const { accountId, providerId, index } = subject;
      const { shard } = shardOf(accountId);
      const isLinked = `EXISTS (SELECT 1 FROM federated_identity WHERE provider_id = ?1 AND subject_index = ?2 AND principal_id = ?3)`;
      const [linked] = await shard.batch([
        shard
          .prepare(
            `INSERT INTO federated_identity (provider_id, subject_index, principal_id, account_id, created_at_ms)
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE ${ROOM} ON CONFLICT DO NOTHING`,
          )
          .bind(providerId, index, principalId, accountId, nowMs),
        // Only beside the link: of two first sign-ins at once, one makes a person.
        shard
          .prepare(
            `INSERT INTO principal (id, account_id, person_id, kind, name, role, status, created_at_ms)
             SELECT ?3, ?4, ?5, 'person', '', ?6, 'active', ?7 WHERE ${isLinked}`,
          )
          .bind(providerId, index, principalId, accountId, made.id, role, nowMs),
        shard
          .prepare(
            `INSERT INTO person (id, status, email, name, created_at_ms) SELECT ?4, ?5, ?6, ?7, ?8 WHERE ${isLinked}`,
          )
          .bind(providerId, index, principalId, made.id, made.status, made.email, made.name, nowMs),
      ]);
      const isThere = (linked?.meta.changes ?? 0) > 0 || (await this.linked(subject)) !== null;
      return isThere ? "linked" : "too-many";
    },
  };
}

function changes(shardOf: ShardOf) {
  return {
    /** Whether it is spent by this call; one that was spent before is not. */
    async spend(accountId: string, id: string, untilMs: number, nowMs: number): Promise<boolean> {
      const { db } = shardOf(accountId);
      const old = db
        .select({ id: spent.id })
        .from(spent)
        .where(lte(spent.untilMs, nowMs))
        .limit(SPENT_PURGED);
      const [, made] = await db.batch([
        db.delete(spent).where(sql`${spent.id} in ${old}`),
        db.insert(spent).values({ id, untilMs }).onConflictDoNothing().returning({ id: spent.id }),
      ]);
      return made.length > 0;
    },

    async setRole(accountId: string, principalId: string, role: GivenRole): Promise<void> {
      await shardOf(accountId)
        .db.update(principal)
        .set({ role })
        .where(and(eq(principal.accountId, accountId), eq(principal.id, principalId)));
    },
  };
}

const SPENT_PURGED = 20;

/** Whether the account takes one more; counted no further than that. */
const ROOM = `(SELECT count(*) FROM (SELECT 1 FROM principal WHERE account_id = ?4 LIMIT ${LIMITS.peoplePerAccountMax})) < ${LIMITS.peoplePerAccountMax}`;

const member = {
  principalId: principal.id,
  personId: principal.personId,
  role: principal.role,
  status: principal.status,
};

const linkedOf = (row: {
  principalId: string;
  personId: string | null;
  role: string;
  status: string;
}): Linked => ({
  principalId: row.principalId,
  personId: row.personId ?? "",
  role: row.role,
  active: row.status === "active" && row.personId !== null,
});

/** What was stored was checked then; a column of JSON has no type of its own. */
function recordOf(row: typeof identityProvider.$inferSelect): ProviderRecord {
  return row as unknown as ProviderRecord;
}
