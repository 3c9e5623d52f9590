import { dot, normalised, type Projection, projected } from "#domain/search/bulk/pca.ts";

/**
 * How a space's public vectors are spread over Vectorize indexes. A cell is what lies nearest to one centroid; its
 * `homes` are the indexes that hold it, and the last of them takes what is new. Centroids never change once trained
 * and a cell only gains homes, so nothing moves; `version` grows with every home.
 */
export type Codebook = {
  version: number;
  /** Dimensions of the space's own vectors. */
  from: number;
  /** Null where vectors are stored as they are. */
  projection: Projection | null;
  /** Of what is stored. */
  dimensions: number;
  /** Unit vectors, one after another. */
  centroids: Float32Array;
  homes: number[][];
};

/** What one index takes (Vectorize, platform limits). */
export const INDEX_VECTORS_MAX = 10_000_000;
/** From here on an index takes no new cells: what its cells still get on the way must fit. */
const FULL_SHARE = 0.8;
export const PROBES_MAX = 4;
const CELLS_PER_INDEX = 16;
export const CELLS_MAX = 1_024;
const ITERATIONS = 8;

/** One index needs no cells; several share more cells than there are indexes, so that load can be evened out. */
export const cellsFor = (indexes: number): number =>
  indexes <= 1 ? 1 : Math.min(CELLS_MAX, CELLS_PER_INDEX * indexes);

/** What a vector is stored and compared as. */
export const storedAs = ({ projection }: Codebook, vector: Float32Array): Float32Array =>
  projection === null ? vector : projected(projection, vector);

/** The index that takes a stored vector. */
export function homeOf(codebook: Codebook, stored: Float32Array): number {
  const [cell = 0] = cellsByDistance(codebook, stored, 1);
  return codebook.homes[cell]?.at(-1) ?? 0;
}

/** The indexes to ask for a stored vector's neighbours, nearest cells first. */
export function probesFor(codebook: Codebook, stored: Float32Array, most = PROBES_MAX): number[] {
  const probes: number[] = [];
  for (const cell of cellsByDistance(codebook, stored, codebook.homes.length)) {
    // The newest home first: it takes what comes in.
    for (const home of (codebook.homes[cell] ?? []).toReversed()) {
      if (!probes.includes(home)) probes.push(home);
      if (probes.length === most) return probes;
    }
  }
  return probes;
}

/** How many indexes hold anything at all. */
export const spreadOf = ({ homes }: Codebook): number => new Set(homes.flat()).size;

function cellsByDistance(
  { centroids, dimensions, homes }: Codebook,
  stored: Float32Array,
  count: number,
): number[] {
  const cells = homes.map((_, cell) => ({
    cell,
    cosine: dot(stored, centroids.subarray(cell * dimensions, (cell + 1) * dimensions)),
  }));
  return cells
    .sort((a, b) => b.cosine - a.cosine || a.cell - b.cell)
    .slice(0, count)
    .map(({ cell }) => cell);
}

/** The codebook of a tier of one index that takes vectors as they are: nothing to train. */
export const wholeCodebook = (dimensions: number): Codebook => ({
  version: 1,
  from: dimensions,
  projection: null,
  dimensions,
  centroids: new Float32Array(dimensions),
  homes: [[0]],
});

/**
 * Trains the first codebook from a sample of stored vectors: spherical k-means (Dhillon & Modha 2001), neighbouring
 * cells dealt out to one index, about as many vectors to each. Yields so that others can be let in.
 */
export function* trainCoarse(
  sample: readonly Float32Array[],
  indexes: number,
): Generator<void, Pick<Codebook, "centroids" | "homes">> {
  const dimensions = sample[0]?.length ?? 0;
  const cells = Math.min(cellsFor(indexes), sample.length);
  let centroids = new Float32Array(cells * dimensions);
  for (let cell = 0; cell < cells; cell++) {
    const picked = sample[Math.floor((cell * sample.length) / cells)];
    if (picked !== undefined) centroids.set(picked, cell * dimensions);
  }
  let sizes: number[] = [];
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const sums = new Float32Array(cells * dimensions);
    sizes = Array.from({ length: cells }, () => 0);
    let loneliest = { vector: sample[0], cosine: 2 };
    for (const [n, vector] of sample.entries()) {
      const { cell, cosine } = nearestCell(centroids, dimensions, cells, vector);
      sizes[cell] = (sizes[cell] ?? 0) + 1;
      if (cosine < loneliest.cosine) loneliest = { vector, cosine };
      const base = cell * dimensions;
      for (let i = 0; i < dimensions; i++)
        sums[base + i] = (sums[base + i] ?? 0) + (vector[i] ?? 0);
      if (n % 128 === 127) yield;
    }
    centroids = sums;
    // A cell that nothing is nearest to begins again at what lies farthest from its own centroid.
    const empty = sizes.indexOf(0);
    if (empty >= 0 && loneliest.vector !== undefined)
      centroids.set(loneliest.vector, empty * dimensions);
    for (let cell = 0; cell < cells; cell++)
      normalised(centroids.subarray(cell * dimensions, (cell + 1) * dimensions));
  }
  const placed = sizes.map((size, cell) => ({
    cell,
    size,
    centroid: centroids.subarray(cell * dimensions, (cell + 1) * dimensions),
  }));
  return { centroids, homes: dealtOut(placed, indexes) };
}

