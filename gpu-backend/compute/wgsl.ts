// The kernels of webgpu.ts. A block is some queries against some points; `Block` says which. Rows are padded with zeros
// to whole `vec4`s.

const BLOCK = /* wgsl */ `
struct Block {
  queries: u32,      // in this block
  points: u32,
  quads: u32,        // vec4s a row
  k: u32,
  firstQuery: u32,   // what the block's first query and point are called
  firstPoint: u32,
  others: u32,       // 1: a query is a point, and not its own neighbour
  firstRow: u32,     // of the points' buffer
  distanceMax: f32,
  pairsMax: u32,
};
`;

/** Rows and columns of the tile of distances that one workgroup works out, 4 × 4 a thread. */
export const TILE = 64;

/**
 * Squared distances: `distances[query * points + point]`. Differences are squared, as in kernels/distances, and summed
 * in parts of 16, which keeps the error of 32-bit sums small.
 */
export const DISTANCES = /* wgsl */ `${BLOCK}
@group(0) @binding(0) var<uniform> block: Block;
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;
@group(0) @binding(2) var<storage, read> points: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> distances: array<f32>;

const DEPTH = 4u;
var<workgroup> queryTile: array<vec4f, 256>; // DEPTH × 64
var<workgroup> pointTile: array<vec4f, 256>;

fn squares(q: vec4f, p0: vec4f, p1: vec4f, p2: vec4f, p3: vec4f) -> vec4f {
  let a = q - p0;
  let b = q - p1;
  let c = q - p2;
  let d = q - p3;
  return vec4f(dot(a, a), dot(b, b), dot(c, c), dot(d, d));
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) at: vec3u,
        @builtin(local_invocation_index) thread: u32) {
  let firstQuery = group.y * 64u;
  let firstPoint = group.x * 64u;
  var sums = mat4x4f();
  // Each thread fetches one vec4 of either tile, neighbours in a row from neighbours in memory.
  let row = thread / DEPTH;
  let quad = thread % DEPTH;
  let query = firstQuery + row;
  let point = firstPoint + row;
  for (var start = 0u; start < block.quads; start += DEPTH) {
    var a = vec4f();
    var b = vec4f();
    if (start + quad < block.quads) {
      if (query < block.queries) { a = queries[query * block.quads + start + quad]; }
      if (point < block.points) { b = points[(block.firstRow + point) * block.quads + start + quad]; }
    }
    workgroupBarrier();
    queryTile[quad * 64u + row] = a;
    pointTile[quad * 64u + row] = b;
    workgroupBarrier();
    var parts = mat4x4f();
    for (var step = 0u; step < DEPTH; step++) {
      let base = step * 64u;
      let p0 = pointTile[base + at.x];
      let p1 = pointTile[base + at.x + 16u];
      let p2 = pointTile[base + at.x + 32u];
      let p3 = pointTile[base + at.x + 48u];
      parts[0] += squares(queryTile[base + at.y], p0, p1, p2, p3);
      parts[1] += squares(queryTile[base + at.y + 16u], p0, p1, p2, p3);
      parts[2] += squares(queryTile[base + at.y + 32u], p0, p1, p2, p3);
      parts[3] += squares(queryTile[base + at.y + 48u], p0, p1, p2, p3);
    }
    sums += parts;
  }
  for (var i = 0u; i < 4u; i++) {
    let q = firstQuery + at.y + i * 16u;
    if (q >= block.queries) { continue; }
    for (var j = 0u; j < 4u; j++) {
      let p = firstPoint + at.x + j * 16u;
      if (p < block.points) { distances[q * block.points + p] = sums[i][j]; }
    }
  }
}
`;

const ANSWER = /* wgsl */ `${BLOCK}
@group(0) @binding(0) var<uniform> block: Block;
@group(0) @binding(1) var<storage, read> distances: array<f32>;
@group(0) @binding(2) var<storage, read_write> nearestAt: array<u32>;
@group(0) @binding(3) var<storage, read_write> nearest: array<f32>;

fn isItself(query: u32, point: u32) -> bool {
  return block.others == 1u && block.firstQuery + query == block.firstPoint + point;
}
`;

