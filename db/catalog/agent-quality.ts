import { inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { catalogShardOf } from "#domain/accounts/credential.ts";
import type { Quality } from "#domain/agents/quality.ts";
import { agentQuality } from "#db/catalog/agent-tables.ts";

/** D1 binds at most 100 parameters a statement. */
const IDS_PER_QUERY = 80;

/** What the agents' objects have told of what their agents did; each row beside its agent. */
export function agentQualityStore(shards: readonly D1Database[]) {
  const databases = shards.map((shard) => drizzle(shard, { casing: "snake_case" }));
  return {
    /** Those of which something is known. */
    async qualities(agentIds: readonly string[]): Promise<Map<string, Quality>> {
      const found = new Map<string, Quality>();
      for (const [shard, ids] of Map.groupBy(agentIds, catalogShardOf)) {
        const db = databases[shard ?? -1];
        for (let from = 0; db !== undefined && from < ids.length; from += IDS_PER_QUERY) {
          const rows = await db
            .select()
            .from(agentQuality)
            .where(inArray(agentQuality.agentId, ids.slice(from, from + IDS_PER_QUERY)));
          for (const { agentId, observed, isOut, lastAnsweredAtMs } of rows)
            found.set(agentId, { observed, isOut, lastAnsweredAtMs });
        }
      }
      return found;
    },

    /** Keeps what was told last; of an agent that is gone nothing is kept. */
    async tell(agentId: string, quality: Quality, nowMs: number): Promise<void> {
      const { observed, isOut, lastAnsweredAtMs } = quality;
      await databases[catalogShardOf(agentId) ?? -1]?.run(sql`
        INSERT INTO agent_quality (agent_id, observed, is_out, last_answered_at_ms, told_at_ms)
        SELECT id, ${JSON.stringify(observed)}, ${Number(isOut)}, ${lastAnsweredAtMs}, ${nowMs}
        FROM agent WHERE id = ${agentId}
        ON CONFLICT (agent_id) DO UPDATE SET observed = excluded.observed, is_out = excluded.is_out,
          last_answered_at_ms = excluded.last_answered_at_ms, told_at_ms = excluded.told_at_ms
        WHERE excluded.told_at_ms >= agent_quality.told_at_ms`);
    },
  };
}
