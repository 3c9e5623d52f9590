import type { Recall } from "#domain/search/engine/recall.ts";
import {
  type Asked,
  hasSeenLately,
  type Isolate,
  knowing,
  type LeafText,
  searchAnswers,
} from "#adapters/search-answers.ts";
import { type HintOf, shardCalls, treeOf } from "#adapters/search-calls.ts";
import { gathering } from "#adapters/search-gather.ts";
import { leavesForRequest, refreshSketches } from "#adapters/search-sketches.ts";
import { type HotLeaves, hotLeaves } from "#adapters/search-hot.ts";
import { silentLeaves } from "#adapters/search-silent.ts";
import { searchWrites } from "#adapters/search-writes.ts";
import { type BulkFound, bulkPort } from "#adapters/vectorize.ts";
import { VECTORIZE } from "#domain/search/bulk/bulk.ts";
import { candidatesFor, leavesHolding } from "#domain/search/bulk/bulk-routes.ts";
import { bestSoFar } from "#domain/search/leaves/best-so-far.ts";
import { BEAM } from "#domain/search/leaves/fan-out.ts";
import type {
  AnswerText,
  Collection,
  IndexedUnit,
  SearchAnswer,
  SearchFilter,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
import {
  done,
  type LeafState,
  type NearDuplicate,
  type ShardsView,
  type SimilarAsked,
} from "#domain/search/protocol.ts";
import { type Place, rootOf } from "#domain/search/leaves/ranges.ts";
import { sharesOf } from "#domain/search/leaves/shares.ts";
import { leavesBelow } from "#domain/search/leaves/tree.ts";

/** For more hits the best hundred passages of an index are too few: the shards look for them. */
const BULK_LIMIT_MAX = VECTORIZE.topKMax / 2;
/** A promise lives no longer than its request, so a search waits a little for the sketches that later ones choose by. */
const SKETCH_WAIT_MS = 100;

/** When to ask again where no shard answered and none said. */
const AGAIN_S = 1;
/** Leaves asked for a view of a collection's shards. */
const SHOWN_MAX = 256;

type Bindings = {
  SEARCH_SHARD: DurableObjectNamespace;
  SEARCH_REPLICA?: DurableObjectNamespace;
  VECTOR_TIER?: DurableObjectNamespace;
};

/** Search over SearchShard objects: one hop to every shard of the collections asked for. */
// oxlint-disable-next-line max-lines-per-function -- a port: short methods over the same few helpers
export function searchPort(env: Bindings, isolate: Isolate & HotLeaves & { hintOf?: HintOf } = {}) {
  const call = shardCalls(env.SEARCH_SHARD, isolate.hintOf);
  const bulk = bulkPort(env);
  const hot = hotLeaves(env.SEARCH_REPLICA, isolate);
  const answers = searchAnswers(call, isolate, hot.heard);
  const gatherAll = gathering(silentLeaves(isolate.nowMs));

  /** What Vectorize holds near a request's vector, by collection; nothing where it is not bound or not of use. */
  async function inBulk(collections: readonly Collection[], request: SearchRequest) {
    const found = new Map<Collection, BulkFound>();
    const { vector, filter, limit } = request;
    if (!bulk.isBound || vector === undefined || !isEmpty(filter)) return found;
    if (limit > BULK_LIMIT_MAX) return found;
    await Promise.all(
      collections.map(async (each) => found.set(each, await bulk.near(each, vector))),
    );
    return found;
  }

  /** The leaves to ask where nothing is in Vectorize; null where what they say of their words may have to be read first. */
  function leavesAtHand(collections: readonly Collection[], request: SearchRequest) {
    const names: string[] = [];
    for (const collection of collections) {
      const leaves = leavesBelow(treeOf(collection), rootOf(collection));
      if (leaves.length > BEAM && request.text !== undefined) return null;
      for (const { name } of leavesFor(leaves, request, collection, undefined)) names.push(name);
    }
    return names;
  }

  /** Asks the leaves of all collections that the request concerns. */
  async function fromShards(
    collections: readonly Collection[],
    asked: Asked,
    seenMs: number,
  ): Promise<AnswerText> {
    const { request } = asked;
    const found = await inBulk(collections, request);
    const refreshed: Promise<void>[] = [];
    const best = bestSoFar(request.limit);
    let areSome = false;
    let unlikely = false;
    const { values, missing, busyForS } = await gatherAll<LeafText>(
      collections,
      (leaves, collection) => {
        areSome ||= leaves.length > BEAM;
        if (leaves.length > BEAM && request.text !== undefined)
          refreshed.push(refreshSketches(call, leaves));
        return leavesFor(leaves, request, collection, found.get(collection));
      },
      async (collection, place) => {
        const { name } = place;
        const own = withBulk(request, collection, place, found.get(collection));
        const beside = await hot.ask(collection, name, seenMs, own);
        if (beside !== null) return beside;
        const answer = await answers.ask(asked, name, knowing(own, best.beyond()), unlikely);
        if (answer.kind !== "done") return answer;
        best.add(answer.value.hits, answer.value.peaks);
        // The nearest are asked first: where one added nothing, few of those that follow do.
        unlikely = answer.value.hits === "[]" && best.beyond() !== undefined;
        return answer;
      },
      // In one process nothing is gained by asking all at once, and what is known already saves the later ones work.
      answers.areHere,
    );
    if (refreshed.length > 0)
      await Promise.race([Promise.all(refreshed), scheduler.wait(SKETCH_WAIT_MS)]);
    const isDown = [...found.values()].some(({ kind }) => kind === "down");
    const answer = answers.answered(asked, values, { partial: missing > 0 || isDown, areSome });
    if (values.length > 0 || missing === 0) return answer;
    return { ...answer, retryAfterS: Math.max(busyForS, AGAIN_S) };
  }

  /** The best hits of all collections together; `partial` when a shard did not answer. */
  async function answerText(
    collections: Collection[],
    request: SearchRequest,
    seenMs = 0,
  ): Promise<AnswerText> {
    const roots = collections.map((collection) => rootOf(collection).name);
    const asked = answers.question(roots, request);
    const isSeenLately = hasSeenLately(seenMs);
    const standing = isSeenLately ? null : answers.standing(asked);
    if (standing !== null) return standing;
    const names = !bulk.isBound && answers.areAnyNear() ? leavesAtHand(collections, request) : null;
    const near = names === null ? null : answers.fromMemory(asked, names);
    if (near !== null || isSeenLately)
      return near ?? (await fromShards(collections, asked, seenMs));
    return await answers.alone(asked, () => fromShards(collections, asked, seenMs));
  }

  return {
    ...searchWrites(call),

    /** For each unit those that come closest to it in its collection, best first. */
    async similar(
      collection: Collection,
      units: IndexedUnit[],
      asked: SimilarAsked,
    ): Promise<NearDuplicate[][]> {
      const shares = sharesOf(treeOf(collection), units);
      const { values } = await gatherAll([collection], shares.among, async (_, { name }) => {
        const mine = shares.at(name);
        const close = mine.map(({ unit }) => unit);
        const answer = await call(name, (stub) => stub.similar(close, asked));
        if (answer.kind !== "done") return answer;
        return done(new Map(mine.map(({ i }, row) => [i, answer.value[row] ?? []])));
      });
      return units.map((_, i) =>
        values
          .flatMap((found) => found.get(i) ?? [])
          .sort((a, b) => b.cosine - a.cosine)
          .slice(0, asked.limit),
      );
    },

    /** What a collection's leaves hold together, as far as they answer. */
    async shardsOf(collection: Collection): Promise<ShardsView> {
      const tree = treeOf(collection);
      const { values } = await gatherAll<LeafState>(
        [collection],
        (leaves) => leaves.slice(0, SHOWN_MAX),
        (_, { name }) => call(name, (stub) => stub.state()),
      );
      const sum = (of: (state: LeafState) => number) =>
        values.reduce((total, state) => total + of(state), 0);
      const leaves = leavesBelow(treeOf(collection), tree.root).length;
      return {
        leaves,
        unanswered: leaves - values.length,
        units: sum(({ units }) => units),
        passages: sum(({ passages }) => passages),
        bytes: sum(({ bytes }) => bytes),
        splitting: values.filter(({ splitting }) => splitting).length,
        recall: recallOf(values.flatMap(({ recall }) => recall ?? [])),
      };
    },

    /** Learns now where Vectorize holds a collection; a search learns it beside itself. */
    refreshBulk: (collection: Collection): Promise<void> => bulk.refresh(collection),

    async search(
      collections: Collection[],
      request: SearchRequest,
      seenMs = 0,
    ): Promise<SearchAnswer> {
      const { hits, stands: _, ...answer } = await answerText(collections, request, seenMs);
      return { ...answer, hits: JSON.parse(hits) as SearchHit[] };
    },
    answerText,
  };
}

/** By vector, the leaves that Vectorize names before those whose centroid is near: it has seen every passage. */
function leavesFor(
  leaves: readonly Place[],
  request: SearchRequest,
  collection: Collection,
  found: BulkFound | undefined,
): Place[] {
  if (leaves.length <= BEAM) return leavesForRequest(leaves, request);
  const holding =
    found?.kind === "found" ? leavesHolding(treeOf(collection), leaves, found.byLeaf) : [];
  return [...new Set([...holding.slice(0, BEAM), ...leavesForRequest(leaves, request)])];
}

/** A request for one leaf: with what Vectorize found that may be there. */
function withBulk(
  request: SearchRequest,
  collection: Collection,
  place: Place,
  found: BulkFound | undefined,
): SearchRequest {
  if (found?.kind !== "found") return request;
  const { codebook, askedAtMs, isWhole, byLeaf } = found;
  const candidates = candidatesFor(treeOf(collection), place, byLeaf);
  return { ...request, bulk: { codebook, askedAtMs, isWhole, candidates } };
}

const isEmpty = (filter: SearchFilter): boolean =>
  Object.values(filter).every((value) => value === undefined);

/** One share over the questions of all leaves. */
function recallOf(of: readonly Recall[]): Recall | null {
  const questions = of.reduce((sum, each) => sum + each.questions, 0);
  const found = of.reduce((sum, { share, questions: asked }) => sum + share * asked, 0);
  return questions === 0 ? null : { share: found / questions, questions };
}
