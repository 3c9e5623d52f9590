import { topicPort } from "#adapters/topics.ts";
import { agentChangeStore } from "#db/catalog/agent-changes.ts";
import { catalogShardOf } from "#domain/accounts/credential.ts";
import { indexCards } from "#domain/agents/cards.ts";
import { log } from "#domain/observability/log.ts";
import { sha256Hex } from "#domain/shared/hash.ts";

type Deps = Omit<Parameters<typeof indexCards>[0], "agents" | "sha256Hex" | "topics">;

/** An isolate stops trusting a relay's promise this long before it ends. */
const ARMED_MARGIN_MS = 10_000;
const armedUntilMs = new Map<string, number>();

/**
 * Keeps the search over cards in step with the catalog. Whoever changes an agent says so before (`changing`) and after
 * (`changed`); what is lost between the two, the catalog's triggers have noted and its relay brings back.
 */
export function agentCards(env: Env, deps: Deps) {
  const agents = agentChangeStore([env.CATALOG_0]);
  const all = { ...deps, agents, topics: topicPort(env), sha256Hex };
  const index = async (agentIds: readonly string[]) => await indexCards(all, agentIds);
  return {
    /** Wakes the relay of the shard that an id names; at most once a minute and isolate. */
    async changing(id: string): Promise<void> {
      const shard = `CATALOG_${catalogShardOf(id) ?? 0}`;
      if ((armedUntilMs.get(shard) ?? 0) - ARMED_MARGIN_MS > Date.now()) return;
      armedUntilMs.set(shard, await env.RELAY.getByName(shard).arm(shard));
    },
    /** Found, or found no more, when it answers. Whatever goes wrong is left to the relay: the change itself stands. */
    async changed(agentIds: readonly string[]): Promise<void> {
      try {
        const indexed = await index(agentIds);
        if (!indexed.ok) log("warn", "card-postponed", { code: indexed.error.code });
      } catch (error) {
        log("warn", "card-postponed", { error: String(error) });
      }
    },
    index,
  };
}
