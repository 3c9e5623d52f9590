import { zstdDecompressSync } from "node:zlib";
import type { Problem } from "#domain/shared/problem.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { bytesOf, type EventDraft, type EventItem, itemOf } from "#domain/topics/event.ts";
import { linesAfter, type Piece, textsOf } from "#domain/topics/lines.ts";
import { type Parent, partitionOf } from "#domain/topics/partitions.ts";
import { sealedSegments } from "#domain/topics/sealed.ts";
import {
  type LogName,
  partitionNameOf,
  settingsOf,
  type TopicOptions,
} from "#domain/topics/topics.ts";

/** Topics whose partitions an isolate remembers. */
const KNOWN_MAX = 10_000;
/** How often a read looks again where what it was to read is gone meanwhile. */
const TURNS_MAX = 3;
/** Turns that an append takes while its topic grows, and how long it waits where a partition has not begun. */
const MOVES_MAX = 100;
const BEGINS_MS = 20;
/** What one call to a partition carries: what lies in one row of it. */
const CALL_BYTES = 1_500_000;

export type At = { partition: number; offset: number };
export type Reading = {
  partition: number;
  /** The last offset that the reader had; 0: none. */
  after: number;
  limit: number;
  bytesMax: number;
  /** How long the answer waits for an event where there is none. */
  waitMs: number;
  /** Who waits: no more for what it asked before. */
  waiter?: string;
};
/** Lines of events as they are kept, UTF-8 and each ended by a line break; `next` is what to read after. */
export type Lines = Omit<Piece, "last"> & {
  next: number;
  latest: number;
  earliest: number;
  /** Partitions that the topic has now: whoever knew of fewer asks `partitionsOf` again. */
  partitions: number;
};
export type PartitionView = {
  n: number;
  earliest: number;
  latest: number;
  bytes: number;
  parent: Parent | null;
};
type ReadProblem = Problem<"offset-gone" | "not-found" | "too-many-requests">;

type ObjectOf = (
  accountId: string,
  topic: LogName,
  partition: number,
) => ReturnType<Env["TOPIC"]["getByName"]>;

/** The log of events: topics, each of an account or the platform, in partitions of one writer each. */
export function topicPort(env: Env) {
  const objectOf: ObjectOf = (accountId, topic, partition) =>
    env.TOPIC.getByName(partitionNameOf({ accountId, topic, partition }));
  const append = appending(env.WISHUB_PUBLIC_URL, objectOf);
  const lines = reading(env.BLOBS, objectOf);

  return {
    /** Appends events, each to the partition of its key, and answers where each one is. What is repeated is there once. */
    append,
    lines,

    async read(accountId: string, topic: LogName, reading: Reading) {
      const found = await lines(accountId, topic, reading);
      if (!found.ok) return found;
      const { bytes, next, latest, earliest, partitions } = found.value;
      return ok({ events: textsOf(bytes), next, latest, earliest, partitions });
    },

    /** Every partition of a topic; of one that nobody has appended to, the first as it will begin. */
    async partitionsOf(accountId: string, topic: LogName): Promise<PartitionView[]> {
      const parents = await objectOf(accountId, topic, 0).parents();
      return await Promise.all(
        parents.map(async (parent, n) => {
          const { earliest, latest, bytes } = await objectOf(accountId, topic, n).state();
          return { n, earliest, latest, bytes, parent };
        }),
      );
    },

    /** The first offset that was appended at a time or later. */
    offsetAt: async (accountId: string, topic: LogName, partition: number, timeMs: number) =>
      await objectOf(accountId, topic, partition).offsetAt(timeMs),

    /** Of usage.records: what lies below the offset is counted for good, and may go when it is old enough. */
    release: async (accountId: string, topic: LogName, partition: number, offset: number) =>
      await objectOf(accountId, topic, partition).release(offset),

    optionsOf: async (accountId: string, topic: LogName) =>
      await objectOf(accountId, topic, 0).options(),

    /** Says how long a topic keeps its events, and what of them. The first partition is told first: new ones ask theirs. */
    async configure(accountId: string, topic: LogName, options: TopicOptions): Promise<void> {
      const parents = await objectOf(accountId, topic, 0).parents();
      for (const n of parents.keys()) await objectOf(accountId, topic, n).configure(options);
    },

    /** Removes all of an account's topic. */
    async remove(accountId: string, topic: LogName): Promise<void> {
      for (let partition = 0; partition < settingsOf(topic).partitions; partition++)
        await objectOf(accountId, topic, partition).remove();
    },

    /** Where groups that read a topic are kept. */
    groupsOf: (accountId: string, topic: LogName) => objectOf(accountId, topic, 0),
  };
}

