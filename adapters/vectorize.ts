import type { Collection, IndexedUnit } from "#domain/search/model.ts";

/** The part of Cloudflare's Vectorize binding that is used here; tests bind a fake that keeps its limits. */
export type VectorizeBinding = Pick<VectorizeIndex, "describe"> & {
  upsert(vectors: VectorizeVector[]): Promise<unknown>;
  deleteByIds(ids: string[]): Promise<unknown>;
  query(
    vector: Float32Array,
    options: { topK: number; namespace: string; returnMetadata: "none"; returnValues: false },
  ): Promise<VectorizeMatches>;
};

/** Limits of the binding from the vendor's documentation. 100 matches are given only without values and metadata. */
const UPSERT_MAX = 1_000;
const DELETE_MAX = 100;
const MATCHES_MAX = 100;

/** A unit that the index holds close to a query, by its best passage. */
export type DenseHit = { unitId: string; version: number; passage: number; cosine: number };

export type DensePort = {
  /** Durable when it answers, found some seconds later: the caller keeps the unit in its shard's tail until then. */
  index(collection: Collection, units: readonly IndexedUnit[]): Promise<void>;
  remove(
    collection: Collection,
    units: readonly { unitId: string; version: number; passages: number }[],
  ): Promise<void>;
  nearest(collection: Collection, vector: Float32Array, limit: number): Promise<DenseHit[]>;
};

/**
 * The dense vectors of public collections in Vectorize, one index a space, one namespace a collection. An id says
 * which passage of which version it is, so that no metadata is stored or fetched.
 */
export function vectorize(index: VectorizeBinding): DensePort {
  return {
    async index(collection, units) {
      const namespace = namespaceOf(collection);
      const vectors = units.flatMap((unit) =>
        unit.passages.map(({ vector }, passage) => ({
          id: idOf(unit, passage),
          values: vector,
          namespace,
        })),
      );
      for (let first = 0; first < vectors.length; first += UPSERT_MAX)
        await index.upsert(vectors.slice(first, first + UPSERT_MAX));
    },
    async remove(_, units) {
      const ids = units.flatMap((unit) =>
        Array.from({ length: unit.passages }, (_passage, passage) => idOf(unit, passage)),
      );
      for (let first = 0; first < ids.length; first += DELETE_MAX)
        await index.deleteByIds(ids.slice(first, first + DELETE_MAX));
    },
    async nearest(collection, vector, limit) {
      const { matches } = await index.query(vector, {
        topK: MATCHES_MAX,
        namespace: namespaceOf(collection),
        returnMetadata: "none",
        returnValues: false,
      });
      return bestOfEach(matches, limit);
    },
  };
}

function bestOfEach(matches: readonly { id: string; score: number }[], limit: number): DenseHit[] {
  const best = new Map<string, DenseHit>();
  for (const { id, score } of matches) {
    const hit = { ...partsOf(id), cosine: score };
    const held = best.get(hit.unitId);
    const isBetter =
      held === undefined ||
      hit.version > held.version ||
      (hit.version === held.version && hit.cosine > held.cosine);
    if (isBetter) best.set(hit.unitId, hit);
  }
  return [...best.values()].sort((a, b) => b.cosine - a.cosine).slice(0, limit);
}

/** At most 64 bytes, as the binding demands: unit ids are short (`domain/units/id.ts`). */
const idOf = ({ unitId, version }: { unitId: string; version: number }, passage: number): string =>
  `${unitId}.${version}.${passage}`;

function partsOf(id: string): { unitId: string; version: number; passage: number } {
  const [passage = "", version = "", ...rest] = id.split(".").toReversed();
  return {
    unitId: rest.toReversed().join("."),
    version: Number(version),
    passage: Number(passage),
  };
}

/** At most 64 bytes: the space is the index's own, so the owner says it all. */
const namespaceOf = ({ owner }: Collection): string => owner;
