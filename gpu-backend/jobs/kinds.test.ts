import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkedInput, checkedResult } from "#domain/jobs/check.ts";
import type { JobKind, JobResult } from "#domain/jobs/kinds.ts";
import type { SourcePage } from "#domain/jobs/protocol.ts";
import { clouds } from "#gpu-backend/compute/compute.contract.ts";
import type { Compute, Matrix } from "#gpu-backend/compute/compute.ts";
import { createMemory } from "#gpu-backend/compute/memory.ts";
import { openCompute } from "#gpu-backend/compute/open.ts";
import { buildBackend } from "#gpu-backend/process.ts";
import { join } from "node:path";
import { readTexts, readVectors, unit } from "./collection.ts";
import { Failure } from "./failure.ts";
import { runJob } from "./kinds.ts";
import type { Said } from "./product.ts";

// What comes back from a job is what the product takes: each result goes through the product's own check.

const DIMENSIONS = 16;
const PAGE = 40;

let compute: Compute;
beforeAll(async () => {
  await buildBackend();
  const kernelPath = join(import.meta.dirname, "../../dist/kernels/distances.wasm");
  compute = await openCompute({ device: "cpu", threads: 2, kernelPath });
}, 120_000);
afterAll(() => compute.close());

const vectorAt = ({ values, dimensions }: Matrix, row: number): Float32Array =>
  unit(Float32Array.from(values.subarray(row * dimensions, (row + 1) * dimensions))) ??
  new Float32Array(dimensions).fill(1);
const base64 = (vector: Float32Array) => Buffer.from(vector.buffer).toString("base64");
const idOf = (row: number) => `u${row}`;

/** A product that has these units, as pages. */
function product(
  points: Matrix,
  changed: (page: SourcePage) => Said<SourcePage> | null = () => null,
) {
  return async (after: string | null): Promise<Said<SourcePage>> => {
    const from = Number(after ?? 0);
    const rows = Array.from(
      { length: Math.max(0, Math.min(PAGE, points.rows - from)) },
      (_, i) => from + i,
    );
    const page: SourcePage = {
      space: "s@1",
      dimensions: points.dimensions,
      units: rows.map((row) => ({
        unitId: idOf(row),
        version: 1,
        vector: base64(vectorAt(points, row)),
        text: `text ${row}`,
      })),
      next: from + PAGE < points.rows ? String(from + PAGE) : null,
    };
    return changed(page) ?? { how: "done", value: page };
  };
}

type Reader = ReturnType<typeof product>;
const shares: number[] = [];

async function ran<K extends JobKind>(
  kind: K,
  input: unknown,
  read: Reader,
): Promise<JobResult<K>> {
  const checked = checkedInput(kind, input);
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  const memory = createMemory(1e9);
  const source = { read, memory, wait: async () => {} };
  const result = await runJob(kind, checked.value, {
    compute: async () => compute,
    vectors: () => readVectors(source, () => {}),
    texts: () => readTexts(source),
    embed: async (texts) => texts.map((_, i) => Float32Array.from({ length: 384 }, () => i + 1)),
    signal: new AbortController().signal,
    progress: (share) => shares.push(share),
  });
  const taken = checkedResult(kind, checked.value, JSON.parse(JSON.stringify(result)));
  if (!taken.ok) throw new Error(JSON.stringify(taken.error));
  return taken.value;
}

const CLOUDS = () => clouds(150, DIMENSIONS, 3, 0.05);