function appending(publicUrl: string, objectOf: ObjectOf) {
  const known = new Counts();

  /** Hands over what belongs to each partition; null where some of it goes elsewhere by now. */
  async function handOver(
    accountId: string,
    topic: LogName,
    items: readonly EventItem[],
    count: number,
  ): Promise<Result<At[] | number, Problem<"overloaded">>> {
    const shares = new Map<number, number[]>();
    for (const [i, { hash }] of items.entries()) {
      const partition = partitionOf(hash, count);
      const share = shares.get(partition);
      if (share === undefined) shares.set(partition, [i]);
      else share.push(i);
    }
    const places = Array.from<At>({ length: items.length });
    const outcomes = await Promise.all(
      [...shares].map(async ([partition, share]) => {
        const object = objectOf(accountId, topic, partition);
        for (const part of calls(share, items)) {
          const taken = await object.append(
            count,
            part.flatMap((i) => items[i] ?? []),
          );
          if (!taken.ok) return taken;
          const { placed } = taken.value;
          if (placed === null) return ok(taken.value.count);
          for (const [j, offset] of placed.entries()) {
            const at = part[j] ?? 0;
            // Below zero: remembered from the partition that this one goes on from.
            places[at] =
              offset > 0 ? { partition, offset } : { partition: from(partition), offset: -offset };
          }
        }
        return ok(null);
      }),
    );
    for (const outcome of outcomes) {
      if (!outcome.ok) return outcome;
      if (outcome.value !== null) return ok(outcome.value);
    }
    return ok(places);
  }

  return async function append(
    accountId: string,
    topic: LogName,
    drafts: readonly EventDraft[],
  ): Promise<Result<At[], Problem<"overloaded" | "invalid-request" | "event-too-large">>> {
    const source = `${publicUrl}/v1/topics/${topic}`;
    const items: EventItem[] = [];
    for (const draft of drafts) {
      const item = itemOf(draft, source);
      if (!item.ok) return item;
      items.push(item.value);
    }
    const key = `${accountId} ${topic}`;
    for (let move = 0; move < MOVES_MAX; move++) {
      const count = known.of(key);
      const taken = await handOver(accountId, topic, items, count);
      if (!taken.ok) return taken;
      if (typeof taken.value !== "number") return ok(taken.value);
      // One that has not begun: the topic is about to grow, or began anew since it was heard of.
      known.hear(key, taken.value > 0 ? taken.value : 1);
      if (taken.value === 0) await scheduler.wait(BEGINS_MS);
    }
    return err({ code: "overloaded", retryAfterS: 1 });
  };
}

function reading(bucket: R2Bucket, objectOf: ObjectOf) {
  const bytesIn = async (object: R2ObjectBody | null) =>
    object === null ? null : new Uint8Array(await object.arrayBuffer());
  const sealed = sealedSegments(
    {
      range: async (key, offset, length) =>
        await bytesIn(await bucket.get(key, { range: { offset, length } })),
      end: async (key, suffix) => await bytesIn(await bucket.get(key, { range: { suffix } })),
    },
    zstdDecompressSync,
  );

  /** Events as they lie there, so that whoever hands them on need not look into them. */
  return async function lines(
    accountId: string,
    topic: LogName,
    { partition, after, limit, bytesMax, waitMs, waiter }: Reading,
  ): Promise<Result<Lines, ReadProblem>> {
    if (partition >= settingsOf(topic).partitions) return err({ code: "not-found" });
    const object = objectOf(accountId, topic, partition);
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const answer = await object.read(after, { limit, bytesMax }, waitMs, waiter);
      if (!answer.ok) return answer;
      const { earliest, latest, count, lines: bytes, events, next, segment } = answer.value;
      if (after + 1 < earliest)
        return err({ code: "offset-gone", detail: `the earliest is ${earliest}`, earliest });
      const told = { latest, earliest, partitions: Math.max(count, 1) };
      if (segment === null)
        return ok({ bytes: bytes ?? new Uint8Array(), count: events, next, ...told });
      const block = await sealed.lines(segment.key, after);
      const piece = block && linesAfter(block, after, { limit, bytesMax });
      if (piece !== null) return ok({ ...piece, next: piece.last, ...told });
      // It went while we looked: the object says what is there now.
    }
    throw new Error(
      `a segment of ${accountId} ${topic} ${partition} is gone that its partition has`,
    );
  };
}

/** How many partitions topics have, as far as an isolate has heard. */
class Counts {
  readonly #counts = new Map<string, number>();

  of(key: string): number {
    return this.#counts.get(key) ?? 1;
  }

  hear(key: string, count: number): void {
    this.#counts.delete(key);
    this.#counts.set(key, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > KNOWN_MAX && oldest !== undefined) this.#counts.delete(oldest);
  }
}

/** What a partition goes on from: its number without the highest bit (childOf). */
const from = (partition: number): number => partition - 2 ** (31 - Math.clz32(partition));

/** A share in parts that one call may carry. */
function* calls(share: readonly number[], items: readonly EventItem[]): Generator<number[]> {
  let part: number[] = [];
  let bytes = 0;
  for (const i of share) {
    const item = items[i];
    const size = item === undefined ? 0 : bytesOf(item);
    if (
      part.length > 0 &&
      (part.length >= LIMITS.eventsPerAppendMax || bytes + size > CALL_BYTES)
    ) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(i);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
