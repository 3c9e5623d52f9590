import type { Peaks } from "#domain/search/engine/kernel.ts";
import { bestSoFar, holdsAll } from "#domain/search/leaves/best-so-far.ts";
import { mergedHits } from "#domain/search/leaves/merge-hits.ts";
import type { AnswerText, Beyond, SearchHit, SearchRequest } from "#domain/search/model.ts";
import { type NearShard, nearShard } from "#domain/search/leaves/nearby.ts";
import type { Place } from "#domain/search/leaves/ranges.ts";
import { done, type ShardAnswer } from "#domain/search/protocol.ts";
import { kept } from "#domain/shared/kept.ts";
import type { Call } from "#adapters/search-calls.ts";

/** A shard in this isolate is read without a call for this long after it was last heard of. */
const ALIVE_MS = 250;
const SHARDS_MAX = 10_000;
const BYTES_MAX = 8_000_000;
const ANSWER_BYTES = 500;
/** Questions asked once lately: only of one that comes again is the answer kept. */
const SEEN_MAX = 4_096;
/** An answer of some leaves of many stands no longer than this: which ones to ask changes with what the others hold. */
const CHOSEN_MS = 1_000;
/** The lease that a question gets which was not asked lately: for those who ask it meanwhile. */
const ONCE_LEASE_MS = 25;
const AGAIN_LEASE_MS = 250;
/** A question under way belongs to the request that asked it. Where that one was cut off, others ask after this. */
const SILENT_MS = 250;
/** Whoever has waited so long for the answers of others asks for itself. */
const PATIENCE_MS = 1_000;
const LOOK_MS = 2;
const UNDER_WAY_MAX = 10_000;

/** Whoever saw a shard so lately may have seen a change that an answer under a lease still lacks; clocks may be apart. */
const LEASES_LAST_MS = 500;

/** Whether a reader who has seen shards at that time may have seen more than an answer that is kept. */
export const hasSeenLately = (seenMs: number): boolean => seenMs > Date.now() - LEASES_LAST_MS;

/** What one leaf found, as JSON text, at a revision of it, when so much was known from others. */
export type LeafText = {
  name: string;
  hits: string;
  peaks: Peaks | null;
  revision: string;
  standsUntilMs: number;
  beyond: Beyond | undefined;
};

type Kept = {
  /** Where only some leaves were asked: others may have become the better ones since. */
  untilMs: number;
  vector: Float32Array | undefined;
  leaves: readonly LeafText[];
  text: string;
  bytes: number;
};

/** What an isolate knows by itself: the time, and the shards whose memory it shares. */
export type Isolate = { nowMs?: () => number; nearShard?: (name: string) => NearShard | undefined };

/** A search on its way: `again` where it was asked lately or is asked meanwhile, so that its answer is worth keeping. */
export type Asked = { key: string; request: SearchRequest; again: boolean };

/**
 * The answers an isolate keeps of questions that are asked again and again, and the shards whose memory lies in this
 * isolate. An answer is served while every leaf it came from stands by it: by its lease, or because the leaf is here
 * and has the same revision. Nothing is served that a shard has since called out of date.
 */
