import type { ListsState } from "#domain/search/engine/regroup.ts";
import type { SegmentHead } from "#domain/search/engine/segment.ts";

/** What an engine keeps beside its pages. Slots below `flushed` are on disk whole; the rest its owner replays. */
export type EngineState = {
  dimensions: number;
  flushed: number;
  nextSegment: number;
  segments: SegmentHead[];
  merging?: number;
  lists?: ListsState;
  grouping?: number;
  /** Vectors of slots before this one are in pages of the first format; all of them where it is absent. */
  pagedFrom?: number;
};

/** In the order that names them on disk: new ones go last. */
export const PAGE_KINDS = [
  "dictionary",
  "postings",
  "vectors",
  "columns",
  "alive",
  "centroids",
  "vectorpages",
] as const;
export type PageKind = (typeof PAGE_KINDS)[number];

const OWNERS = 0x100_0000;
/** The number of a page on disk, a multiple of `OWNERS` more than its page; those of one kind and owner lie together. */
export const pageId = (kind: PageKind, owner: number, page: number): number =>
  (PAGE_KINDS.indexOf(kind) * OWNERS + owner) * OWNERS + page;
/** The page that has this number. */
export const pageOf = (id: number): number => id % OWNERS;

/** Where an engine lives: pages by kind, owner (a segment, else 0) and number. `atomically` is all or nothing. */
export type EngineDisk = {
  read(kind: PageKind, owner: number, page: number): Uint8Array | null;
  /** Those of the pages that there are, in any order. */
  readMany(
    kind: PageKind,
    owner: number,
    pages: readonly number[],
  ): Iterable<readonly [page: number, data: Uint8Array]>;
  write(kind: PageKind, owner: number, page: number, data: Uint8Array): void;
  drop(kind: PageKind, owner: number): void;
  state(): EngineState | null;
  saveState(state: EngineState): void;
  atomically(work: () => void): void;
};
