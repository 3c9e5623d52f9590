import { asc, eq, inArray, lte, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { catalogShardOf } from "#domain/accounts/credential.ts";
import type { AgentChange } from "#domain/agents/cards.ts";
import type { AgentHappened } from "#domain/agents/happenings.ts";
import { agent, agentChange, agentQuality } from "#db/catalog/agent-tables.ts";

/** How long a change is left to whoever made it, before it is sent again; the triggers say the same. */
const RESEND_AFTER_MS = 5_000;
const SENDS_DOUBLED_MAX = 6;
/** D1 binds at most 100 parameters a statement. */
const IDS_PER_QUERY = 80;

const openedAs = (shard: D1Database) => drizzle(shard, { casing: "snake_case" });

/** Which agents have changed since the search over their cards last took them in. */
export function agentChangeStore(shards: readonly D1Database[]) {
  const databases = shards.map(openedAs);
  return {
    /** What is open of these agents, each with the agent as it stands at its newest change. */
    async changesOf(agentIds: readonly string[]): Promise<AgentChange[]> {
      const changes: AgentChange[] = [];
      for (const [shard, ids] of Map.groupBy(agentIds, catalogShardOf)) {
        const db = databases[shard ?? -1];
        for (let from = 0; db !== undefined && from < ids.length; from += IDS_PER_QUERY) {
          const rows = await db
            .select({ change: agentChange, agent, isOut: agentQuality.isOut })
            .from(agentChange)
            .leftJoin(agent, eq(agent.id, agentChange.agentId))
            .leftJoin(agentQuality, eq(agentQuality.agentId, agentChange.agentId))
            .where(inArray(agentChange.agentId, ids.slice(from, from + IDS_PER_QUERY)))
            .orderBy(asc(agentChange.seq));
          changes.push(...togetherByAgent(rows));
        }
      }
      return changes;
    },

    /** The topics know of these; the search over cards does not yet. */
    async changesTold(told: readonly AgentHappened[]): Promise<void> {
      for (const [shard, members] of Map.groupBy(told, ({ agentId }) => catalogShardOf(agentId)))
        await databases[shard ?? -1]?.run(sql`
          UPDATE agent_change SET is_told = 1 WHERE seq IN
            (SELECT value FROM json_each(${JSON.stringify(members.map(({ seq }) => seq))}))`);
    },

    /** These and no later ones. */
    async changesDone(changes: readonly AgentChange[]): Promise<void> {
      for (const [shard, members] of Map.groupBy(changes, ({ agentId }) => catalogShardOf(agentId)))
        await databases[shard ?? -1]?.run(sql`
          DELETE FROM agent_change WHERE seq IN
            (SELECT value FROM json_each(${JSON.stringify(members.flatMap(({ seqs }) => seqs))}))`);
    },
  };
}

type Row = {
  change: typeof agentChange.$inferSelect;
  agent: AgentChange["agent"];
  isOut: boolean | null;
};

function togetherByAgent(rows: Row[]): AgentChange[] {
  return [...Map.groupBy(rows, ({ change }) => change.agentId)].map(([agentId, members]) => {
    const last = members.at(-1) as Row;
    return {
      agentId,
      accountId: last.change.accountId,
      agent: last.agent,
      isOut: last.isOut === true,
      seqs: members.map(({ change }) => change.seq),
      was: [...new Set(members.flatMap(({ change }) => change.was ?? []))],
      happened: members.flatMap(({ change }) => happenedIn(change)),
    };
  });
}

function happenedIn(change: Row["change"]): AgentHappened[] {
  const { seq, agentId, accountId, what, stateBefore, state, visibility, atMs, isTold } = change;
  if (what === null || isTold === true) return [];
  return [{ seq, agentId, accountId, what, stateBefore, state, visibility, atMs: atMs ?? 0 }];
}

/** What a catalog shard's relay does: finds changes that nobody has seen to, and hands them over once more. */
export function agentOutboxOf(shard: D1Database) {
  const db = openedAs(shard);
  return {
    async due(nowMs: number, limit: number): Promise<string[]> {
      const rows = await db
        .select({ agentId: agentChange.agentId })
        .from(agentChange)
        .where(lte(agentChange.dueAtMs, nowMs))
        .orderBy(asc(agentChange.dueAtMs))
        .limit(limit);
      return [...new Set(rows.map(({ agentId }) => agentId))];
    },

    async isEmpty(): Promise<boolean> {
      return (await db.select({ seq: agentChange.seq }).from(agentChange).limit(1)).length === 0;
    },

    /** Each send waits twice as long as the one before it. */
    async sent(agentIds: string[], nowMs: number): Promise<void> {
      await db.run(sql`
        UPDATE agent_change SET sends = sends + 1,
          due_at_ms = ${nowMs} + ${RESEND_AFTER_MS} * (1 << min(sends, ${SENDS_DOUBLED_MAX}))
        WHERE agent_id IN (SELECT value FROM json_each(${JSON.stringify(agentIds)}))`);
    },
  };
}
