import { learned, shardCalls, treeOf } from "#adapters/search-calls.ts";
import { leavesForRequest, refreshSketches } from "#adapters/search-sketches.ts";
import { log } from "#domain/observability/log.ts";
import type { Home } from "#domain/regions/regions.ts";
import { isRegion } from "#domain/regions/regions.ts";
import { type Behind, readLeaf, type Reader, replicaFor } from "#domain/regions/replicas.ts";
import { BEAM } from "#domain/search/leaves/fan-out.ts";
import { type AskingReader, FOLLOWED_MS } from "#domain/search/leaves/follow.ts";
import { mergedHits } from "#domain/search/leaves/merge-hits.ts";
import type {
  AnswerText,
  Collection,
  SearchAnswer,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
import type { LeafAnswer } from "#domain/search/protocol.ts";
import type { Place } from "#domain/search/leaves/ranges.ts";
import { leavesBelow, type Tree } from "#domain/search/leaves/tree.ts";

/** A replica that takes longer than this is left for the leader, and that again for what the replica has. */
const REPLICA_TIMEOUT_MS = 700;
const LEADER_TIMEOUT_MS = 900;
const SEARCH_TIMEOUT_MS = 2_000;
/** A search waits a little for the sketches that later ones choose leaves by. */
const SKETCH_WAIT_MS = 100;
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
  read(leader: string, reader: AskingReader, request: SearchRequest): Promise<LeafAnswer | Behind>;
};
type Searching = {
  search(collections: Collection[], request: SearchRequest, seenMs: number): Promise<SearchAnswer>;
  answerText(
    collections: Collection[],
    request: SearchRequest,
    seenMs: number,
  ): Promise<AnswerText>;
};
/** `seenMs`: what the caller has seen of the collections' leaders now, by their clocks; 0 when nothing says. */
export type RegionalAnswer = SearchAnswer & { seenMs: number };

type Gathered = {
  found: SearchHit[][];
  missing: number;
  isStale: boolean;
  seenMs: number;
  refreshed: Promise<void>[];
};
/** A collection whose leaders are in another region than the reader. */
type Away = { collection: Collection; home: Home };
type Asking = Away & { tree: Tree };

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = scheduler.wait(ms).then((): never => {
    throw new Error(`No answer in ${ms} ms`);
  });
  // Whichever comes second is nobody's any more.
  late.catch(() => {});
  work.catch(() => {});
  return await Promise.race([work, late]);
}

/**
 * Searches that ask replicas near the reader where there are any, and everything else at its leader. Nothing of a
 * replica is kept under a lease: a leader cannot wait for what it did not give, so its promise ends at the replica.
 */
