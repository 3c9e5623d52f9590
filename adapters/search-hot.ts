import type { LeafText } from "#adapters/search-answers.ts";
import { type Home, isRegion } from "#domain/regions/regions.ts";
import { type Behind, replicaFor } from "#domain/regions/replicas.ts";
import { type AskingReader, STALE_MS } from "#domain/search/leaves/follow.ts";
import type { Collection, SearchRequest } from "#domain/search/model.ts";
import { done, type LeafAnswer, type ShardAnswer } from "#domain/search/protocol.ts";

/** A replica that takes longer is left for the leaf itself. */
const REPLICA_TIMEOUT_MS = 700;
/** What a leaf said of its spread counts for so long, for so many leaves. */
const SPREAD_LIFE_MS = 10_000;
const SPREADS_MAX = 1_000;

type ReplicaStub = {
  read(leader: string, reader: AskingReader, request: SearchRequest): Promise<LeafAnswer | Behind>;
};

export type HotLeaves = {
  /** The home of an account's collections; without it no leaf has replicas. */
  homeOf?: (owner: string) => Home | null;
  nowMs?: () => number;
  pick?: () => number;
};

/**
 * Reads of leaves that have more of them than one object should answer: some go to replicas beside the leaf. Only of
 * public collections, whose writers wait for replicas anyway (`followed` in search-regions.ts).
 */
export function hotLeaves(
  replicas: DurableObjectNamespace | undefined,
  { homeOf, nowMs = Date.now, pick = Math.random }: HotLeaves,
) {
  const spreads = new Map<string, { spread: number; untilMs: number }>();
  const spreadOf = (name: string): number => {
    const known = spreads.get(name);
    return known === undefined || nowMs() >= known.untilMs ? 0 : known.spread;
  };

  function chosenFor({ owner }: Collection, name: string) {
    // Nearly always nothing is hot, and then this is all it costs.
    if (spreads.size === 0 || owner !== "public" || replicas === undefined) return null;
    const home = homeOf?.(owner) ?? null;
    if (!isRegion(home)) return null;
    const chosen = replicaFor(
      { name, isPublic: true, home },
      { region: home, atLeastMs: 0 },
      spreadOf,
      pick(),
    );
    return chosen && replicas.getByName(chosen.name, { locationHint: home });
  }

  return {
    /** Takes in over how many replicas a leaf wants its reads to spread. */
    heard(name: string, spread: number): void {
      spreads.delete(name);
      if (spread > 0) spreads.set(name, { spread, untilMs: nowMs() + SPREAD_LIFE_MS });
      const [oldest] = spreads.keys();
      if (spreads.size > SPREADS_MAX && oldest !== undefined) spreads.delete(oldest);
    },

    /** The answer of a replica of a hot leaf; null where the leaf itself is to be asked. Nobody keeps it. */
    async ask(
      collection: Collection,
      name: string,
      atLeastMs: number,
      request: SearchRequest,
    ): Promise<ShardAnswer<LeafText> | null> {
      const stub = chosenFor(collection, name) as unknown as ReplicaStub | null;
      if (stub === null) return null;
      const reader = { atLeastMs, hasAskedLeader: false };
      const answer = await Promise.race([
        stub.read(name, reader, request).catch(() => null),
        scheduler.wait(REPLICA_TIMEOUT_MS).then(() => null),
      ]);
      if (answer?.kind === "moved") return answer;
      if (answer?.kind !== "done") return null;
      // Cut off from its leaf, which may be there all the same.
      if (nowMs() - (answer.asOfMs ?? 0) > STALE_MS) return null;
      const hits = JSON.stringify(answer.value.hits);
      return done({ name, hits, peaks: null, revision: "", standsUntilMs: 0, beyond: undefined });
    },
  };
}
