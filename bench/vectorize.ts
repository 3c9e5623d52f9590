import {
  type Codebook,
  homeOf,
  PROBES_MAX,
  probesFor,
  storedAs,
  trainCoarse,
  wholeCodebook,
} from "#domain/search/bulk/coarse.ts";
import { type Projection, trainProjection } from "#domain/search/bulk/pca.ts";
import { VECTORIZE } from "#domain/search/bulk/bulk.ts";
import { say } from "#scripts/launch/say.ts";
import { realSet } from "./lib/real-set.ts";
import { DIMENSIONS, exactNearest, vectorAt } from "./lib/real-vectors.ts";

// What the bulk tier keeps of a search's recall, on real MiniLM vectors: vectors in fewer dimensions, in one index or
// spread over several of which four are probed. Each index answers its best hundred exactly, as an index without a
// fault would; a shard then scores those with its own vectors. What Vectorize itself loses is not known here.

const VECTORS = 50_000;
const QUERIES = 200;
const SAMPLE = 4_096;
const LIMIT = 10;

const set = await realSet();
const all = set.vectors.subarray(0, VECTORS * DIMENSIONS);
const queries = set.queries.vectors.subarray(0, QUERIES * DIMENSIONS);
const exact = exactNearest(`exact-vectorize-${VECTORS}`, all, queries, LIMIT);
const vectors = Array.from({ length: VECTORS }, (_, n) => vectorAt(all, n));
const asked = Array.from({ length: QUERIES }, (_, n) => vectorAt(queries, n));
const sample = vectors.slice(0, SAMPLE);

say(
  `${VECTORS} × ${DIMENSIONS} real vectors, ${QUERIES} queries, best ${LIMIT}; learnt from ${SAMPLE}`,
);
say("");
say(
  "| dimensions | indexes | recall@10 by shards' scores | by stored vectors alone | learning | a question, at the edge |",
);
say("|---|---|---|---|---|---|");
for (const dimensions of [DIMENSIONS, 256, 192, 128, 96, 64]) measure(dimensions, 1);
for (const indexes of [4, 8, 32]) measure(DIMENSIONS, indexes);
measure(192, 8);

function measure(dimensions: number, indexes: number): void {
  const startedMs = performance.now();
  const codebook = trained(dimensions, indexes);
  const learntMs = performance.now() - startedMs;
  const stored = vectors.map((vector) => storedAs(codebook, vector));
  const homes = stored.map((vector) => homeOf(codebook, vector));
  const members = Array.from({ length: indexes }, (_, index) =>
    Uint32Array.from(homes.flatMap((home, n) => (home === index ? [n] : []))),
  );
  let [rescored, alone, askedMs] = [0, 0, 0];
  for (const [q, query] of asked.entries()) {
    const beganMs = performance.now();
    const question = storedAs(codebook, query);
    const probes = probesFor(codebook, question, PROBES_MAX);
    askedMs += performance.now() - beganMs;
    const candidates = probes.flatMap((index) =>
      best(
        members[index] ?? new Uint32Array(),
        (n) => dotOf(stored[n], question),
        VECTORIZE.topKMax,
      ),
    );
    const wanted = exact.subarray(q * LIMIT, (q + 1) * LIMIT);
    const byStored = best(candidates, (n) => dotOf(stored[n], question), LIMIT);
    const byShard = best(candidates, (n) => dotOf(vectors[n], query), LIMIT);
    alone += byStored.filter((n) => wanted.includes(n)).length;
    rescored += byShard.filter((n) => wanted.includes(n)).length;
  }
  const share = (found: number) => (found / (QUERIES * LIMIT)).toFixed(3);
  say(
    `| ${dimensions} | ${indexes} | ${share(rescored)} | ${share(alone)} | ${(learntMs / 1_000).toFixed(1)} s | ${((askedMs * 1_000) / QUERIES).toFixed(0)} µs |`,
  );
}

function trained(dimensions: number, indexes: number): Codebook {
  const projection: Projection | null =
    dimensions === DIMENSIONS ? null : done(trainProjection(sample, dimensions));
  const base = { ...wholeCodebook(DIMENSIONS), projection, dimensions };
  const stored = sample.map((vector) => storedAs(base, vector));
  return { ...base, ...done(trainCoarse(stored, indexes)) };
}

function done<T>(training: Generator<void, T>): T {
  for (let step = training.next(); ; step = training.next())
    if (step.done === true) return step.value;
}

function dotOf(a: Float32Array | undefined, b: Float32Array): number {
  if (a === undefined) return -2;
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** The `count` that score most, best first. */
function best(of: ArrayLike<number>, scoreOf: (n: number) => number, count: number): number[] {
  const held: { n: number; score: number }[] = [];
  for (let i = 0; i < of.length; i++) {
    const n = of[i] ?? 0;
    const score = scoreOf(n);
    if (held.length >= count && score <= (held.at(-1)?.score ?? 0)) continue;
    let at = held.length;
    while (at > 0 && (held[at - 1]?.score ?? 0) < score) at--;
    held.splice(at, 0, { n, score });
    if (held.length > count) held.pop();
  }
  return held.map(({ n }) => n);
}