// oxlint-disable-next-line max-lines-per-function -- a port: short methods over the same few helpers
export function regionalSearch(
  env: Bindings,
  leaders: Searching,
  homeOf: (owner: string) => Home | null,
) {
  const call = shardCalls(env.SEARCH_SHARD);
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

  /** Asks one leaf; answers whether it has moved. */
  async function ask(
    { collection, home, tree }: Asking,
    { name }: Place,
    request: SearchRequest,
    reader: Reader,
    into: Gathered,
  ): Promise<boolean> {
    const leaf = { name, isPublic: collection.owner === "public", home };
    const chosen = replicaFor(leaf, reader, spreadOf, Math.random());
    const leader = env.SEARCH_SHARD.getByName(name) as unknown as LeaderStub;
    try {
      const { answer, isStale } = await readLeaf<LeafAnswer>(
        chosen && ((hasAsked) => askReplica(chosen, name, reader, hasAsked, request)),
        () => within(LEADER_TIMEOUT_MS, leader.read(request)),
        Date.now,
      );
      into.isStale ||= isStale;
      if (answer.kind === "overloaded") return false;
      into.missing--;
      if (answer.kind === "moved") {
        learned(tree, name, answer);
        return true;
      }
      into.found.push(answer.value.hits);
      into.seenMs = Math.max(into.seenMs, answer.value.seenMs);
    } catch (error) {
      // Neither replica nor leader: this leaf stays missing, which the answer says.
      log("error", "search-leaf-failed", { leaf: name, error: String(error) });
    }
    return false;
  }

  async function askReplica(
    { name, near }: { name: string; near: Home },
    leader: string,
    { atLeastMs }: Reader,
    hasAskedLeader: boolean,
    request: SearchRequest,
  ): Promise<LeafAnswer | Behind> {
    const hint = isRegion(near) ? { locationHint: near } : {};
    const stub = env.SEARCH_REPLICA.getByName(name, hint) as unknown as ReplicaStub;
    const reader = { atLeastMs, hasAskedLeader };
    const answer = await within(REPLICA_TIMEOUT_MS, stub.read(leader, reader, request));
    if (answer.kind === "done") heard(name, answer.value.spread);
    return answer;
  }

  /** Asks the leaves chosen of one collection, and those that turn out to have taken their place. */
  async function gather(
    away: Away,
    request: SearchRequest,
    reader: Reader,
    into: Gathered,
  ): Promise<void> {
    const tree = treeOf(away.collection);
    const asking = { ...away, tree };
    const asked = new Set<string>();
    let hasMoved = true;
    while (hasMoved) {
      hasMoved = false;
      const all = leavesBelow(tree, tree.root);
      if (all.length > BEAM && request.text !== undefined)
        into.refreshed.push(refreshSketches(call, all));
      const leaves = leavesForRequest(all, request).filter(({ name }) => !asked.has(name));
      into.missing += leaves.length;
      for (const { name } of leaves) asked.add(name);
      for (let first = 0; first < leaves.length; first += FAN_OUT_MAX) {
        const some = leaves.slice(first, first + FAN_OUT_MAX);
        const moves = await Promise.all(
          some.map((leaf) => ask(asking, leaf, request, reader, into)),
        );
        hasMoved ||= moves.includes(true);
      }
    }
  }

  async function nearby(
    collections: readonly Away[],
    request: SearchRequest,
    reader: Reader,
  ): Promise<RegionalAnswer> {
    const into: Gathered = { found: [], missing: 0, isStale: false, seenMs: 0, refreshed: [] };
    const gathering = collections.map((away) => gather(away, request, reader, into));
    await Promise.race([Promise.all(gathering), scheduler.wait(SEARCH_TIMEOUT_MS)]);
    // A leaf that answers later than this changes nothing any more.
    const { found, missing, isStale, seenMs, refreshed } = { ...into, found: [...into.found] };
    if (refreshed.length > 0)
      await Promise.race([Promise.all(refreshed), scheduler.wait(SKETCH_WAIT_MS)]);
    return {
      hits: mergedHits(found, request.limit),
      partial: missing > 0 || isStale,
      seenMs,
      ...(found.length === 0 && missing > 0 && { retryAfterS: AGAIN_S }),
    };
  }

  /** The collections that have replicas near the reader, and those to be read at their leaders. */
  function parted(collections: readonly Collection[], { region }: Reader) {
    const away: Away[] = [];
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
      const { atLeastMs } = reader;
      if (away.length === 0)
        return { ...(await leaders.search(rest, request, atLeastMs)), seenMs: 0 };
      const [near, far] = await Promise.all([
        nearby(away, request, reader),
        rest.length === 0 ? null : leaders.search(rest, request, atLeastMs),
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
    /** Waits until a reader of any replica of the collection finds what is in its leaders now, or is told. */
    async followed(owner: string): Promise<void> {
      if (owner === "public" && isRegion(homeOf(owner))) await scheduler.wait(FOLLOWED_MS);
    },
    /** The same for one reader; `seen` hears what the reader has seen by the answer, where leaders' clocks say it. */
    near: (reader: Reader, seen: (seenMs: number) => void) => ({
      async answerText(collections: Collection[], request: SearchRequest): Promise<AnswerText> {
        if (parted(collections, reader).away.length === 0)
          return await leaders.answerText(collections, request, reader.atLeastMs);
        const { seenMs, hits, ...answer } = await port.search(collections, request, reader);
        if (seenMs > 0) seen(seenMs);
        return { ...answer, hits: JSON.stringify(hits) };
      },
    }),
  };
}