function nearestCell(
  centroids: Float32Array,
  dimensions: number,
  cells: number,
  vector: Float32Array,
): { cell: number; cosine: number } {
  let best = { cell: 0, cosine: -2 };
  for (let cell = 0; cell < cells; cell++) {
    let cosine = 0;
    for (let i = 0, at = cell * dimensions; i < dimensions; i++, at++)
      cosine += (centroids[at] ?? 0) * (vector[i] ?? 0);
    if (cosine > best.cosine) best = { cell, cosine };
  }
  return best;
}

type Cell = { cell: number; centroid: Float32Array; size: number };

/**
 * Cells that lie beside each other share an index, so that few indexes hold what is near a question: the cells are cut
 * in two across the direction in which they spread most, by how many vectors each side's indexes are to hold, and so on.
 */
function dealtOut(cells: readonly Cell[], indexes: number): number[][] {
  const homes: number[][] = cells.map(() => []);
  const deal = (some: readonly Cell[], from: number, count: number): void => {
    if (count <= 1 || some.length <= 1) {
      for (const { cell } of some) homes[cell] = [from];
      return;
    }
    const left = Math.floor(count / 2);
    const along = widest(some);
    const sorted = some
      .map((each) => ({ each, at: dot(each.centroid, along) }))
      .sort((a, b) => a.at - b.at || a.each.cell - b.each.cell)
      .map(({ each }) => each);
    const wanted = (weightOf(some) * left) / count;
    let [cut, weight] = [0, 0];
    while (cut < sorted.length - (count - left) && (cut < left || weight < wanted)) {
      weight += weightOf(sorted.slice(cut, cut + 1));
      cut++;
    }
    deal(sorted.slice(0, cut), from, left);
    deal(sorted.slice(cut), from + left, count - left);
  };
  deal(cells, 0, indexes);
  return homes;
}

const weightOf = (cells: readonly Cell[]): number =>
  cells.reduce((sum, { size }) => sum + Math.max(1, size), 0);

/** The direction of most variance among the cells, by power iteration from where the first lies off their mean. */
function widest(cells: readonly Cell[]): Float32Array {
  const dimensions = cells[0]?.centroid.length ?? 0;
  const mean = new Float32Array(dimensions);
  const total = weightOf(cells);
  for (const { centroid, size } of cells)
    for (let i = 0; i < dimensions; i++)
      mean[i] = (mean[i] ?? 0) + ((centroid[i] ?? 0) * Math.max(1, size)) / total;
  const offsets = cells.map(({ centroid, size }) => ({
    offset: centroid.map((value, i) => value - (mean[i] ?? 0)),
    weight: Math.max(1, size),
  }));
  let along = normalised(Float32Array.from(offsets[0]?.offset ?? []));
  for (let iteration = 0; iteration < 16; iteration++) {
    const next = new Float32Array(dimensions);
    for (const { offset, weight } of offsets) {
      const share = weight * dot(offset, along);
      for (let i = 0; i < dimensions; i++) next[i] = (next[i] ?? 0) + share * (offset[i] ?? 0);
    }
    along = normalised(next);
  }
  return along;
}

/**
 * The codebook once indexes that are getting full pass what is new in their cells to those with room; null while
 * nothing is to be done. `counts` are the vectors each bound index holds: a new index brings a new count.
 */
export function relieved(
  codebook: Codebook,
  counts: readonly number[],
  capacity = INDEX_VECTORS_MAX,
): Codebook | null {
  const isFull = (index: number) => (counts[index] ?? capacity) >= FULL_SHARE * capacity;
  const planned = counts.map((count) => count);
  let changed = false;
  const homes = codebook.homes.map((cell) => {
    const taking = cell.at(-1) ?? 0;
    // A fifth home would leave the first one unasked.
    if (!isFull(taking) || cell.length >= PROBES_MAX) return cell;
    const room = planned
      .map((count, index) => ({ count, index }))
      .filter(({ index }) => !isFull(index) && !cell.includes(index))
      .sort((a, b) => a.count - b.count)[0];
    if (room === undefined) return cell;
    changed = true;
    // What it will get is not known: an even share of an index keeps all from going to the same one.
    planned[room.index] = room.count + capacity / CELLS_PER_INDEX;
    return [...cell, room.index];
  });
  return changed ? { ...codebook, version: codebook.version + 1, homes } : null;
}

/** Whether the index that would take a vector has no room at all: then it stays where it is. */
export const isOverfull = (count: number, capacity = INDEX_VECTORS_MAX): boolean =>
  count >= capacity;
