import type {
  ClaimOutcome,
  ContentClaim,
  IndexedUnit,
  SearchHit,
  SearchRequest,
} from "#domain/search/model.ts";
import type { Peaks } from "#domain/search/engine/kernel.ts";
import type { Recall } from "#domain/search/engine/recall.ts";
import type { Place } from "#domain/search/leaves/ranges.ts";
import type { Sketch } from "#domain/search/leaves/sketch.ts";
import type { Moved } from "#domain/search/leaves/tree.ts";

/** What a shard answers: the thing asked for, where its content has moved to, or that it has too much to do. */
export type ShardAnswer<T> =
  | { kind: "done"; value: T }
  | ({ kind: "moved" } & Moved)
  | { kind: "overloaded"; retryAfterS: number };

export const done = <T>(value: T): ShardAnswer<T> => ({ kind: "done", value });

/**
 * What a leaf tells a reader of another region: a leader, or a replica with its leader's clock at the state it is of.
 * `seenMs` is that clock at the newest change a hit may show, `spread` over how many more replicas reads may go.
 */
export type LeafHits = { hits: SearchHit[]; seenMs: number; spread: number };
export type LeafAnswer = ShardAnswer<LeafHits> & { asOfMs?: number };

/** A unit that resembles another: the cosine of their closest passages, and the share of terms they have in common. */
export type NearDuplicate = {
  unitId: string;
  version: number;
  title: string;
  cosine: number;
  overlap: number;
};

/** How many of a unit's near ones are wanted, and from which cosine on. */
export type SimilarAsked = { limit: number; cosineMin: number };

/** As what a shard takes a change: as a leaf, or as the directory of the same content too, in one transaction. */
export type Role = "leaf" | "both";

/**
 * What became of units that were to be claimed and indexed in one step: who has each content, and of those that are in
 * what comes near them.
 */
export type Admitted = {
  units: (ClaimOutcome & { near: NearDuplicate[] })[];
  refused: ClaimOutcome[];
};

/** A content that is about to be indexed; `leaf` is where it would go if it were new. */
export type Placing = ContentClaim & { leaf: string };

/**
 * Where a directory says a content is: in `leaf` or what that has moved to (null: the leaf in the same object).
 * `again` when it was placed before, so that it may be there already; `removed` when it must never come back.
 */
export type Located = { kind: "removed" } | { kind: "at"; leaf: string | null; again: boolean };

/** Where a content is to be taken out. */
export type Withdrawn = { kind: "nowhere" } | { kind: "at"; leaf: string | null };

/**
 * A search as the edge asks it. `unless` is a revision whose answer is known already; `leaseMs` how long it would like
 * to keep the answer, 0 for not at all.
 */
export type Question = { request: SearchRequest; unless: string | null; leaseMs: number };

/**
 * The hits as JSON text (a tenth of the cost of objects over RPC), null where they are those of `unless`. They stand
 * for `leaseMs` after the question was sent, and as long as the shard has this revision. `peaks`: how close its closest
 * lists of vectors are, those it was told of included. `spread`: over how many replicas beside it its reads are to go.
 */
export type Reply = {
  hits: string | null;
  /** Absent in what a shard of the release before says. */
  peaks?: Peaks | null;
  revision: string;
  leaseMs: number;
  spread: number;
};

/**
 * What a leaf holds; `bytes` is all of its object, with claims where it keeps some. `recall` of its users' questions, as
 * far as some were looked into (recall.ts).
 */
export type LeafState = {
  units: number;
  passages: number;
  bytes: number;
  splitting: boolean;
  recall: Recall | null;
};

/** All leaves of a collection together; what is `unanswered` of them is in no other number but `leaves`. */
export type ShardsView = Omit<LeafState, "splitting"> & {
  leaves: number;
  unanswered: number;
  /** Leaves that are being copied to others, and go on answering. */
  splitting: number;
};

/** What a search shard can be asked over RPC; the object of the binding SEARCH_SHARD has these methods. */
/** A page of a leaf's units that come after a slot (-1: from the first), with the one or the other. */
export type ReadAsked = { afterSlot: number; limit: number; what: "vectors" | "texts" };
/** `vector` is one for all passages, of length 1. */
export type UnitRead = {
  slot: number;
  unitId: string;
  version: number;
  text: string | null;
  vector: Float32Array | null;
};
/** `nextSlot` is what to come after for the next page; null: there is none. */
export type UnitsPage = { units: UnitRead[]; dimensions: number; nextSlot: number | null };

export type ShardCalls = {
  claim(claims: ContentClaim[]): Promise<ShardAnswer<ClaimOutcome[]>>;
  release(claims: ContentClaim[]): Promise<ShardAnswer<null>>;
  /** Asks a directory where contents are, and has it note where new ones go. */
  locate(place: Place, placings: Placing[]): Promise<ShardAnswer<Located[]>>;
  /** Has a directory forget contents for good; answers where they are still to be taken out. */
  withdraw(claims: ContentClaim[]): Promise<ShardAnswer<Withdrawn[]>>;
  index(place: Place, units: IndexedUnit[], role: Role): Promise<ShardAnswer<null>>;
  /**
   * Claims the contents of units and indexes those that nobody else has, as leaf and directory in one. Of what was
   * `refused` it only says who has the content.
   */
  admit(
    place: Place,
    units: IndexedUnit[],
    refused: ContentClaim[],
    asked: SimilarAsked,
  ): Promise<ShardAnswer<Admitted>>;
  /** Takes those units of whose content it holds a version, or must not hold this one; answers which. */
  reindex(units: IndexedUnit[]): Promise<ShardAnswer<boolean[]>>;
  remove(place: Place, claims: ContentClaim[], role: Role): Promise<ShardAnswer<null>>;
  /** Undoes removals made before a time, in what is a leaf or a directory here; answers where else they are to be undone. */
  restore(
    place: Place,
    claims: ContentClaim[],
    beforeMs: number,
    role: Role | "directory",
  ): Promise<ShardAnswer<Withdrawn[]>>;
  ask(question: Question): Promise<ShardAnswer<Reply>>;
  similar(units: IndexedUnit[], asked: SimilarAsked): Promise<ShardAnswer<NearDuplicate[][]>>;
  /** A page of its units, for work on all of them. */
  readUnits(asked: ReadAsked): Promise<ShardAnswer<UnitsPage>>;
  /** What words it has; null in place of the sketch for who knows that version. */
  sketch(known: number): Promise<ShardAnswer<{ version: number; sketch: Sketch | null }>>;
  state(): Promise<ShardAnswer<LeafState>>;
  /**
   * Moves what is alive away from what was removed before this was first asked with that removal's name; true once
   * nothing of it is left.
   */
  scrub(removal: string): Promise<ShardAnswer<boolean>>;
  /** Forgets all units, or all claims. */
  clear(what: "leaf" | "directory"): Promise<ShardAnswer<null>>;
};
