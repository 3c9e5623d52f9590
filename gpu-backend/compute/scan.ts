/** What dist/kernels/distances.wasm exports; all addresses are bytes (kernels/distances/index.ts). */
type Kernel = {
  memory: WebAssembly.Memory;
  distances(
    query: number,
    queries: number,
    point: number,
    points: number,
    stride: number,
    out: number,
  ): void;
};

/** A block of points with its queries stays in a core's second-level cache. */
const QUERIES_BLOCK = 64;
const POINTS_BLOCK_BYTES = 786_432;
const PAGE = 65_536;

/** Distances of the block's queries to its points: query `q` and point `p` have `values[q * width + p]`. */
export type Block = {
  firstQuery: number;
  queries: number;
  firstPoint: number;
  points: number;
  width: number;
  values: Float32Array;
};

export type Rows = { values: Float32Array; from: number; to: number };

export type Scan = (
  queries: Rows,
  points: Rows,
  dimensions: number,
  each: (block: Block) => void,
) => void;

/** Runs the kernel over every pair of a query and a point, block by block, in the order of the points. */
export function openScan(module: WebAssembly.Module): Scan {
  const { exports } = new WebAssembly.Instance(module);
  const { memory, distances } = exports as unknown as Kernel;
  return (queries, points, dimensions, each) => {
    const stride = Math.ceil(dimensions / 4) * 16;
    const width = Math.max(2, Math.floor(POINTS_BLOCK_BYTES / stride / 2) * 2);
    const queryAt = 1_024; // the compiler keeps what is below
    const pointAt = queryAt + QUERIES_BLOCK * stride;
    const outAt = pointAt + width * stride;
    const end = outAt + QUERIES_BLOCK * width * 4;
    if (memory.buffer.byteLength < end)
      memory.grow(Math.ceil((end - memory.buffer.byteLength) / PAGE));
    const floats = new Float32Array(memory.buffer);
    const values = new Float32Array(memory.buffer, outAt, QUERIES_BLOCK * width);
    const copy = (rows: Rows, from: number, count: number, at: number) => {
      // Places beyond a row's dimensions stay as they are: they must be equal, so they are zeroed where there are any.
      if (dimensions % 4 !== 0) floats.fill(0, at / 4, (at + count * stride) / 4);
      if (dimensions % 4 === 0)
        floats.set(rows.values.subarray(from * dimensions, (from + count) * dimensions), at / 4);
      else
        for (let row = 0; row < count; row += 1) {
          const first = (from + row) * dimensions;
          floats.set(rows.values.subarray(first, first + dimensions), (at + row * stride) / 4);
        }
    };
    for (let firstQuery = queries.from; firstQuery < queries.to; firstQuery += QUERIES_BLOCK) {
      const queryCount = Math.min(QUERIES_BLOCK, queries.to - firstQuery);
      copy(queries, firstQuery, queryCount, queryAt);
      for (let firstPoint = points.from; firstPoint < points.to; firstPoint += width) {
        const pointCount = Math.min(width, points.to - firstPoint);
        copy(points, firstPoint, pointCount, pointAt);
        const even = Math.ceil(pointCount / 2) * 2;
        distances(queryAt, Math.ceil(queryCount / 4) * 4, pointAt, even, stride, outAt);
        each({
          firstQuery,
          queries: queryCount,
          firstPoint,
          points: pointCount,
          width: even,
          values,
        });
      }
    }
  };
}
