import { and, eq, inArray } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { catalogShardOf } from "#domain/accounts/credential.ts";
import type { AgentFilter, Looked } from "#domain/agents/listing.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { IS_FOUND, lookThrough } from "#db/catalog/agent-lists.ts";
import { agent } from "#db/catalog/agent-tables.ts";
import { account } from "#db/catalog/tables.ts";
import { isTaken } from "#db/catalog/people.ts";
import { newestFirst } from "#db/newest-first.ts";

/** D1 binds at most 100 parameters a statement. */
const IDS_PER_QUERY = 80;

/** The agents of each account, beside it. An agent's id names its shard. */
export function agentStore(shards: readonly D1Database[]) {
  const databases = shards.map((shard) => drizzle(shard, { casing: "snake_case" }));
  const of = (id: string) => databases[catalogShardOf(id) ?? -1] ?? null;
  return { ...reading(databases, of), ...writing(of) };
}

type DatabaseOf = (id: string) => DrizzleD1Database | null;

function reading(databases: readonly DrizzleD1Database[], of: DatabaseOf) {
  return {
    async agent(id: string): Promise<AgentRecord | null> {
      const [row] = (await of(id)?.select().from(agent).where(eq(agent.id, id))) ?? [];
      return row ?? null;
    },

    manyAgents: (ids: readonly string[]) => manyOf(databases, ids),

    /** Of an account, or of everybody those that are found; one piece a shard (domain/agents/listing.ts). */
    async lookForAgents(
      accountId: string | null,
      asked: { filter: AgentFilter; after: Cursor | null; limit: number },
    ): Promise<Looked[]> {
      if (accountId === null)
        return await Promise.all(databases.map((db) => lookThrough(db, IS_FOUND, asked)));
      const db = of(accountId);
      return db === null ? [] : [await lookThrough(db, eq(agent.accountId, accountId), asked)];
    },

    /** Those that anybody finds and may call, of every account, newest first. */
    async listedAgents(limit: number): Promise<AgentRecord[]> {
      const pages = await Promise.all(
        databases.map((db) =>
          db
            .select()
            .from(agent)
            .where(IS_FOUND)
            .orderBy(...newestFirst(agent))
            .limit(limit),
        ),
      );
      return pages
        .flat()
        .sort((a, b) => b.createdAtMs - a.createdAtMs)
        .slice(0, limit);
    },
  };
}

function writing(of: DatabaseOf) {
  return {
    /** The same id again is the same agent, as it stands. */
    async insertAgent(made: AgentRecord): Promise<AgentRecord | "name-taken" | "too-many"> {
      const db = of(made.accountId);
      if (db === null) throw new Error("the account names no catalog shard");
      const own = eq(agent.accountId, made.accountId);
      const [present] = await db
        .select({ agents: account.agents })
        .from(account)
        .where(eq(account.id, made.accountId));
      if ((present?.agents ?? 0) >= LIMITS.agentsPerAccountMax) return "too-many";
      const [, [stored]] = await db.batch([
        db.insert(agent).values(made).onConflictDoNothing(),
        db
          .select()
          .from(agent)
          .where(and(own, eq(agent.nameKey, made.nameKey))),
      ]);
      return stored?.id === made.id ? stored : "name-taken";
    },

    /** Writes the state where the version is still the one read; null where it is not. */
    async moveAgent(
      { id, accountId, version }: AgentRecord,
      { state, held }: Pick<AgentRecord, "state" | "held">,
      nowMs: number,
    ): Promise<AgentRecord | null> {
      const [row] =
        (await of(id)
          ?.update(agent)
          .set({ state, held, version: version + 1, updatedAtMs: nowMs })
          .where(asRead({ id, accountId, version }))
          .returning()) ?? [];
      return row ?? null;
    },

    /** False where the version is not the one read any more. */
    async removeAgent(read: AgentRecord): Promise<boolean> {
      const gone = await of(read.id)?.delete(agent).where(asRead(read)).returning({ id: agent.id });
      return gone?.length === 1;
    },

    async replaceAgent(changed: AgentRecord): Promise<"done" | "stale" | "name-taken"> {
      const { id, accountId, version } = changed;
      try {
        const done = await of(accountId)
          ?.update(agent)
          .set(changed)
          .where(asRead({ id, accountId, version: version - 1 }))
          .returning({ id: agent.id });
        return done === undefined || done.length === 0 ? "stale" : "done";
      } catch (error) {
        if (isTaken(error)) return "name-taken";
        throw error;
      }
    },
  };
}

const asRead = ({ id, accountId, version }: Pick<AgentRecord, "id" | "accountId" | "version">) =>
  and(eq(agent.id, id), eq(agent.accountId, accountId), eq(agent.version, version));

/** Those of them that there are, in no order. */
async function manyOf(
  databases: readonly DrizzleD1Database[],
  ids: readonly string[],
): Promise<AgentRecord[]> {
  const found: AgentRecord[] = [];
  for (const [shard, members] of Map.groupBy(ids, catalogShardOf)) {
    const db = databases[shard ?? -1];
    for (let from = 0; db !== undefined && from < members.length; from += IDS_PER_QUERY) {
      const some = members.slice(from, from + IDS_PER_QUERY);
      found.push(...(await db.select().from(agent).where(inArray(agent.id, some))));
    }
  }
  return found;
}
