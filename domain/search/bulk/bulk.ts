import { termKey } from "#domain/search/engine/term-key.ts";

/** Limits of a Vectorize index from the vendor's documentation; the last is refused with error 40007 beyond it. */
export const VECTORIZE = {
  upsertMax: 1_000,
  idBytesMax: 64,
  namespaceBytesMax: 64,
  dimensionsMax: 1_536,
  /** Matches of one query without values and metadata, and with either. */
  topKMax: 100,
  topKWithDataMax: 20,
  deleteMax: 100,
} as const;

/** What an index is told to do, in this order: hold these values under the id, or (null) hold nothing under it. */
export type BulkChange = { id: string; namespace: string; values: Float32Array | null };

/** A stored passage as its id says it: the leaf that holds it, and what it is of. */
export type BulkId = {
  leaf: string;
  unitId: string;
  version: number;
  passage: number;
  /** Counts the times that its leaf has handed the unit over: an id that was deleted is never used again. */
  life: number;
};

/** A leaf in an id. Names of leaves may be longer than an id has room for. */
export const leafTag = (name: string): string => termKey(name).toString(36);

export const bulkIdOf = ({ leaf, unitId, version, passage, life }: BulkId): string =>
  [leaf, unitId, ...[version, passage, life].map((number) => number.toString(36))].join(".");

/** Null for what is not one of ours: an index may hold anything. */
export function bulkIdFrom(id: string): BulkId | null {
  const [leaf, unitId, version, passage, life, ...rest] = id.split(".");
  if (leaf === undefined || unitId === undefined || life === undefined || rest.length > 0)
    return null;
  const numbers = [version, passage, life].map((part) => Number.parseInt(part ?? "", 36));
  const [v = Number.NaN, p = Number.NaN, l = Number.NaN] = numbers;
  if (numbers.some((number) => !Number.isSafeInteger(number) || number < 0)) return null;
  return { leaf, unitId, version: v, passage: p, life: l };
}

/** Two spaces may share an index of the same dimensions; what does not fit goes by its key. */
export function bulkNamespaceOf({ owner, space }: { owner: string; space: string }): string {
  const name = `${owner}|${space}`;
  return new TextEncoder().encode(name).length <= VECTORIZE.namespaceBytesMax
    ? name
    : `${owner}|${termKey(space).toString(36)}`;
}

/** A passage that Vectorize found near a question. It counts only where its leaf holds that very version. */
export type BulkCandidate = { unitId: string; version: number; passage: number; cosine: number };

/** What a shard is told with a search when Vectorize was asked: it then looks itself only through what is not there yet. */
export type BulkAnswer = {
  codebook: number;
  /** When Vectorize was asked, by the asker's clock: what it passed later it may not have shown. */
  askedAtMs: number;
  /** Whether every index was asked that holds any of the collection. */
  isWhole: boolean;
  candidates: BulkCandidate[];
};

/** Candidates by the leaf that held them, best first, each passage once. */
export function candidatesByLeaf(
  matches: readonly { id: string; score: number }[],
): Map<string, BulkCandidate[]> {
  const best = new Map<string, BulkId & { cosine: number }>();
  for (const { id, score } of matches) {
    const parts = bulkIdFrom(id);
    if (parts === null) continue;
    const key = `${parts.leaf}.${parts.unitId}.${parts.version}.${parts.passage}`;
    const held = best.get(key);
    if (held === undefined || held.cosine < score) best.set(key, { ...parts, cosine: score });
  }
  const sorted = [...best.values()].sort((a, b) => b.cosine - a.cosine);
  const leaves = Map.groupBy(sorted, ({ leaf }) => leaf);
  return new Map(
    [...leaves].map(([leaf, all]) => [
      leaf,
      all.map(({ unitId, version, passage, cosine }) => ({ unitId, version, passage, cosine })),
    ]),
  );
}

/** The bound indexes in their order: VECTORIZE, VECTORIZE_1, VECTORIZE_2 … up to the first that is missing. */
export function bulkBindings(env: object): string[] {
  const bound = new Map<string, unknown>(Object.entries(env));
  const names: string[] = [];
  for (let name = "VECTORIZE"; bound.get(name) !== undefined; name = `VECTORIZE_${names.length}`)
    names.push(name);
  return names;
}

/** Changes in the order of their numbers as the index may be told them at once: of each id only what came last. */
export function coalesced(changes: readonly BulkChange[]): {
  upserts: BulkChange[];
  deletions: string[];
} {
  const last = new Map(changes.map((change) => [change.id, change]));
  const upserts = [...last.values()].filter(({ values }) => values !== null);
  const deletions = [...last.values()].filter(({ values }) => values === null);
  return { upserts, deletions: deletions.map(({ id }) => id) };
}
