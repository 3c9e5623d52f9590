import { learned, treeOf } from "#adapters/search-calls.ts";
import type { Home } from "#domain/regions/regions.ts";
import { isRegion } from "#domain/regions/regions.ts";
import { type Behind, readLeaf, type Reader, replicaFor } from "#domain/regions/replicas.ts";
import { mergedHits } from "#domain/search/merge-hits.ts";
import type {
  AnswerText,
  Collection,
  SearchAnswer,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
import type { LeafAnswer } from "#domain/search/protocol.ts";
import { type Place, rootOf } from "#domain/search/ranges.ts";
import { leavesBelow } from "#domain/search/tree.ts";

/** A replica that takes longer than this is left for the leader, which then has the rest of a search's time. */
const REPLICA_TIMEOUT_MS = 700;
const SEARCH_TIMEOUT_MS = 2_000;
const FAN_OUT_MAX = 32;
const AGAIN_S = 1;
/** What a replica said of its spread counts for so long, for so many replicas. */
const SPREAD_LIFE_MS = 10_000;
const SPREADS_MAX = 10_000;

type Bindings = {
  SEARCH_SHARD: DurableObjectNamespace;
  SEARCH_REPLICA: DurableObjectNamespace;
};
type LeaderStub = { read(request: SearchRequest): Promise<LeafAnswer> };
type ReplicaStub = {
  read(leader: string, atLeastMs: number, request: SearchRequest): Promise<LeafAnswer | Behind>;
};
type Searching = {
  search(collections: Collection[], request: SearchRequest): Promise<SearchAnswer>;
  answerText(collections: Collection[], request: SearchRequest): Promise<AnswerText>;
};
/** `seenMs`: what the caller has seen of the collections' leaders now, by their clocks; 0 when nothing says. */
export type RegionalAnswer = SearchAnswer & { seenMs: number };

type Gathered = { found: SearchHit[][]; missing: number; isStale: boolean; seenMs: number };

/** Searches that ask replicas near the reader where there are any, and everything else at its leader. */
// oxlint-disable-next-line max-lines-per-function -- a port: short methods over the same few helpers
export function regionalSearch(
  env: Bindings,
  leaders: Searching,
  homeOf: (owner: string) => Home | null,
) {
  const spreads = new Map<string, { spread: number; untilMs: number }>();

  const spreadOf = (name: string): number => {
    const known = spreads.get(name);
    return known === undefined || known.untilMs < Date.now() ? 0 : known.spread;
  };
  const heard = (name: string, spread: number): void => {
    spreads.delete(name);
    if (spread > 0) spreads.set(name, { spread, untilMs: Date.now() + SPREAD_LIFE_MS });
    const [oldest] = spreads.keys();
    if (spreads.size > SPREADS_MAX && oldest !== undefined) spreads.delete(oldest);
  };

  async function gather(
    collection: Collection,
    { name }: Place,
    home: Home,
    reader: Reader,
    request: SearchRequest,
    into: Gathered,
  ): Promise<void> {
    const leaf = { name, isPublic: collection.owner === "public", home };
    const chosen = replicaFor(leaf, reader, spreadOf, Math.random());
    const leader = env.SEARCH_SHARD.getByName(name) as unknown as LeaderStub;
    try {
      const { answer, isStale } = await readLeaf<LeafAnswer>(
        chosen && (() => askReplica(chosen, name, reader.atLeastMs, request)),
        () => leader.read(request),
        Date.now,
      );
      into.isStale ||= isStale;
      if (answer.kind === "done") {
        into.missing--;
        into.found.push(answer.value.hits);
        into.seenMs = Math.max(into.seenMs, answer.value.seenMs);
      } else if (answer.kind === "moved") {
        learned(treeOf(collection), name, answer);
        into.missing += answer.to.length - 1;
        await Promise.all(
          answer.to.map((child) => gather(collection, child, home, reader, request, into)),
        );
      }
    } catch (error) {
      // Neither replica nor leader: this leaf stays missing, which the answer says.
      console.error({ event: "search-leaf-failed", leaf: name, error: String(error) });
    }
  }

  async function askReplica(
    { name, near }: { name: string; near: Home },
    leader: string,
    atLeastMs: number,
    request: SearchRequest,
  ): Promise<LeafAnswer | Behind> {
    const hint = isRegion(near) ? { locationHint: near } : {};
    const stub = env.SEARCH_REPLICA.getByName(name, hint) as unknown as ReplicaStub;
    const late = scheduler.wait(REPLICA_TIMEOUT_MS).then((): Behind => ({ kind: "behind" }));
    const answer = await Promise.race([stub.read(leader, atLeastMs, request), late]);
    if (answer.kind === "done") heard(name, answer.value.spread);
    return answer;
  }

  async function nearby(
    collections: readonly { collection: Collection; home: Home }[],
    request: SearchRequest,
    reader: Reader,
  ): Promise<RegionalAnswer> {
    const leaves = collections.flatMap(({ collection, home }) =>
      leavesBelow(treeOf(collection), rootOf(collection)).map((place) => ({
        collection,
        home,
        place,
      })),
    );
    const into: Gathered = { found: [], missing: leaves.length, isStale: false, seenMs: 0 };
    for (let first = 0; first < leaves.length; first += FAN_OUT_MAX) {
      const asked = leaves
        .slice(first, first + FAN_OUT_MAX)
        .map(({ collection, home, place }) =>
          gather(collection, place, home, reader, request, into),
        );
      await Promise.race([Promise.all(asked), scheduler.wait(SEARCH_TIMEOUT_MS)]);
    }
    // A leaf that answers later than this changes nothing any more.
    return {
      hits: mergedHits([...into.found], request.limit),
      partial: into.missing > 0 || into.isStale,
      seenMs: into.seenMs,
      ...(into.found.length === 0 && into.missing > 0 && { retryAfterS: AGAIN_S }),
    };
  }

  /** The collections that have replicas near the reader, and those to be read at their leaders. */
  function parted(collections: readonly Collection[], { region }: Reader) {
    const away: { collection: Collection; home: Home }[] = [];
    const rest: Collection[] = [];
    for (const collection of collections) {
      const home = region === null ? null : homeOf(collection.owner);
      if (isRegion(home) && collection.owner === "public" && home !== region)
        away.push({ collection, home });
      else rest.push(collection);
    }
    return { away, rest };
  }

  const port = {
    /** The best hits of all collections together; `partial` when a part did not answer, or only from an old state. */
    async search(
      collections: Collection[],
      request: SearchRequest,
      reader: Reader,
    ): Promise<RegionalAnswer> {
      const { away, rest } = parted(collections, reader);
      if (away.length === 0) return { ...(await leaders.search(rest, request)), seenMs: 0 };
      const [near, far] = await Promise.all([
        nearby(away, request, reader),
        rest.length === 0 ? null : leaders.search(rest, request),
      ]);
      if (far === null) return near;
      const neither = near.retryAfterS !== undefined && far.retryAfterS;
      return {
        ...(neither && { retryAfterS: neither }),
        hits: mergedHits([near.hits, far.hits], request.limit),
        partial: near.partial || far.partial,
        seenMs: near.seenMs,
      };
    },
  };
  return {
    ...port,
    /** The same for one reader; `seen` hears what the reader has seen by the answer, where leaders' clocks say it. */
    near: (reader: Reader, seen: (seenMs: number) => void) => ({
      async answerText(collections: Collection[], request: SearchRequest): Promise<AnswerText> {
        if (parted(collections, reader).away.length === 0)
          return await leaders.answerText(collections, request);
        const { seenMs, hits, ...answer } = await port.search(collections, request, reader);
        if (seenMs > 0) seen(seenMs);
        return { ...answer, hits: JSON.stringify(hits) };
      },
    }),
  };
}
