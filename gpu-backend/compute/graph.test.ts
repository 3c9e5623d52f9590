import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { clouds } from "./compute.contract.ts";
import { neighbourGraph } from "./graph.ts";
import { openCompute } from "./open.ts";
import { type Edges, pageRank } from "./page-rank.ts";

const kernelPath = join(import.meta.dirname, "../../dist/kernels/distances.wasm");
const compute = await openCompute({ device: "cpu", kernelPath, threads: 1 });
afterAll(() => compute.close());

const edges = (nodes: number, list: [number, number, number?][]): Edges => ({
  nodes,
  from: Uint32Array.from(list, ([from]) => from),
  to: Uint32Array.from(list, ([, to]) => to),
  weights: Float32Array.from(list, ([, , weight = 1]) => weight),
});

it("ranks as the equation of PageRank says, with a page that leads nowhere", () => {
  const ranks = pageRank(
    edges(4, [
      [0, 1],
      [0, 2, 3],
      [1, 2],
      [2, 0],
    ]),
  );
  const [a = 0, b = 0, c = 0, d = 0] = ranks;
  const everywhere = (0.15 + 0.85 * d) / 4;
  expect(a).toBeCloseTo(everywhere + 0.85 * c, 7);
  expect(b).toBeCloseTo(everywhere + (0.85 * a) / 4, 7);
  expect(c).toBeCloseTo(everywhere + 0.85 * ((a * 3) / 4 + b), 7);
  expect(d).toBeCloseTo(everywhere, 7);
  expect(a + b + c + d).toBeCloseTo(1, 9);
});

it("ranks the same where nothing leads anywhere, and nothing of nothing", () => {
  expect(Array.from(pageRank(edges(4, [])))).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(pageRank(edges(0, []))).toHaveLength(0);
});

it("finds clouds that lie apart as communities, and the same ones for the same seed", async () => {
  const points = clouds(600, 32, 5, 0.3);
  const graph = await neighbourGraph(compute, points, { k: 6, seed: 3 });
  expect(graph.from).toHaveLength(3_600);
  expect(graph.rank.reduce((sum, rank) => sum + rank)).toBeCloseTo(1, 6);
  // Rows of one cloud are five apart; a cloud may fall apart, but none shares a community with another.
  const cloudsOf = new Map<number, Set<number>>();
  for (const [point, name] of graph.community.entries())
    cloudsOf.set(name, (cloudsOf.get(name) ?? new Set()).add(point % 5));
  expect([...cloudsOf.values()].every((of) => of.size === 1)).toBe(true);
  expect(cloudsOf.size).toBeLessThan(60);
  const again = await neighbourGraph(compute, points, { k: 6, seed: 3 });
  expect(again.community).toEqual(graph.community);
});

it("is a graph of nothing for one point, and of none", async () => {
  for (const rows of [0, 1]) {
    const graph = await neighbourGraph(compute, clouds(rows, 8, 1, 1), { k: 4, seed: 1 });
    expect([graph.from.length, graph.rank.length, graph.community.length]).toEqual([0, rows, rows]);
  }
});

it("ends where nobody waits for it", async () => {
  const gone = new AbortController();
  const progress = (share: number) => {
    if (share >= 0.9) gone.abort(new Error("gone"));
  };
  const graph = neighbourGraph(
    compute,
    clouds(400, 8, 2, 1),
    { k: 8, seed: 1 },
    { signal: gone.signal, progress },
  );
  await expect(graph).rejects.toThrow("gone");
});
