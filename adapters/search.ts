import { learned, shardCalls, treeOf } from "#adapters/search-calls.ts";
import { searchWrites } from "#adapters/search-writes.ts";
import { type BulkFound, bulkPort } from "#adapters/vectorize.ts";
import { type BulkCandidate, leafTag } from "#domain/search/bulk.ts";
import { mergedHits } from "#domain/search/merge-hits.ts";
import type {
  Collection,
  IndexedUnit,
  SearchAnswer,
  SearchFilter,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
import type {
  NearDuplicate,
  ShardAnswer,
  ShardCalls,
  SimilarAsked,
} from "#domain/search/protocol.ts";
import { type Place, rootOf } from "#domain/search/ranges.ts";
import { leavesBelow } from "#domain/search/tree.ts";

const SHARD_TIMEOUT_MS = 2_000;
/** Shards asked at once for one search. */
const FAN_OUT_MAX = 32;

type Bindings = { SEARCH_SHARD: DurableObjectNamespace; VECTOR_TIER?: DurableObjectNamespace };

/** Search over SearchShard objects: one hop to every shard of the collections asked for. */
// oxlint-disable-next-line max-lines-per-function -- a port: short methods over the same few helpers
export function searchPort(env: Bindings) {
  const call = shardCalls(env.SEARCH_SHARD);
  const bulk = bulkPort(env);

  /** Asks one leaf, and the shards it moved to. */
  async function gather<T>(
    collection: Collection,
    place: Place,
    ask: Ask<T>,
    into: Gathered<T>,
  ): Promise<void> {
    let answer: ShardAnswer<T>;
    try {
      answer = await call(place.name, (stub) => ask(stub, collection, place));
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
    ask: Ask<T>,
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

    /** For each unit those that come closest to it in its collection, best first. */
    async similar(
      collection: Collection,
      units: IndexedUnit[],
      asked: SimilarAsked,
    ): Promise<NearDuplicate[][]> {
      const { values } = await gatherAll([collection], (stub) => stub.similar(units, asked));
      return units.map((_, i) =>
        values
          .flatMap((found) => found[i] ?? [])
          .sort((a, b) => b.cosine - a.cosine)
          .slice(0, asked.limit),
      );
    },

    /** Learns now where Vectorize holds a collection; a search learns it beside itself. */
    refreshBulk: (collection: Collection): Promise<void> => bulk.refresh(collection),

    /** The best hits of all collections together; `partial` when a shard did not answer. */
    async search(collections: Collection[], request: SearchRequest): Promise<SearchAnswer> {
      const found = new Map<Collection, BulkFound>();
      const { vector, filter } = request;
      if (vector !== undefined && isEmpty(filter))
        await Promise.all(
          collections.map(async (each) => found.set(each, await bulk.near(each, vector))),
        );
      const { values, missing, busyForS } = await gatherAll<SearchHit[]>(
        collections,
        (stub, collection, place) =>
          stub.search(withBulk(request, collection, place, found.get(collection))),
      );
      const isDown = [...found.values()].some(({ kind }) => kind === "down");
      const answer: SearchAnswer = {
        hits: mergedHits(values, request.limit),
        partial: missing > 0 || isDown,
      };
      return values.length === 0 && busyForS > 0 ? { ...answer, retryAfterS: busyForS } : answer;
    },
  };
}

type Ask<T> = (stub: ShardCalls, collection: Collection, place: Place) => Promise<ShardAnswer<T>>;
type Gathered<T> = { values: T[]; missing: number; busyForS: number };

function unreachable(error: unknown): void {
  console.error({
    event: "search-shard-failed",
    error: error instanceof Error ? error.message : String(error),
  });
}

/** A request for one leaf: with the candidates that it or a place above it held, and those of places not known. */
function withBulk(
  request: SearchRequest,
  collection: Collection,
  place: Place,
  found: BulkFound | undefined,
): SearchRequest {
  if (found?.kind !== "found") return request;
  const tree = treeOf(collection);
  const leaves = leavesBelow(tree, rootOf(collection)).map(({ name }) => name);
  const elsewhere = [...leaves, ...tree.leaves.keys()].filter((name) => !isAbove(name, place.name));
  const others = new Set(elsewhere.map(leafTag));
  const candidates: BulkCandidate[] = [...found.byLeaf].flatMap(([leaf, all]) =>
    others.has(leaf) ? [] : all,
  );
  return { ...request, bulk: { codebook: found.codebook, candidates } };
}

/** What a leaf split into is named after it. */
const isAbove = (name: string, below: string): boolean => below.startsWith(name);

const isEmpty = (filter: SearchFilter): boolean =>
  Object.values(filter).every((value) => value === undefined);
