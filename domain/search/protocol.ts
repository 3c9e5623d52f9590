import type {
  ClaimOutcome,
  ContentClaim,
  IndexedUnit,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
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

/** What a search shard can be asked over RPC; the object of the binding SEARCH_SHARD has these methods. */
export type ShardCalls = {
  claim(claims: ContentClaim[]): Promise<ShardAnswer<ClaimOutcome[]>>;
  release(claims: ContentClaim[]): Promise<ShardAnswer<null>>;
  index(place: Place, units: IndexedUnit[]): Promise<ShardAnswer<null>>;
  remove(place: Place, claims: ContentClaim[]): Promise<ShardAnswer<null>>;
  search(request: SearchRequest): Promise<ShardAnswer<SearchHit[]>>;
  similar(unit: IndexedUnit, limit: number): Promise<ShardAnswer<NearDuplicate[]>>;
  clear(): Promise<ShardAnswer<null>>;
};
