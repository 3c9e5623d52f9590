/** Memory that threads look at together. */
export type Floats = Float32Array<SharedArrayBuffer>;

export const sharedFloats = (count: number): Floats =>
  new Float32Array(new SharedArrayBuffer(count * 4));

export const sharedInts = (count: number): Uint32Array<SharedArrayBuffer> =>
  new Uint32Array(new SharedArrayBuffer(count * 4));

/** A matrix of rows that came one by one, each of `dimensions`; a row of another length is an error of the caller. */
export function matrixOf(rows: readonly ArrayLike<number>[], dimensions: number) {
  const values = sharedFloats(rows.length * dimensions);
  for (const [at, row] of rows.entries()) {
    if (row.length !== dimensions)
      throw new Error(`row ${at} has ${row.length} numbers, not ${dimensions}`);
    values.set(row, at * dimensions);
  }
  return { rows: rows.length, dimensions, values };
}
