/**
 * A projection onto the directions in which a space's vectors lie: `rows` holds `to` orthonormal rows of `from`
 * numbers. Cosines of projected vectors come close to those of the vectors themselves.
 */
export type Projection = { from: number; to: number; rows: Float32Array };

/** Enough for the subspace as a whole: directions inside it need not settle, a rotation changes no cosine. */
const ITERATIONS = 12;

/**
 * The `to` main directions of unit vectors (principal components without centring, because cosines are to be kept,
 * not variances), by orthogonal iteration on their second moments (Golub & Van Loan, Matrix Computations, 8.2.4).
 * Yields after every few million operations, so that whoever trains can let others in.
 */
export function* trainProjection(
  sample: readonly Float32Array[],
  to: number,
): Generator<void, Projection> {
  const from = sample[0]?.length ?? 0;
  if (to > from) throw new RangeError(`A projection cannot go from ${from} to ${to} dimensions`);
  const moments = yield* secondMoments(sample, from);
  let rows = startingRows(from, to);
  orthonormalise(rows, from);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const next = new Float32Array(rows.length);
    for (let row = 0; row < to; row++) {
      multiply(moments, rows.subarray(row * from, (row + 1) * from), next, row * from);
      if (row % 16 === 15) yield;
    }
    orthonormalise(next, from);
    rows = next;
    yield;
  }
  return { from, to, rows };
}

/** A vector in the projection's directions, of unit length again. */
export function projected({ from, to, rows }: Projection, vector: Float32Array): Float32Array {
  const out = new Float32Array(to);
  for (let row = 0; row < to; row++) {
    let sum = 0;
    for (let i = 0, at = row * from; i < from; i++, at++) sum += (rows[at] ?? 0) * (vector[i] ?? 0);
    out[row] = sum;
  }
  return normalised(out);
}

export function normalised(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (squares === 0) return vector;
  const factor = 1 / Math.sqrt(squares);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) * factor;
  return vector;
}

function* secondMoments(
  sample: readonly Float32Array[],
  dimensions: number,
): Generator<void, Float32Array> {
  const moments = new Float32Array(dimensions * dimensions);
  for (const [n, vector] of sample.entries()) {
    for (let i = 0; i < dimensions; i++) {
      const value = vector[i] ?? 0;
      const base = i * dimensions;
      for (let j = 0; j <= i; j++)
        moments[base + j] = (moments[base + j] ?? 0) + value * (vector[j] ?? 0);
    }
    if (n % 64 === 63) yield;
  }
  for (let i = 0; i < dimensions; i++)
    for (let j = 0; j < i; j++) moments[j * dimensions + i] = moments[i * dimensions + j] ?? 0;
  return moments;
}

/** Directions that have nothing to do with the data and are the same every time: sines of growing steps. */
function startingRows(from: number, to: number): Float32Array {
  return Float32Array.from({ length: from * to }, (_, at) => {
    const [row, column] = [Math.floor(at / from), at % from];
    return Math.sin((row + 1) * (column + 1) * 1.618_033_988) + (row === column ? 2 : 0);
  });
}

function multiply(matrix: Float32Array, vector: Float32Array, out: Float32Array, at: number): void {
  const size = vector.length;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0, cell = i * size; j < size; j++, cell++)
      sum += (matrix[cell] ?? 0) * (vector[j] ?? 0);
    out[at + i] = sum;
  }
}

/** Modified Gram-Schmidt, twice over, which is enough in 32 bits. A row that vanishes is left at zero. */
function orthonormalise(rows: Float32Array, width: number): void {
  const count = rows.length / width;
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * width, (i + 1) * width);
    normalised(row);
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < i; j++) {
        const other = rows.subarray(j * width, (j + 1) * width);
        const along = dot(row, other);
        for (let k = 0; k < width; k++) row[k] = (row[k] ?? 0) - along * (other[k] ?? 0);
      }
    if (dot(row, row) < 1e-10) row.fill(0);
    else normalised(row);
  }
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
