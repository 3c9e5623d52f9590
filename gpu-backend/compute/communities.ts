import { UndirectedGraph } from "graphology";
import louvain from "graphology-communities-louvain";
import type { Edges } from "./page-rank.ts";
import { randomFrom } from "./random.ts";

/**
 * Communities by modularity (Louvain: Blondel et al. 2008), of the edges taken as undirected ones: the largest is 0. The
 * same edges and seed give the same ones.
 */
export function communities({ nodes, from, to, weights }: Edges, seed: number): Uint32Array {
  const graph = new UndirectedGraph<object, { weight: number }>({ allowSelfLoops: false });
  for (let node = 0; node < nodes; node += 1) graph.addNode(node);
  for (const [edge, node] of from.entries()) {
    const [target, weight] = [to[edge] ?? 0, weights[edge] ?? 0];
    // Both ends may name each other: that is one edge, as heavy as the heavier.
    if (target !== node && weight > 0)
      graph.updateEdge(node, target, (held) => ({ weight: Math.max(held.weight ?? 0, weight) }));
  }
  const found = new Uint32Array(nodes);
  if (graph.size === 0) return found.map((_, node) => node);
  const names = louvain(graph, { getEdgeWeight: "weight", rng: randomFrom(seed) });
  for (let node = 0; node < nodes; node += 1) found[node] = names[node] ?? 0;
  return largestFirst(found);
}

function largestFirst(found: Uint32Array): Uint32Array {
  const sizes = new Map<number, number>();
  for (const name of found) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  // A map keeps the order of first appearance, and sorting keeps it among equals.
  const order = [...sizes].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const places = new Map(order.map((name, place) => [name, place]));
  return found.map((name) => places.get(name) ?? 0);
}
