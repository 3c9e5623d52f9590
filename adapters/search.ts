import { learned, shardCalls, treeOf } from "#adapters/search-calls.ts";
import { searchWrites } from "#adapters/search-writes.ts";
import { mergedHits } from "#domain/search/merge-hits.ts";
import type {
  Collection,
  IndexedUnit,
  SearchAnswer,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
import type { NearDuplicate, ShardAnswer, ShardCalls } from "#domain/search/protocol.ts";
import { type Place, rootOf } from "#domain/search/ranges.ts";
import { leavesBelow } from "#domain/search/tree.ts";

const SHARD_TIMEOUT_MS = 2_000;
/** Shards asked at once for one search. */
const FAN_OUT_MAX = 32;

type Bindings = { SEARCH_SHARD: DurableObjectNamespace };

/** Search over SearchShard objects: one hop to every shard of the collections asked for. */
// oxlint-disable-next-line max-lines-per-function -- a port: short methods over the same few helpers
export function searchPort(env: Bindings) {
  const call = shardCalls(env.SEARCH_SHARD);

  /** Asks one leaf, and the shards it moved to. */
  async function gather<T>(
    collection: Collection,
    place: Place,
    ask: (stub: ShardCalls) => Promise<ShardAnswer<T>>,
    into: Gathered<T>,
  ): Promise<void> {
    let answer: ShardAnswer<T>;
    try {
      answer = await call(place.name, ask);
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
      learned(treeOf(collection), place.name, answer);
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
      leavesBelow(treeOf(collection), rootOf(collection)).map((place) => ({ collection, place })),
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
    ...searchWrites(call),

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
