import type { SearchHit } from "#domain/search/model.ts";
import type { Place } from "#domain/search/ranges.ts";

/** What a shard answers: the thing asked for, where its content has moved to, or that it has too much to do. */
export type ShardAnswer<T> =
  | { kind: "done"; value: T }
  | { kind: "moved"; to: Place[] }
  | { kind: "overloaded"; retryAfterS: number };

export const done = <T>(value: T): ShardAnswer<T> => ({ kind: "done", value });

/** A unit that resembles another: the cosine of their closest passages, and the share of terms they have in common. */
export type NearDuplicate = {
  unitId: string;
  version: number;
  title: string;
  cosine: number;
  overlap: number;
};

export type ShardHits = SearchHit[];