// oxlint-disable-next-line max-lines-per-function -- short methods over the same few helpers
export function searchAnswers(
  call: Call,
  { nowMs = Date.now, nearShard: here = nearShard }: Isolate,
  heard: (name: string, spread: number) => void,
) {
  const answers = kept<Kept>(BYTES_MAX);
  const seen = doorkeeper();
  const shards = nearShards(here, nowMs);

  const stands = ({ name, revision, standsUntilMs }: LeafText): boolean =>
    nowMs() < standsUntilMs || shards.at(name)?.revision() === revision;

  const isStanding = ({ untilMs, leaves }: Kept): boolean =>
    nowMs() < untilMs && leaves.every(stands);

  /** What a leaf answers whose memory lies here. Null where there is none, its units have moved, or it needs its disk. */
  function fromMemory(name: string, request: SearchRequest): LeafText | null {
    const shard = shards.at(name);
    if (shard === undefined) return null;
    try {
      const found = shard.search(request);
      const { beyond } = request;
      return found && { name, ...found, revision: shard.revision(), standsUntilMs: 0, beyond };
    } catch {
      shards.lost(name);
      return null;
    }
  }

  const textOf = (entry: Kept): AnswerText => ({
    hits: entry.text,
    partial: false,
    stands: () => isStanding(entry),
  });

  function known({ key, request }: Asked): Kept | undefined {
    const entry = answers.get(key);
    return entry !== undefined && sameVector(entry.vector, request.vector) ? entry : undefined;
  }

  function standing(asked: Asked): AnswerText | null {
    const entry = known(asked);
    return entry === undefined || !isStanding(entry) ? null : textOf(entry);
  }

  /** Keeps the answer if it is complete and wanted again. */
  function answered(
    asked: Asked,
    leaves: readonly LeafText[],
    { partial, areSome }: { partial: boolean; areSome: boolean },
  ): AnswerText {
    const { key, request, again } = asked;
    const text = merged(leaves, request.limit);
    if (partial || !again) return { hits: text, partial };
    const bytes =
      ANSWER_BYTES +
      (request.vector?.byteLength ?? 0) +
      2 * (key.length + text.length) +
      (leaves.length > 1 ? 2 * leaves.reduce((sum, { hits }) => sum + hits.length, 0) : 0);
    const untilMs = areSome ? nowMs() + CHOSEN_MS : Infinity;
    const entry = { untilMs, vector: request.vector, leaves, text, bytes };
    answers.set(key, entry);
    return textOf(entry);
  }

  return {
    answered,
    question(collections: readonly string[], request: SearchRequest): Asked {
      const key = keyOf(collections, request);
      return { key, request, again: answers.has(key) || seen(key) };
    },

    /** The kept answer while it stands. */
    standing: (asked: Asked): AnswerText | null => (asked.again ? standing(asked) : null),

    /** Whether it is worth looking: false in an edge isolate that shares no memory with any shard. */
    areAnyNear: shards.areAny,

    /** Whether the memory of all of them may lie in this isolate. */
    areHere: (names: readonly Place[]): boolean =>
      names.every(({ name }) => here(name) !== undefined),

    /** The answer of leaves that all lie in this isolate: no call at all. Null where a leaf does not, or needs its disk. */
    fromMemory(asked: Asked, names: readonly string[]): AnswerText | null {
      const leaves: LeafText[] = [];
      const best = bestSoFar(asked.request.limit);
      for (const name of names) {
        const leaf = fromMemory(name, knowing(asked.request, best.beyond()));
        if (leaf === null) return null;
        leaves.push(leaf);
        best.add(leaf.hits, leaf.peaks);
      }
      return answered(asked, leaves, { partial: false, areSome: false });
    },

    /**
     * Asks one leaf; `request` is the question's, with what only this leaf is told. One that is `unlikely` to have
     * anything mostly needs no disk to say so.
     */
    async ask(
      asked: Asked,
      name: string,
      request: SearchRequest,
      unlikely: boolean,
    ): Promise<ShardAnswer<LeafText>> {
      const { again } = asked;
      const { beyond } = request;
      const near = unlikely ? fromMemory(name, request) : null;
      if (near !== null) return done(near);
      const kept = again ? known(asked)?.leaves.find((leaf) => leaf.name === name) : undefined;
      const before = kept !== undefined && holdsAll(kept.beyond, beyond) ? kept : undefined;
      const sentAtMs = nowMs();
      const leaseMs = here(name) !== undefined ? 0 : again ? AGAIN_LEASE_MS : ONCE_LEASE_MS;
      const answer = await call(name, (stub) =>
        stub.ask({ request, unless: before?.revision ?? null, leaseMs }),
      );
      if (answer.kind !== "done") return answer;
      const { hits, peaks = null, revision, spread } = answer.value;
      heard(name, spread);
      shards.heardOf(name, revision, sentAtMs);
      const standsUntilMs = sentAtMs + answer.value.leaseMs;
      if (hits === null && before !== undefined)
        return done({ ...before, revision, standsUntilMs });
      return done({ name, hits: hits ?? "[]", peaks, revision, standsUntilMs, beyond });
    },

    alone: oneAtATime(nowMs, standing),
  };
}

