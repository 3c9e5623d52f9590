import type { Parent } from "#domain/topics/partitions.ts";
import type { TopicOptions } from "#domain/topics/topics.ts";
import type { Chunk } from "#domain/topics/segment.ts";
import { GROUP_STEP } from "#objects/topic-groups.ts";
import { LISTENER_STEP } from "#objects/topic-listeners.ts";

/**
 * Append-only. `chunk`: what one group commit appended, all at `at_ms`; `ids` and `events` a line each. `segment`: what of
 * it is sealed in the object store, where its bytes are compressed.
 */
export const TOPIC_STEPS = [
  `CREATE TABLE chunk (
     first INTEGER PRIMARY KEY, count INTEGER NOT NULL, at_ms INTEGER NOT NULL, bytes INTEGER NOT NULL,
     ids TEXT NOT NULL, events BLOB NOT NULL
   ) STRICT;
   CREATE TABLE segment (
     first INTEGER PRIMARY KEY, last INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
     bytes INTEGER NOT NULL, key TEXT NOT NULL
   ) STRICT;
   ${GROUP_STEP}`,
  LISTENER_STEP,
];
/** What is known of a partition beside its events. */
export type Meta = {
  /** How many partitions the topic has, as far as this one was told; 0 where it has not begun. */
  count: number;
  parent: Parent | null;
  earliest: number;
  /** Below it nothing is needed by whoever reads this topic for the platform. */
  released: number;
  /** What the account said of the topic; of what it did not, what every topic of that name does. */
  options: TopicOptions | null;
  /** The last offset that there was when the topic was compacted: it is not given again though its event may be gone. */
  top: number;
  /** By what the topic grew to, the last offset that it had before. */
  splits: Record<string, number>;
};
export type Segment = {
  first: number;
  last: number;
  firstMs: number;
  lastMs: number;
  bytes: number;
  key: string;
};
export type ChunkHead = Omit<Chunk, "bytes"> & { bytes: number };
/** What a read found: lines, or the segment in which they lie. */
export type Found = {
  earliest: number;
  latest: number;
  /** Partitions that the topic has, as far as this one knows. */
  count: number;
  lines: Uint8Array | null;
  events: number;
  /** The last offset of those, or the one that was asked after. */
  next: number;
  segment: { key: string; last: number } | null;
};
