import {
  isJobKind,
  type JobInput,
  type JobKind,
  type JobResult,
  JOBS,
} from "#domain/jobs/kinds.ts";
import { bytesOf } from "#domain/shared/bytes.ts";
import { invalidOf } from "#domain/shared/input.ts";
import type { Invalid, Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

type Checked<T> = Result<T, Problem<"invalid-request">>;

/** How far sums of 32-bit floats may be from what they should be. */
const RELATIVE = 1e-3;

/** A job's input as its kind takes it, defaults filled in. Pointers are into the input. */
export function checkedInput<K extends JobKind>(kind: K, input: unknown): Checked<JobInput<K>> {
  const parsed = JOBS[kind].input.safeParse(input);
  if (!parsed.success) return invalid(...invalidOf(parsed.error));
  return ok(parsed.data as JobInput<K>);
}

/** The same where the type may be any: null for the work of agents, whose input is nobody's business but theirs. */
export const refusedInput = (type: string, input: unknown): Problem<"invalid-request"> | null => {
  if (!isJobKind(type)) return null;
  const checked = checkedInput(type, input);
  return checked.ok ? null : checked.error;
};

/**
 * What a backend answered, if it can be the answer to this input at all: shape, lengths, ranges, and what of it can be
 * counted again. A backend is not believed: what fails here changes nothing.
 */
export function checkedResult<K extends JobKind>(
  kind: K,
  input: JobInput<K>,
  result: unknown,
): Checked<JobResult<K>> {
  const parsed = JOBS[kind].result.safeParse(result);
  if (!parsed.success) return invalid(...invalidOf(parsed.error));
  const wrong = (WRONG[kind] as Wrong<K>)(input, parsed.data as JobResult<K>);
  return wrong === null ? ok(parsed.data as JobResult<K>) : invalid(wrong);
}

/** What cannot be true of a result that has the right shape. */
type Wrong<K extends JobKind> = (input: JobInput<K>, result: JobResult<K>) => Invalid | null;

const WRONG: { [K in JobKind]: Wrong<K> } = {
  "embed.batch": ({ texts }, { vectors, dimensions }) =>
    wrongVectors(vectors, texts.length, dimensions),

  knn: ({ k, unitIds, vectors }, { neighbours }) => {
    const queries = unitIds?.length ?? vectors?.length ?? 0;
    if (neighbours.length !== queries) return at("/neighbours", "is not one list for each query");
    for (const [i, found] of neighbours.entries()) {
      if (found.length > k) return at(`/neighbours/${i}`, "holds more than k");
      if (!isFalling(found.map(({ similarity }) => similarity)))
        return at(`/neighbours/${i}`, "is not best first");
      if (hasTwice(found.map(({ unitId }) => unitId)))
        return at(`/neighbours/${i}`, "names a unit twice");
    }
    return null;
  },

  kmeans: ({ k }, { units, clusters, inertia, unitIds, assignments }) => {
    if (unitIds.length !== units || assignments.length !== units)
      return at("/assignments", "is not one for each unit");
    if (hasTwice(unitIds)) return at("/unitIds", "names a unit twice");
    if (k !== undefined && clusters.length > k) return at("/clusters", "holds more than k");
    if (!assignments.every((cluster) => cluster < clusters.length))
      return at("/assignments", "names a cluster that is not there");
    const sizes = counted(assignments, clusters.length);
    const clusterOf = new Map(unitIds.map((id, i) => [id, assignments[i]]));
    for (const [i, { size, unitId }] of clusters.entries()) {
      if (size !== sizes[i]) return at(`/clusters/${i}/size`, "is not how many are assigned to it");
      if (clusterOf.get(unitId) !== i) return at(`/clusters/${i}/unitId`, "is not in the cluster");
    }
    const sum = clusters.reduce((all, cluster) => all + cluster.inertia, 0);
    return isAbout(sum, inertia) ? null : at("/inertia", "is not the sum of the clusters'");
  },

  "near-duplicates": ({ threshold }, { units, groups }) => {
    const all = groups.flatMap(({ unitIds }) => unitIds);
    if (all.length > units) return at("/groups", "holds more units than there are");
    if (hasTwice(all)) return at("/groups", "names a unit twice");
    const far = groups.findIndex(({ similarity }) => similarity < threshold - RELATIVE);
    return far === -1 ? null : at(`/groups/${far}/similarity`, "is below the threshold");
  },

  graph: ({ k }, { units, unitIds, from, to, similarity, rank, community }) => {
    for (const [name, list] of Object.entries({ unitIds, rank, community }))
      if (list.length !== units) return at(`/${name}`, "is not one for each unit");
    if (hasTwice(unitIds)) return at("/unitIds", "names a unit twice");
    if (from.length !== to.length || from.length !== similarity.length)
      return at("/from", "is not as long as /to and /similarity");
    if (from.length > units * k) return at("/from", "holds more than k edges a unit");
    const isThere = (place: number): boolean => place < units;
    if (!from.every(isThere) || !to.every(isThere))
      return at("/to", "names a unit that is not there");
    if (!community.every(isThere)) return at("/community", "holds more communities than units");
    const sum = rank.reduce((all, each) => all + each, 0);
    return units === 0 || isAbout(sum, 1) ? null : at("/rank", "does not sum to 1");
  },

  reembed: ({ space }, { units, unitIds, vectors, dimensions, space: answered }) => {
    if (space !== undefined && space !== answered) return at("/space", "is another space");
    if (unitIds.length !== units) return at("/unitIds", "is not one for each unit");
    if (hasTwice(unitIds)) return at("/unitIds", "names a unit twice");
    return wrongVectors(vectors, units, dimensions);
  },

  rerank: ({ documents }, { results }) => {
    if (results.length !== documents.length) return at("/results", "is not one for each document");
    const places = results.map(({ index }) => index);
    if (hasTwice(places) || !places.every((place) => place < documents.length))
      return at("/results", "does not name each document once");
    return isFalling(results.map(({ score }) => score))
      ? null
      : at("/results", "is not best first");
  },

  ocr: () => null,
};

/** NaN and infinity go through base64 as any number does; a vector of zeros has no direction. */
function wrongVectors(packed: string, count: number, dimensions: number): Invalid | null {
  const bytes = bytesOf(packed);
  if (bytes.length !== count * dimensions * 4)
    return at("/vectors", `is not ${count} vectors of ${dimensions} numbers`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < count; i++) {
    let squares = 0;
    for (let j = 0; j < dimensions; j++)
      squares += view.getFloat32((i * dimensions + j) * 4, true) ** 2;
    if (!Number.isFinite(squares) || squares === 0)
      return at("/vectors", `holds no usable vector at place ${i}`);
  }
  return null;
}

function counted(values: readonly number[], count: number): number[] {
  const sizes = Array.from({ length: count }, () => 0);
  for (const value of values) sizes[value] = (sizes[value] ?? 0) + 1;
  return sizes;
}

const isFalling = (values: readonly number[]): boolean =>
  values.every((value, i) => i === 0 || value <= (values[i - 1] ?? value));
const hasTwice = (values: readonly (string | number)[]): boolean =>
  new Set(values).size < values.length;
const isAbout = (value: number, wanted: number): boolean =>
  Math.abs(value - wanted) <= RELATIVE * Math.max(1, Math.abs(wanted));
const at = (pointer: string, detail: string): Invalid => ({ pointer, detail });
const invalid = (...errors: Invalid[]) => err({ code: "invalid-request" as const, errors });
