import { BEAM, nearestLeaves } from "#domain/search/leaves/fan-out.ts";
import { leavesUnder, type Place, rootOf } from "#domain/search/leaves/ranges.ts";
import { emptyTree, leafFor, leavesBelow, learn } from "#domain/search/leaves/tree.ts";
import { twoMeans } from "#domain/search/leaves/two-means.ts";
import { type Quantised, quantised } from "#domain/search/engine/vectors.ts";
import { realSet } from "./lib/real-set.ts";
import { vectorAt } from "./lib/real-vectors.ts";

// Of the ten units nearest to a question, how many lie in the leaves that it would be sent to: WordNet's definitions
// divided as search shards divide them, questions that are in no unit, for several beams and numbers of leaves. And of
// pairs of units that are nearly the same, how many lie in the same leaf or in one of the nearest.

const UNITS = 60_000;
const QUESTIONS = 150;
const NEAREST = 10;
const SAMPLE = 2_048;
const PAIRED = 1_000;
const ALIKE = 0.86;
const BESIDE = [0, 2, 3, 4];
const BEAMS = [4, 8, 12, 16, BEAM, 2 * BEAM];

const { vectors, queries } = await realSet();
const units = Array.from({ length: UNITS }, (_, i) => vectorAt(vectors, i));
const routes = units.map((vector) => [quantised(vector)]);
const questions = Array.from({ length: QUESTIONS }, (_, i) => vectorAt(queries.vectors, i));
const truth = questions.map(nearestUnits);
const alike = units.slice(0, PAIRED).flatMap((vector, unit) => alikeTo(vector, unit));

console.log(`${UNITS} units, ${QUESTIONS} questions: recall@${NEAREST} by leaves asked`);
for (const most of [12, 16, 20, 50, 100, 200]) {
  const full = UNITS / most;
  const { leaves, leafOf } = divided(full);
  const recalls = BEAMS.map((beam) => `${beam}: ${recallOf(leaves, leafOf, beam).toFixed(3)}`);
  const beside = BESIDE.map((beam) => `${beam}: ${alikeIn(leaves, leafOf, beam).toFixed(3)}`);
  console.log(`${String(leaves.length).padStart(3)} leaves   ${recalls.join("   ")}`);
  console.log(
    `      ${alike.length} pairs of ${ALIKE} in their own leaf and   ${beside.join("   ")}`,
  );
}

/** Splits every leaf of `full` units or more, over and over, as SearchShard does; where each unit is then. */
function divided(full: number): { leaves: Place[]; leafOf: string[] } {
  const root = rootOf({ owner: "public", space: "bench" });
  const tree = emptyTree(root);
  const leafOf: string[] = Array.from({ length: UNITS }, () => root.name);
  const open: { place: Place; members: number[] }[] = [
    { place: root, members: units.map((_, i) => i) },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { place, members } = next;
    if (members.length < full) continue;
    const every = Math.max(1, Math.floor(members.length / SAMPLE));
    const sample = members.filter((_, i) => i % every === 0).map((unit) => routeOf(unit));
    const centroids = twoMeans(sample);
    if (centroids === null) continue;
    const to = leavesUnder(place, centroids);
    learn(tree, place.name, { of: "leaf", to });
    const parts = new Map<string, number[]>(to.map(({ name }) => [name, []]));
    for (const unit of members) {
      const { name } = leafFor(tree, place, { contentKey: "", vectors: routeOf(unit) });
      leafOf[unit] = name;
      parts.get(name)?.push(unit);
    }
    for (const child of to) open.push({ place: child, members: parts.get(child.name) ?? [] });
  }
  return { leaves: leavesBelow(tree, root), leafOf };
}

function recallOf(leaves: readonly Place[], leafOf: readonly string[], beam: number): number {
  let found = 0;
  for (const [i, question] of questions.entries()) {
    const asked = new Set(
      nearestLeaves(leaves, [quantised(question)], beam).map(({ name }) => name),
    );
    found += (truth[i] ?? []).filter((unit) => asked.has(leafOf[unit] ?? "")).length;
  }
  return found / (QUESTIONS * NEAREST);
}

function alikeIn(leaves: readonly Place[], leafOf: readonly string[], beam: number): number {
  const found = alike.filter(([unit, other]) => {
    const around = beam === 0 ? [] : nearestLeaves(leaves, routeOf(unit), beam);
    return [leafOf[unit], ...around.map(({ name }) => name)].includes(leafOf[other]);
  });
  return found.length / alike.length;
}

function alikeTo(vector: Float32Array, unit: number): [number, number][] {
  return units.flatMap((other, n): [number, number][] =>
    n !== unit && dot(vector, other) >= ALIKE ? [[unit, n]] : [],
  );
}

function nearestUnits(question: Float32Array): number[] {
  return units
    .map((vector, unit) => ({ unit, cosine: dot(vector, question) }))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, NEAREST)
    .map(({ unit }) => unit);
}

function routeOf(unit: number): Quantised[] {
  return routes[unit] ?? [];
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
