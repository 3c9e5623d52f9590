import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/**
 * The heavy work that the gpu-backend does, each a task whose type is its kind. Sizes here are what one job may ask
 * for; a result that is larger than its kind's schema allows is refused like any other that is wrong.
 */

/** The units searched together: the account's own private ones, or the public ones, in the space they are read in. */
const collection = z.enum(["private", "public"]);
const unitId = text(LIMITS.idCharsMax);
const unitIds = z.array(unitId).max(LIMITS.jobUnitsMax);
/** Whole numbers below a bound that the result itself names, one for each unit. */
const perUnit = (value: z.ZodType<number>) => z.array(value).max(LIMITS.jobUnitsMax);
const index = z.int().min(0).max(LIMITS.jobUnitsMax);
/** Cosine similarity; rounding may bring it a little over 1. */
const similarity = z.number().min(-1.001).max(1.001);
/** 32-bit floats, little endian, one vector after the other, as base64. */
const packedVectors = z.base64().max(LIMITS.jobResultBytesMax);
const vector = z.array(z.number()).min(1).max(LIMITS.vectorDimensionsMax);
const seed = z.int().min(0).max(4_294_967_295);

const EMBEDDED = z.object({
  space: text(200),
  dimensions: z.int().min(1).max(LIMITS.vectorDimensionsMax),
});

export const JOBS = {
  /** Vectors of texts, in the order of the texts. */
  "embed.batch": {
    input: z.strictObject({
      texts: z.array(text(LIMITS.unitBodyCharsMax)).min(1).max(LIMITS.jobTextsMax),
    }),
    result: EMBEDDED.extend({ vectors: packedVectors }),
  },
  /** The k most similar units of a collection to each of some units or vectors, by looking at all of them. */
  knn: {
    input: z
      .strictObject({
        collection,
        k: z.int().min(1).max(LIMITS.jobNeighboursMax).default(10),
        unitIds: z.array(unitId).min(1).max(LIMITS.jobQueriesMax).optional(),
        vectors: z.array(vector).min(1).max(LIMITS.jobQueriesMax).optional(),
      })
      .refine(
        ({ unitIds, vectors }) => (unitIds === undefined) !== (vectors === undefined),
        "give unitIds or vectors, and not both",
      ),
    result: z.object({
      units: index,
      /** Best first, one list for each query in its order; empty for a unit that is not in the collection. */
      neighbours: z
        .array(z.array(z.object({ unitId, similarity })).max(LIMITS.jobNeighboursMax))
        .max(LIMITS.jobQueriesMax),
    }),
  },
  /** k-means over unit vectors: Lloyd's iterations after k-means++ (Arthur & Vassilvitskii 2007). */
  kmeans: {
    input: z.strictObject({
      collection,
      /** About the square root of half the units where nothing is said. */
      k: z.int().min(1).max(LIMITS.jobClustersMax).optional(),
      iterations: z.int().min(1).max(LIMITS.jobIterationsMax).default(50),
      seed: seed.default(1),
    }),
    result: z.object({
      units: index,
      iterations: z.int().min(0).max(LIMITS.jobIterationsMax),
      /** The sum of squared distances of the vectors, each of length 1, to their cluster's centre. */
      inertia: z.number().min(0),
      /** Largest first; `unitId` is the unit nearest to the centre. */
      clusters: z
        .array(z.object({ size: index, inertia: z.number().min(0), unitId }))
        .max(LIMITS.jobClustersMax),
      /** `assignments[i]` is the cluster of `unitIds[i]`. */
      unitIds,
      assignments: perUnit(index),
    }),
  },
  /** Groups of units that are nearly the same: connected by pairs at least this similar. */
  "near-duplicates": {
    input: z.strictObject({
      collection,
      threshold: z.number().min(0.5).max(1).default(0.95),
    }),
    result: z.object({
      units: index,
      /** Largest first, of two units or more; `similarity` is the least of the pairs that connect it. */
      groups: z
        .array(z.object({ unitIds: z.array(unitId).min(2).max(LIMITS.jobUnitsMax), similarity }))
        .max(LIMITS.jobUnitsMax),
    }),
  },
  /** The graph of nearest neighbours with PageRank (Brin & Page 1998) and communities (Louvain, Blondel et al. 2008). */
  graph: {
    input: z.strictObject({
      collection,
      k: z.int().min(1).max(LIMITS.jobGraphNeighboursMax).default(8),
      seed: seed.default(1),
    }),
    result: z.object({
      units: index,
      unitIds,
      /** From, to (both places in `unitIds`) and similarity, one after the other in three lists of one length. */
      from: z.array(index).max(LIMITS.jobEdgesMax),
      to: z.array(index).max(LIMITS.jobEdgesMax),
      similarity: z.array(similarity).max(LIMITS.jobEdgesMax),
      /** One for each unit; they sum to 1. */
      rank: perUnit(z.number().min(0).max(1)),
      community: perUnit(index),
    }),
  },
  /** Vectors of a collection's units in the backend's own space: the first passage of each. */
  reembed: {
    input: z.strictObject({ collection, space: text(200).optional() }),
    result: EMBEDDED.extend({ units: index, unitIds, vectors: packedVectors }),
  },
  /** Documents by how well they answer a query, best first; by a model behind the backend's endpoint. */
  rerank: {
    input: z.strictObject({
      query: text(LIMITS.queryCharsMax),
      documents: z.array(text(LIMITS.unitBodyCharsMax)).min(1).max(LIMITS.jobDocumentsMax),
    }),
    result: z.object({
      model: text(200),
      results: z.array(z.object({ index, score: z.number() })).max(LIMITS.jobDocumentsMax),
    }),
  },
  /** The text of an image (PNG or JPEG, as base64), Chinese and English. */
  ocr: {
    input: z.strictObject({ image: z.base64().min(1).max(LIMITS.jobImageCharsMax) }),
    result: z.object({
      text: z.string().max(LIMITS.unitBodyCharsMax),
      lines: z
        .array(
          z.object({
            text: z.string().max(LIMITS.unitBodyCharsMax),
            confidence: z.number().min(0).max(1),
          }),
        )
        .max(LIMITS.jobLinesMax),
    }),
  },
} as const;

export type JobKind = keyof typeof JOBS;
export type JobInput<K extends JobKind = JobKind> = z.output<(typeof JOBS)[K]["input"]>;
export type JobResult<K extends JobKind = JobKind> = z.output<(typeof JOBS)[K]["result"]>;

export const JOB_KINDS = Object.keys(JOBS) as readonly JobKind[];
export const isJobKind = (type: string): type is JobKind => Object.hasOwn(JOBS, type);

/** What a job reads of the product: vectors or texts of a collection, or nothing but its input. */
export const SOURCES: Record<JobKind, "vectors" | "texts" | null> = {
  "embed.batch": null,
  knn: "vectors",
  kmeans: "vectors",
  "near-duplicates": "vectors",
  graph: "vectors",
  reembed: "texts",
  rerank: null,
  ocr: null,
};
