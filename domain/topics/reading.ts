import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { eventAbout, typePattern } from "./filter.ts";
import { type Parents, readable } from "./groups.ts";
import { type Position, POSITION_CHARS_MAX } from "./position.ts";
import { TOPIC_NAMES, type TopicName, topicsOfPattern } from "./topics.ts";

/** Whoever misspells a type would wait for ever. */
const heardType = typePattern.refine(
  (type) => topicsOfPattern(type).length > 0,
  "no topic has such events",
);

/** What a live reader asks for: the same by HTTP and over a WebSocket. */
export const liveFilter = {
  topics: z.array(text(LIMITS.eventTypeCharsMax)).min(1).max(TOPIC_NAMES.length).optional(),
  types: z.array(heardType).min(1).max(LIMITS.eventTypesPerFilterMax).optional(),
  ...eventAbout,
  /** The position of the newest event that the reader has. */
  after: text(POSITION_CHARS_MAX).optional(),
};

/** A partition of one of the topics that a reader reads. */
export type Lane = { topic: TopicName; partition: number };

export const offsetIn = (position: Position, { topic, partition }: Lane): number =>
  position[topic]?.[partition] ?? 0;

/**
 * Of what a reader says it has read, the latest offset of a partition that has not come so far, in words: it was given
 * by another log, and whoever went on from there would silently be told nothing until this one got there. Null: none.
 */
export function aheadOf(offsets: readonly number[], latest: readonly number[]): string | null {
  const partition = offsets.findIndex((offset, n) => offset > (latest[n] ?? 0));
  return partition === -1
    ? null
    : `there is no such event: the latest is ${latest[partition] ?? 0} in partition ${partition}`;
}

/** The position with one partition read up to an offset. */
export function movedTo(position: Position, { topic, partition }: Lane, offset: number): Position {
  const offsets = [...(position[topic] ?? [])];
  while (offsets.length < partition) offsets.push(0);
  offsets[partition] = offset;
  return { ...position, [topic]: offsets };
}

/**
 * The partitions that may be read now: what goes on from another one waits until that one is read up to there, so each
 * key's events come in their order however often its topic grows.
 */
export const lanesOf = (position: Position, parents: ReadonlyMap<TopicName, Parents>): Lane[] =>
  [...parents].flatMap(([topic, all]) =>
    readable({ committed: all.map((_, i) => position[topic]?.[i] ?? 0) }, all).map((partition) => ({
      topic,
      partition,
    })),
  );
