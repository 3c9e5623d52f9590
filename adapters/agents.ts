import { agentStore } from "#db/catalog/agents.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import { kept } from "#domain/shared/kept.ts";

/** What an isolate knows of an agent was true at most this long ago. */
const LIFE_MS = 5_000;
/** Some 8,000 agents. */
const BYTES_MAX = 8_000_000;
const ENTRY_BYTES = 500;

type Entry = { agent: AgentRecord; readAtMs: number; bytes: number };

/** The catalog's agents, and those an isolate has asked for lately: a message to one that is talked to costs no D1 read. */
export function agentPort(catalog: readonly D1Database[], nowMs: () => number = Date.now) {
  const store = agentStore(catalog);
  const entries = kept<Entry>(BYTES_MAX);
  const remember = (agent: AgentRecord, readAtMs: number) => {
    const bytes = ENTRY_BYTES + 2 * (agent.description.length + agent.name.length);
    entries.set(agent.id, { agent, readAtMs, bytes });
  };
  return {
    ...store,
    /** As it was at most 5 s ago; what this isolate changes it knows at once. */
    async lately(id: string): Promise<AgentRecord | null> {
      const known = entries.get(id);
      const ageMs = known === undefined ? Infinity : nowMs() - known.readAtMs;
      if (known !== undefined && ageMs >= 0 && ageMs < LIFE_MS) return known.agent;
      const readAtMs = nowMs();
      const agent = await store.agent(id);
      if (agent === null) entries.drop(id);
      else remember(agent, readAtMs);
      return agent;
    },
    forget: (id: string) => entries.drop(id),
    async moveAgent(...change: Parameters<typeof store.moveAgent>): Promise<AgentRecord | null> {
      return await store.moveAgent(...change).finally(() => entries.drop(change[0].id));
    },
    async removeAgent(agent: AgentRecord): Promise<boolean> {
      return await store.removeAgent(agent).finally(() => entries.drop(agent.id));
    },
    /** Forgets it also where nobody can say whether the change was made. */
    replaceAgent: (agent: AgentRecord) =>
      store.replaceAgent(agent).finally(() => entries.drop(agent.id)),
  };
}
