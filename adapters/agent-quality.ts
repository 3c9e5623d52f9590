import { agentQualityStore } from "#db/catalog/agent-quality.ts";
import type { Outcome, Quality } from "#domain/agents/quality.ts";
import { kept } from "#domain/shared/kept.ts";

/** As long as an isolate believes what it knows of an agent itself. */
const LIFE_MS = 5_000;
/** Some 8,000 agents. */
const BYTES_MAX = 8_000_000;
const ENTRY_BYTES = 300;
const CLASS_BYTES = 200;

type Entry = { quality: Quality | null; readAtMs: number; bytes: number };

/** What is known of what agents did, and where one tells of it. */
export function agentQuality(env: Env, nowMs: () => number = Date.now) {
  const store = agentQualityStore([env.CATALOG_0]);
  const entries = kept<Entry>(BYTES_MAX);
  return {
    /** As it was at most 5 s ago; those of which nothing is known are left out. One D1 read for all. */
    async manyLately(ids: readonly string[]): Promise<Map<string, Quality>> {
      const found = new Map<string, Quality>();
      const asked: string[] = [];
      for (const id of ids) {
        const known = entries.get(id);
        const ageMs = known === undefined ? Infinity : nowMs() - known.readAtMs;
        if (known === undefined || ageMs < 0 || ageMs >= LIFE_MS) asked.push(id);
        else if (known.quality !== null) found.set(id, known.quality);
      }
      const readAtMs = nowMs();
      const read = await store.qualities(asked);
      for (const id of asked) {
        const quality = read.get(id) ?? null;
        const classes = quality === null ? 0 : Object.keys(quality.observed.classes).length;
        entries.set(id, { quality, readAtMs, bytes: ENTRY_BYTES + classes * CLASS_BYTES });
        if (quality !== null) found.set(id, quality);
      }
      return found;
    },

    /**
     * Tells what came of a task that its agent's object did not see, as of an agent outside; `isAnswer` where the agent
     * said anything at all. What happens to tasks in the object is noted there.
     */
    async observe(agentId: string, outcome: Outcome, isAnswer: boolean): Promise<void> {
      await env.AGENT.getByName(agentId).did({ kind: "outcome", outcome, isAnswer });
    },
  };
}
