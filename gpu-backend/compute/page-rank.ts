/** Edges between the nodes below `nodes`: three lists of one length, weights from 0. */
export type Edges = { nodes: number; from: Uint32Array; to: Uint32Array; weights: Float32Array };

const DAMPING = 0.85;
const ROUNDS_MAX = 100;
/** All ranks together may still move by this much. */
const TOLERANCE = 1e-9;

/**
 * PageRank (Brin and Page 1998) with weighted edges; what leads nowhere leads everywhere. Ranks sum to 1. It ends after
 * 100 rounds, when what still moves is below 0.85 to the power of 100.
 */
export function pageRank({ nodes, from, to, weights }: Edges): Float64Array {
  const leaving = new Float64Array(nodes);
  for (const [edge, node] of from.entries())
    leaving[node] = (leaving[node] ?? 0) + (weights[edge] ?? 0);
  let ranks = new Float64Array(nodes).fill(1 / nodes);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    let stuck = 0;
    for (const [node, weight] of leaving.entries()) if (weight === 0) stuck += ranks[node] ?? 0;
    const next = new Float64Array(nodes).fill((1 - DAMPING + DAMPING * stuck) / nodes);
    for (const [edge, node] of from.entries()) {
      const weight = weights[edge] ?? 0;
      if (weight === 0) continue;
      const target = to[edge] ?? 0;
      const share = weight / (leaving[node] ?? 1);
      next[target] = (next[target] ?? 0) + DAMPING * share * (ranks[node] ?? 0);
    }
    const moved = next.reduce((sum, rank, node) => sum + Math.abs(rank - (ranks[node] ?? 0)), 0);
    ranks = next;
    if (moved < TOLERANCE) break;
  }
  return ranks;
}
