import { agentStore } from "#db/catalog/agents.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import { kept } from "#domain/shared/kept.ts";

/** What an isolate knows of an agent was true at most this long ago. */
const LIFE_MS = 5_000;
/** Some 8,000 agents. */
const BYTES_MAX = 8_000_000;
const ENTRY_BYTES = 500;

/** The search over the agents' cards, which hears of every change before and after. */
type Cards = { changing(id: string): Promise<void>; changed(agentIds: string[]): Promise<void> };
type Entry = { agent: AgentRecord; readAtMs: number; bytes: number };

/** The catalog's agents, and those an isolate has asked for lately: a message to one that is talked to costs no D1 read. */
export function agentPort(
  catalog: readonly D1Database[],
  cards: Cards,
  objects: Env["AGENT"],
  nowMs: () => number = Date.now,
) {
  const store = agentStore(catalog);
  const entries = kept<Entry>(BYTES_MAX);
  const remember = (agent: AgentRecord, readAtMs: number) => {
    const bytes = ENTRY_BYTES + 2 * (agent.description.length + agent.name.length);
    entries.set(agent.id, { agent, readAtMs, bytes });
  };
  /** Forgets it also where nobody can say whether the change was made; matched as it is now when this answers. */
  const inStep = async <T>({ id }: { id: string }, write: () => Promise<T>): Promise<T> => {
    await cards.changing(id);
    try {
      return await write();
    } finally {
      entries.drop(id);
      await cards.changed([id]);
    }
  };
  const fresh = (id: string): AgentRecord | null => {
    const known = entries.get(id);
    const ageMs = known === undefined ? Infinity : nowMs() - known.readAtMs;
    return known !== undefined && ageMs >= 0 && ageMs < LIFE_MS ? known.agent : null;
  };
  return {
    ...store,
    /** Several, as they were at most 5 s ago: those that are not remembered cost one D1 read together. */
    async manyLately(ids: readonly string[]): Promise<Map<string, AgentRecord>> {
      const found = new Map<string, AgentRecord>();
      for (const id of ids) {
        const agent = fresh(id);
        if (agent !== null) found.set(id, agent);
      }
      const readAtMs = nowMs();
      for (const agent of await store.manyAgents(ids.filter((id) => !found.has(id)))) {
        remember(agent, readAtMs);
        found.set(agent.id, agent);
      }
      return found;
    },
    /** As it was at most 5 s ago; what this isolate changes it knows at once. */
    async lately(id: string): Promise<AgentRecord | null> {
      const known = fresh(id);
      if (known !== null) return known;
      const readAtMs = nowMs();
      const agent = await store.agent(id);
      if (agent === null) entries.drop(id);
      else remember(agent, readAtMs);
      return agent;
    },
    forget: (id: string) => entries.drop(id),
    insertAgent: (made: AgentRecord) => inStep(made, () => store.insertAgent(made)),
    moveAgent: (...change: Parameters<typeof store.moveAgent>) =>
      inStep(change[0], () => store.moveAgent(...change)),
    removeAgent: (agent: AgentRecord) => inStep(agent, () => store.removeAgent(agent)),
    replaceAgent: (agent: AgentRecord) => inStep(agent, () => store.replaceAgent(agent)),
    expectChange: async (id: string) => await objects.getByName(id).expectChange(id),
    followRecord: async (id: string) => await objects.getByName(id).followRecord(id),
  };
}
