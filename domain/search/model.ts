import type { Jurisdiction } from "#domain/regions/regions.ts";
import type { BulkAnswer } from "#domain/search/bulk/bulk.ts";
import type { Peaks } from "#domain/search/engine/kernel.ts";
import type { Level } from "#domain/verification/model.ts";

/** The units searched together: one account's private ones (`owner` is its id) or the public ones, in one space. */
export type Collection = {
  owner: string;
  space: string;
  /** The jurisdiction its shards never leave. */
  within?: Jurisdiction;
};

/** One embedded piece of a unit. The vector has unit length, in the collection's space. */
export type PassageVector = { text: string; vector: Float32Array };

/** Everything a search shard keeps of one unit version: what it matches on, what it filters by and what a hit shows. */
export type IndexedUnit = {
  unitId: string;
  version: number;
  /** Hex SHA-256 naming this content inside this collection; its first 32 bits route it to a shard. */
  contentKey: string;
  title: string;
  kind: string;
  language: string;
  tags: string[];
  level: Level;
  passages: PassageVector[];
};

/** What names one content in one collection, for claims (exact duplicates) and removals. */
export type ContentClaim = { contentKey: string; unitId: string; version: number };

export type ClaimOutcome = { claimed: true } | { claimed: false; duplicateOf: string };

/** `cards` is hybrid as agents are looked for, whose cards share fewer words with what they are asked. */
export type SearchMode = "hybrid" | "semantic" | "lexical" | "cards";

export type SearchFilter = {
  tags?: string[];
  kind?: string;
  language?: string;
  minLevel?: Level;
};

/**
 * What has been found elsewhere: a hit that scores less is not wanted, and lists are looked through that are near
 * compared with those.
 */
export type Beyond = { score: number; peaks: Peaks | null };

export type SearchRequest = {
  /** Absent in a purely semantic search by vector. */
  text?: string;
  /** The same question in the words of another language, as a dictionary gives them: finds more, never less. */
  gloss?: string;
  /** Unit length; absent in a purely lexical search. */
  vector?: Float32Array;
  mode: SearchMode;
  filter: SearchFilter;
  limit: number;
  explain: boolean;
  /** What leaves that were asked before have found; absent where none were. */
  beyond?: Beyond;
  /** What Vectorize found near the vector in this collection; absent where it was not asked or did not answer. */
  bulk?: BulkAnswer;
};

/** `gloss` marks a term of the request's gloss: it adds to BM25 but not to what could have been scored. */
export type ExplainedTerm = { term: string; idf: number; tf: number; score: number; gloss?: true };

/** Why a hit has its score: `score = semanticWeight * semantic + lexicalWeight * lexical`, each term recomputable. */
export type Explanation = {
  semantic: { weight: number; cosine: number; normalised: number } | null;
  lexical: {
    weight: number;
    bm25: number;
    normalised: number;
    /** Terms of the passage, and of an average one in its shard: what BM25 corrects for. */
    length: number;
    averageLength: number;
    /** Every term of the query; those the passage lacks have `tf` 0 and only raise what could have been scored. */
    terms: ExplainedTerm[];
  } | null;
  passage: number;
};

export type SearchHit = {
  unitId: string;
  version: number;
  title: string;
  snippet: string;
  score: number;
  level: Level;
  why?: Explanation;
};

/** `retryAfterS` is there when no shard answered because all were busy: a caller answers "overloaded". */
export type SearchAnswer = { hits: SearchHit[]; partial: boolean; retryAfterS?: number };

/**
 * The same with its hits as the JSON text that is sent on. Of an answer that is kept, `stands` says whether it is still
 * what would be answered now.
 */
export type AnswerText = Omit<SearchAnswer, "hits"> & { hits: string; stands?: () => boolean };