export const knowing = (request: SearchRequest, beyond: Beyond | undefined): SearchRequest =>
  beyond === undefined ? request : { ...request, beyond };

/** Runs what asks the shards. Where another request is asking for the same, its answer is waited for instead. */
function oneAtATime(nowMs: () => number, standing: (asked: Asked) => AnswerText | null) {
  const underWay = new Map<string, { asked: Asked; sinceMs: number }>();
  return async (asked: Asked, work: () => Promise<AnswerText>): Promise<AnswerText> => {
    const { key } = asked;
    const begunAtMs = nowMs();
    // Looking again instead of awaiting the other: one request may not await a promise of another.
    for (let other = underWay.get(key); other !== undefined; other = underWay.get(key)) {
      if (nowMs() - other.sinceMs >= SILENT_MS || nowMs() - begunAtMs >= PATIENCE_MS) break;
      other.asked.again = true;
      await scheduler.wait(LOOK_MS);
      const answer = standing(asked);
      if (answer !== null) return answer;
    }
    const mine = { asked, sinceMs: nowMs() };
    if (underWay.size >= UNDER_WAY_MAX) underWay.clear();
    underWay.set(key, mine);
    try {
      return await work();
    } finally {
      if (underWay.get(key) === mine) underWay.delete(key);
    }
  };
}

/** Shards of this isolate, each for as long as it gave a sign of life that is fresh and of this run of the object. */
function nearShards(here: (name: string) => NearShard | undefined, nowMs: () => number) {
  const alive = new Map<string, { instance: string; untilMs: number }>();
  return {
    at(name: string): NearShard | undefined {
      const sign = alive.get(name);
      if (sign === undefined || nowMs() >= sign.untilMs) return undefined;
      const shard = here(name);
      return shard?.instance === sign.instance ? shard : undefined;
    },
    heardOf(name: string, revision: string, sentAtMs: number): void {
      if (here(name) === undefined) return;
      if (alive.size >= SHARDS_MAX) alive.clear();
      const instance = revision.slice(0, revision.lastIndexOf("."));
      alive.set(name, { instance, untilMs: sentAtMs + ALIVE_MS });
    },
    areAny: () => alive.size > 0,
    /** Not to be read until it is heard of again. */
    lost: (name: string): boolean => alive.delete(name),
  };
}

/** Whether something was asked lately; says no the first time. At most two generations of `SEEN_MAX` are remembered. */
function doorkeeper(): (key: string) => boolean {
  let [young, old] = [new Set<string>(), new Set<string>()];
  return (key) => {
    if (young.has(key)) return true;
    const again = old.has(key);
    young.add(key);
    if (young.size >= SEEN_MAX) [young, old] = [new Set(), young];
    return again;
  };
}

/** Names a question but for its vector, of which it holds 64 bits only. */
function keyOf(collections: readonly string[], request: SearchRequest): string {
  const { text, gloss, mode, filter, limit, explain, vector } = request;
  let [a, b] = [0x811c_9dc5, 0x9e37_79b9];
  if (vector !== undefined) {
    const bits = new Uint32Array(vector.buffer, vector.byteOffset, vector.length);
    for (const word of bits) {
      a = Math.imul(a ^ word, 0x0100_0193);
      b = Math.imul(b ^ (word >>> 7), 0x85eb_ca6b) + a;
    }
  }
  return JSON.stringify([collections, text, gloss, mode, filter, limit, explain, a | 0, b | 0]);
}

function sameVector(one: Float32Array | undefined, other: Float32Array | undefined): boolean {
  if (one === undefined || other === undefined || one.length !== other.length) return one === other;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** What one leaf found stands as it is; of several the best. */
function merged(leaves: readonly LeafText[], limit: number): string {
  const [only] = leaves;
  if (only === undefined) return "[]";
  if (leaves.length === 1) return only.hits;
  const found = leaves.filter(({ hits }) => hits !== "[]");
  const [single] = found;
  if (found.length <= 1) return single?.hits ?? "[]";
  return JSON.stringify(
    mergedHits(
      found.map(({ hits }) => JSON.parse(hits) as SearchHit[]),
      limit,
    ),
  );
}
