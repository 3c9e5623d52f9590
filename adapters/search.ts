import { mergedHits } from "#domain/search/merge-hits.ts";
import type {
  ClaimOutcome,
  Collection,
  ContentClaim,
  IndexedUnit,
  SearchAnswer,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
import type { NearDuplicate, ShardAnswer, ShardCalls } from "#domain/search/protocol.ts";
import { holds, type Place, rootOf, withMoved } from "#domain/search/ranges.ts";

const SHARD_TIMEOUT_MS = 2_000;
/** Shards asked at once for one search, and calls under way to one shard from this isolate. */
const FAN_OUT_MAX = 32;
const CALLS_PER_SHARD_MAX = 512;
/** Collections whose shards are remembered; a forgotten one costs a `moved` answer. */
const TREES_MAX = 10_000;
const HOPS_MAX = 40;

type Bindings = { SEARCH_SHARD: DurableObjectNamespace };

/** Per isolate: the leaves of each collection that has split, by the name of its root. Corrected by `moved`. */
const trees = new Map<string, Place[]>();
const underWay = new Map<string, number>();

const leavesOf = (collection: Collection): Place[] => {
  const root = rootOf(collection);
  return trees.get(root.name) ?? [root];
};

function learn(collection: Collection, from: string, to: readonly Place[]): void {
  const root = rootOf(collection).name;
  const leaves = withMoved(leavesOf(collection), from, to);
  trees.delete(root);
  trees.set(root, leaves);
  if (trees.size <= TREES_MAX) return;
  const [oldest] = trees.keys();
  if (oldest !== undefined) trees.delete(oldest);
}

/** Search over SearchShard objects: one hop to every shard of the collections asked for. */
// oxlint-disable-next-line max-lines-per-function -- a port: short methods over the same few helpers
export function searchPort(env: Bindings) {
  const shardAt = (name: string): ShardCalls =>
    env.SEARCH_SHARD.getByName(name) as unknown as ShardCalls;

  async function call<T>(
    place: Place,
    ask: (stub: ShardCalls) => Promise<ShardAnswer<T>>,
  ): Promise<ShardAnswer<T>> {
    const busy = underWay.get(place.name) ?? 0;
    if (busy >= CALLS_PER_SHARD_MAX) return { kind: "overloaded", retryAfterS: 1 };
    underWay.set(place.name, busy + 1);
    try {
      return await ask(shardAt(place.name));
    } finally {
      const left = (underWay.get(place.name) ?? 1) - 1;
      if (left <= 0) underWay.delete(place.name);
      else underWay.set(place.name, left);
    }
  }

  /** Hands each item to the shard that holds its content, following shards that have moved. */
  async function route<I extends { contentKey: string }, T>(
    collection: Collection,
    items: readonly I[],
    ask: (stub: ShardCalls, place: Place, items: I[]) => Promise<ShardAnswer<T>>,
    use: (answer: T, items: I[]) => void,
  ): Promise<void> {
    let left = [...items];
    for (let hop = 0; left.length > 0; hop++) {
      if (hop > HOPS_MAX) throw new Error("The shards of a collection point at each other");
      const leaves = leavesOf(collection);
      const groups = leaves.map((place) => ({
        place,
        items: left.filter((item) => holds(place, item.contentKey)),
      }));
      const later: I[] = [];
      await Promise.all(
        groups.map(async ({ place, items: mine }) => {
          if (mine.length === 0) return;
          const answer = await call(place, (stub) => ask(stub, place, mine));
          if (answer.kind === "overloaded")
            throw new Error(`The search shard ${place.name} is busy`);
          if (answer.kind === "done") return use(answer.value, mine);
          learn(collection, place.name, answer.to);
          later.push(...mine);
        }),
      );
      left = later;
    }
  }

  /** Asks one leaf, and the shards it moved to. */
  async function gather<T>(
    collection: Collection,
    place: Place,
    ask: (stub: ShardCalls) => Promise<ShardAnswer<T>>,
    into: Gathered<T>,
  ): Promise<void> {
    let answer: ShardAnswer<T>;
    try {
      answer = await call(place, ask);
    } catch (error) {
      unreachable(error);
      return;
    }
    into.missing--;
    if (answer.kind === "done") into.values.push(answer.value);
    else if (answer.kind === "overloaded") {
      into.missing++;
      into.busyForS = Math.max(into.busyForS, answer.retryAfterS);
    } else {
      learn(collection, place.name, answer.to);
      into.missing += answer.to.length;
      await Promise.all(answer.to.map((child) => gather(collection, child, ask, into)));
    }
  }

  /** What all leaves answer; those that do not in time are `missing`. */
  async function gatherAll<T>(
    collections: readonly Collection[],
    ask: (stub: ShardCalls) => Promise<ShardAnswer<T>>,
  ): Promise<Gathered<T>> {
    const into: Gathered<T> = { values: [], missing: 0, busyForS: 0 };
    const leaves = collections.flatMap((collection) =>
      leavesOf(collection).map((place) => ({ collection, place })),
    );
    into.missing = leaves.length;
    for (let first = 0; first < leaves.length; first += FAN_OUT_MAX) {
      const some = leaves.slice(first, first + FAN_OUT_MAX);
      const answers = some.map(({ collection, place }) => gather(collection, place, ask, into));
      // One timer for all. It is left to run out, which costs less than ending it does, and goes with the request.
      await Promise.race([Promise.all(answers), scheduler.wait(SHARD_TIMEOUT_MS)]);
    }
    // A shard that answers later than this changes nothing any more.
    return { ...into, values: [...into.values] };
  }

  return {
    /** Takes contents for units, one outcome for each claim in its order. Of two units that race, one gets it. */
    async claim(collection: Collection, claims: ContentClaim[]): Promise<ClaimOutcome[]> {
      const outcomes = new Map<ContentClaim, ClaimOutcome>();
      await route(
        collection,
        claims,
        (stub, _, mine) => stub.claim(mine),
        (answer: ClaimOutcome[], mine) => {
          for (const [i, outcome] of answer.entries()) {
            const claim = mine[i];
            if (claim !== undefined) outcomes.set(claim, outcome);
          }
        },
      );
      return claims.flatMap((claim) => outcomes.get(claim) ?? []);
    },
    /** Gives back contents that were claimed and never indexed. */
    release: (collection: Collection, claims: ContentClaim[]): Promise<void> =>
      route(
        collection,
        claims,
        (stub, _, mine) => stub.release(mine),
        () => {},
      ),
    /** Findable when it answers. An older version never replaces a newer one, a removed one never comes back. */
    index: (collection: Collection, units: IndexedUnit[]): Promise<void> =>
      route(
        collection,
        units,
        (stub, place, mine) => stub.index(place, mine),
        () => {},
      ),
    /** Takes these versions, and older ones of the same units in the same shard, out of search for good. */
    remove: (collection: Collection, claims: ContentClaim[]): Promise<void> =>
      route(
        collection,
        claims,
        (stub, place, mine) => stub.remove(place, mine),
        () => {},
      ),

    /** Empties a collection that nothing reads or writes yet, of whatever was in it when it was last in use. */
    clear: async (collection: Collection): Promise<void> => {
      const { missing } = await gatherAll([collection], (stub) => stub.clear());
      if (missing > 0) throw new Error("A shard of the collection did not answer");
    },

    /** The units that come closest to this one in its collection, best first; what is "near" the caller decides. */
    async similar(
      collection: Collection,
      unit: IndexedUnit,
      limit: number,
    ): Promise<NearDuplicate[]> {
      const { values } = await gatherAll([collection], (stub) => stub.similar(unit, limit));
      return values
        .flat()
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, limit);
    },

    /** The best hits of all collections together; `partial` when a shard did not answer. */
    async search(collections: Collection[], request: SearchRequest): Promise<SearchAnswer> {
      const { values, missing, busyForS } = await gatherAll<SearchHit[]>(collections, (stub) =>
        stub.search(request),
      );
      const answer: SearchAnswer = {
        hits: mergedHits(values, request.limit),
        partial: missing > 0,
      };
      return values.length === 0 && busyForS > 0 ? { ...answer, retryAfterS: busyForS } : answer;
    },
  };
}

type Gathered<T> = { values: T[]; missing: number; busyForS: number };

function unreachable(error: unknown): void {
  console.error({
    event: "search-shard-failed",
    error: error instanceof Error ? error.message : String(error),
  });
}
