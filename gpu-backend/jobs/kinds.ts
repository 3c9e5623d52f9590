import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { JOB_KINDS, type JobInput, type JobKind, type JobResult } from "#domain/jobs/kinds.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Compute, Matrix } from "#gpu-backend/compute/compute.ts";
import { similarityOf } from "#gpu-backend/compute/compute.ts";
import { neighbourGraph } from "#gpu-backend/compute/graph.ts";
import { kMeans } from "#gpu-backend/compute/k-means.ts";
import { nearDuplicates } from "#gpu-backend/compute/near-duplicates.ts";
import { matrixOf } from "#gpu-backend/compute/shared.ts";
import { type Read, unit } from "./collection.ts";
import { Failure } from "./failure.ts";

/** What one attempt at a job has at hand. `progress` hears the share that is done; an abort rejects with its reason. */
export type Attempt = {
  compute(): Promise<Compute>;
  vectors(): Promise<Read>;
  texts(): Promise<{ unitId: string; text: string }[]>;
  embed(texts: readonly string[]): Promise<Float32Array[]>;
  rerank?: Abilities["rerank"];
  ocr?: Abilities["ocr"];
  signal: AbortSignal;
  progress(share: number): void;
};

/** What only some backends can. */
export type Abilities = {
  rerank?: (input: JobInput<"rerank">, signal: AbortSignal) => Promise<JobResult<"rerank">>;
  ocr?: (image: Uint8Array, signal: AbortSignal) => Promise<JobResult<"ocr">>;
};

export const kindsOf = (able: Abilities): JobKind[] =>
  JOB_KINDS.filter((kind) => (kind !== "rerank" && kind !== "ocr") || able[kind] !== undefined);

/** Does the job. Its input was checked by whoever handed it out, and its result will be by whoever takes it. */
export async function runJob<K extends JobKind>(
  kind: K,
  input: JobInput<K>,
  attempt: Attempt,
): Promise<JobResult<K>> {
  return (await (RUN[kind] as Runner<K>)(input, attempt)) satisfies JobResult<K>;
}

type Runner<K extends JobKind> = (input: JobInput<K>, attempt: Attempt) => Promise<JobResult<K>>;

/** Of what a job shows as done, what reading its collection counts for. */
const READING_SHARE = 0.2;
const TEXTS_AT_ONCE = 64;

const RUN: { [K in JobKind]: Runner<K> } = {
  "embed.batch": async ({ texts }, attempt) => ({
    space: EMBEDDED_SPACE.id,
    dimensions: EMBEDDED_SPACE.dimensions,
    vectors: packed(await embedded(texts, attempt)),
  }),

  knn: async ({ k, unitIds: asked, vectors }, attempt) => {
    const read = await attempt.vectors();
    const { unitIds, points } = read;
    const placeOf = new Map(unitIds.map((id, place) => [id, place]));
    const places = asked?.map((id) => placeOf.get(id) ?? null);
    const queries =
      places === undefined ? queriesFrom(vectors ?? [], read) : rowsOf(points, places);
    const lists: { unitId: string; similarity: number }[][] = [];
    const found =
      points.rows === 0 || queries.rows === 0
        ? null
        : await (await attempt.compute()).nearest(points, queries, k + 1, running(attempt));
    let row = 0;
    for (let query = 0; query < (places ?? vectors ?? []).length; query++) {
      const self = places === undefined ? undefined : places[query];
      const list: { unitId: string; similarity: number }[] = [];
      if (self !== null && found !== null) {
        for (let at = row * found.k; at < (row + 1) * found.k && list.length < k; at++) {
          const place = found.indices[at] ?? 0;
          if (place === self) continue;
          const similarity = rounded(similarityOf(found.distances[at] ?? 0));
          list.push({ unitId: unitIds[place] ?? "", similarity });
        }
        row++;
      }
      lists.push(list);
    }
    return { units: points.rows, neighbours: lists };
  },

  kmeans: async ({ k, iterations, seed }, attempt) => {
    const { unitIds, points } = await attempt.vectors();
    const clusters = k ?? Math.max(1, Math.round(Math.sqrt(points.rows / 2)));
    const options = {
      clusters: Math.min(clusters, LIMITS.jobClustersMax),
      seed,
      iterationsMax: iterations,
    };
    const compute = await attempt.compute();
    const found = await kMeans(compute, points, options, running(attempt));
    return { units: points.rows, iterations: found.iterations, ...clustersOf(unitIds, found) };
  },

  "near-duplicates": async ({ threshold }, attempt) => {
    const { unitIds, points } = await attempt.vectors();
    const compute = await attempt.compute();
    const groups = await nearDuplicates(compute, points, threshold, running(attempt));
    return {
      units: points.rows,
      groups: groups.map(({ points: members, similarity }) => ({
        unitIds: Array.from(members, (place) => unitIds[place] ?? ""),
        similarity: rounded(similarity),
      })),
    };
  },

  graph: async ({ k, seed }, attempt) => {
    const { unitIds, points } = await attempt.vectors();
    const wanted = Math.min(k, Math.floor(LIMITS.jobEdgesMax / Math.max(1, points.rows)));
    if (wanted === 0) throw new Failure("the collection is too large for a graph", { final: true });
    const compute = await attempt.compute();
    const graph = await neighbourGraph(compute, points, { k: wanted, seed }, running(attempt));
    return {
      units: points.rows,
      unitIds,
      from: Array.from(graph.from),
      to: Array.from(graph.to),
      similarity: Array.from(graph.similarities, rounded),
      rank: Array.from(graph.rank),
      community: Array.from(graph.community),
    };
  },

  reembed: async ({ space }, attempt) => {
    if (space !== undefined && space !== EMBEDDED_SPACE.id)
      throw new Failure(`this backend embeds into ${EMBEDDED_SPACE.id}`, { final: true });
    const units = await attempt.texts();
    const vectors = await embedded(
      units.map(({ text }) => text),
      attempt,
    );
    return {
      space: EMBEDDED_SPACE.id,
      dimensions: EMBEDDED_SPACE.dimensions,
      units: units.length,
      unitIds: units.map(({ unitId }) => unitId),
      vectors: packed(vectors),
    };
  },

  rerank: async (input, { rerank, signal }) => {
    if (rerank === undefined) throw new Failure("this backend has no model that re-ranks");
    return await rerank(input, signal);
  },

  ocr: async ({ image }, { ocr, signal }) => {
    if (ocr === undefined) throw new Failure("this backend reads no images");
    return await ocr(Uint8Array.from(Buffer.from(image, "base64")), signal);
  },
};