/** One neighbour: a thread looks through a row. */
export const CLOSEST = /* wgsl */ `${ANSWER}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) at: vec3u) {
  let query = at.x;
  if (query >= block.queries) { return; }
  var best = nearest[query];
  var bestAt = nearestAt[query];
  for (var point = 0u; point < block.points; point++) {
    let distance = distances[query * block.points + point];
    if (distance < best && !isItself(query, point)) {
      best = distance;
      bestAt = block.firstPoint + point;
    }
  }
  nearest[query] = best;
  nearestAt[query] = bestAt;
}
`;

/**
 * Up to 128 neighbours: a workgroup looks through a row, 256 points at a time. What is nearer than the worst that is held
 * is put behind the list; when the room there might not be enough, all is sorted (bitonic) and the front is the list.
 */
export const SELECT = /* wgsl */ `${ANSWER}
const ROOM = 512u;
const THREADS = 256u;
var<workgroup> held: array<f32, ROOM>;
var<workgroup> heldAt: array<u32, ROOM>;
var<workgroup> found: atomic<u32>;
var<workgroup> foundHere: u32;

fn isAfter(a: u32, b: u32) -> bool {
  return held[a] > held[b] || (held[a] == held[b] && heldAt[a] > heldAt[b]);
}

fn sort(thread: u32, count: u32) {
  // What lies behind the candidates is older than they are.
  for (var i = block.k + count + thread; i < ROOM; i += THREADS) { held[i] = 3.4e38; heldAt[i] = 0xffffffffu; }
  workgroupBarrier();
  for (var size = 2u; size <= ROOM; size <<= 1u) {
    for (var step = size >> 1u; step > 0u; step >>= 1u) {
      let one = 2u * thread - (thread & (step - 1u));
      let two = one + step;
      let rising = (one & size) == 0u;
      if (isAfter(one, two) == rising) {
        let distance = held[one];
        let index = heldAt[one];
        held[one] = held[two];
        heldAt[one] = heldAt[two];
        held[two] = distance;
        heldAt[two] = index;
      }
      workgroupBarrier();
    }
  }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let query = group.x;
  let first = query * block.k;
  if (thread < block.k) {
    held[thread] = nearest[first + thread];
    heldAt[thread] = nearestAt[first + thread];
  }
  workgroupBarrier();
  for (var start = 0u; start < block.points; start += THREADS) {
    let point = start + thread;
    if (point < block.points && !isItself(query, point)) {
      let distance = distances[query * block.points + point];
      if (distance < held[block.k - 1u]) {
        let place = block.k + atomicAdd(&found, 1u);
        held[place] = distance;
        heldAt[place] = block.firstPoint + point;
      }
    }
    workgroupBarrier();
    if (thread == 0u) { foundHere = atomicLoad(&found); }
    let count = workgroupUniformLoad(&foundHere);
    if (block.k + count + THREADS > ROOM || start + THREADS >= block.points) {
      sort(thread, count);
      if (thread == 0u) { atomicStore(&found, 0u); }
      workgroupBarrier();
    }
  }
  if (thread < block.k) {
    nearest[first + thread] = held[thread];
    nearestAt[first + thread] = heldAt[thread];
  }
}
`;

/** Pairs of a query and a later point that are near enough; `count` goes on where `pairs` has no more room. */
export const PAIRS = /* wgsl */ `${BLOCK}
@group(0) @binding(0) var<uniform> block: Block;
@group(0) @binding(1) var<storage, read> distances: array<f32>;
@group(0) @binding(2) var<storage, read_write> count: atomic<u32>;
@group(0) @binding(3) var<storage, read_write> pairs: array<vec4u>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let point = group.x * 64u + thread;
  let query = group.y;
  if (point >= block.points) { return; }
  let distance = distances[query * block.points + point];
  let one = block.firstQuery + query;
  let two = block.firstPoint + point;
  if (two <= one || distance > block.distanceMax) { return; }
  let place = atomicAdd(&count, 1u);
  if (place < block.pairsMax) { pairs[place] = vec4u(one, two, bitcast<u32>(distance), 0u); }
}
`;