describe("a job", () => {
  it("clusters a collection as it lies", async () => {
    const { units, clusters, assignments } = await ran(
      "kmeans",
      { collection: "private", k: 3 },
      product(CLOUDS()),
    );
    expect(units).toBe(150);
    expect(clusters).toHaveLength(3);
    expect(clusters.reduce((sum, { size }) => sum + size, 0)).toBe(150);
    expect(new Set(assignments).size).toBe(3);
    expect(shares.at(-1)).toBeLessThanOrEqual(1);
  });

  it("finds the neighbours of units and of vectors, itself left out, and of nobody none", async () => {
    const points = CLOUDS();
    const input = { collection: "private", k: 5, unitIds: ["u3", "nobody", "u149"] };
    const byUnit = await ran("knn", input, product(points));
    expect(byUnit.neighbours.map((list) => list.length)).toEqual([5, 0, 5]);
    expect(byUnit.neighbours[0]?.map(({ unitId }) => unitId)).not.toContain("u3");
    const vectors = [[...vectorAt(points, 3)]];
    const byVector = await ran("knn", { collection: "private", k: 6, vectors }, product(points));
    expect(byVector.neighbours[0]?.[0]?.unitId).toBe("u3");
    expect(byVector.neighbours[0]?.slice(1)).toEqual(byUnit.neighbours[0]);
  });

  it("groups what is nearly the same, ranks the graph, embeds texts", async () => {
    const points = CLOUDS();
    points.values.set(points.values.subarray(0, DIMENSIONS), 5 * DIMENSIONS);
    const same = await ran(
      "near-duplicates",
      { collection: "private", threshold: 0.99999 },
      product(points),
    );
    expect(same.groups).toMatchObject([{ unitIds: ["u0", "u5"] }]);
    const graph = await ran("graph", { collection: "private", k: 4 }, product(points));
    expect(graph.from).toHaveLength(600);
    const embedded = await ran("reembed", { collection: "private" }, product(points));
    expect(embedded.unitIds).toHaveLength(150);
    await ran("embed.batch", { texts: ["a", "b"] }, product(points));
  });

  it.each(["kmeans", "near-duplicates", "graph", "reembed"] as const)(
    "of kind %s takes a collection of none and of one",
    async (kind) => {
      for (const rows of [0, 1]) {
        const { units } = await ran(kind, { collection: "public" }, product(clouds(rows, 4, 1, 1)));
        expect(units).toBe(rows);
      }
      const input = { collection: "public", unitIds: ["u0"] };
      const { neighbours } = await ran("knn", input, product(clouds(0, 4, 1, 1)));
      expect(neighbours).toEqual([[]]);
    },
  );
});

describe("a collection that is odd", () => {
  const input = { collection: "private", k: 2 };

  it("loses no unit and counts none twice where one moves while it is read", async () => {
    let last: SourcePage["units"] = [];
    const twice = product(CLOUDS(), (page) => {
      const units = [...last.slice(0, 7), ...page.units];
      last = page.units;
      return { how: "done", value: { ...page, units } };
    });
    expect((await ran("kmeans", input, twice)).units).toBe(150);
  });

  it("leaves out units whose vectors are none: NaN, zeros, another length", async () => {
    const odd = [new Float32Array(DIMENSIONS), new Float32Array(3).fill(1)];
    odd.push(new Float32Array(DIMENSIONS).fill(Number.NaN));
    const broken = product(CLOUDS(), (page) => {
      const units = page.units.map((one, i) => {
        const vector = odd[i];
        return vector === undefined ? one : { ...one, vector: base64(vector) };
      });
      return { how: "done", value: { ...page, units } };
    });
    expect((await ran("kmeans", input, broken)).units).toBe(150 - 4 * odd.length);
  });

  it("ends the attempt where its lease is lost, its space changes, or it does not come", async () => {
    let asked = 0;
    const failing = (how: "gone" | "later") => product(CLOUDS(), () => (asked++, { how }));
    await expect(ran("kmeans", input, failing("gone"))).rejects.toMatchObject({
      how: { lost: true },
    });
    asked = 0;
    await expect(ran("kmeans", input, failing("later"))).rejects.toBeInstanceOf(Failure);
    expect(asked).toBe(6);
    let pages = 0;
    const moving = product(CLOUDS(), (page) => ({
      how: "done",
      value: { ...page, space: `s@${pages++}` },
    }));
    await expect(ran("kmeans", input, moving)).rejects.toThrow("another space");
  });

  it("larger than the memory there is fails for good, and gives back what it held", async () => {
    const memory = createMemory(20_000);
    const given: (() => void)[] = [];
    const source = { read: product(CLOUDS()), memory, wait: async () => {} };
    await expect(readVectors(source, (give) => given.push(give))).rejects.toBeInstanceOf(Failure);
    expect(memory.used()).toBeGreaterThan(0);
    for (const give of given) give();
    expect(memory.used()).toBe(0);
  });
});