/** As compute takes it, its share counted after that of reading. */
const running = ({ signal, progress }: Attempt) => ({
  signal,
  progress: (share: number) => progress(READING_SHARE + (1 - READING_SHARE) * share),
});

async function embedded(texts: readonly string[], attempt: Attempt): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let at = 0; at < texts.length; at += TEXTS_AT_ONCE) {
    attempt.signal.throwIfAborted();
    vectors.push(...(await attempt.embed(texts.slice(at, at + TEXTS_AT_ONCE))));
    attempt.progress(vectors.length / texts.length);
  }
  return vectors;
}

type Found = { assignment: Uint32Array; distances: Float32Array; sizes: Uint32Array };

/** Largest first and none empty, each named by the unit nearest to its centre. */
function clustersOf(unitIds: readonly string[], { assignment, distances, sizes }: Found) {
  const made = Array.from(sizes, (size, cluster) => ({
    cluster,
    size,
    inertia: 0,
    nearest: Infinity,
    unitId: "",
  }));
  for (const [point, cluster] of assignment.entries()) {
    const into = made[cluster];
    const distance = distances[point] ?? 0;
    if (into === undefined) continue;
    into.inertia += distance;
    if (distance >= into.nearest) continue;
    into.nearest = distance;
    into.unitId = unitIds[point] ?? "";
  }
  const shown = made.filter(({ size }) => size > 0).sort((a, b) => b.size - a.size);
  const places = new Map(shown.map(({ cluster }, place) => [cluster, place]));
  return {
    inertia: shown.reduce((sum, { inertia }) => sum + inertia, 0),
    clusters: shown.map(({ size, inertia, unitId }) => ({ size, inertia, unitId })),
    unitIds: [...unitIds],
    assignments: Array.from(assignment, (cluster) => places.get(cluster) ?? 0),
  };
}

function queriesFrom(vectors: readonly number[][], { points, dimensions }: Read): Matrix {
  if (points.rows === 0) return matrixOf([], dimensions);
  const rows = vectors.map((vector) => {
    const row = vector.length === dimensions ? unit(Float32Array.from(vector)) : null;
    if (row === null)
      throw new Failure(`a vector is not ${dimensions} numbers that have a direction`, {
        final: true,
      });
    return row;
  });
  return matrixOf(rows, dimensions);
}

/** The rows at some places; those that are nowhere are left out. */
function rowsOf(points: Matrix, places: readonly (number | null)[]): Matrix {
  const { dimensions, values } = points;
  const rows = places.flatMap((place) =>
    place === null ? [] : [values.subarray(place * dimensions, (place + 1) * dimensions)],
  );
  return matrixOf(rows, dimensions);
}

function packed(vectors: readonly Float32Array[]): string {
  const bytes = vectors.map((vector) =>
    Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
  );
  return Buffer.concat(bytes).toString("base64");
}

/** Six places are more than 32-bit distances are good for. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
