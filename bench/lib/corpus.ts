import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "#scripts/launch/paths.ts";
import type { Draft } from "./data.ts";
import { until } from "./load.ts";
import type { Product } from "./product.ts";

const DIMENSIONS = 384;
const TEXTS_PER_REQUEST = 32;

/** The embeddings of some texts, made once by the gpu-backend and kept under .cache/bench. */
export async function vectorsOf(
  texts: string[],
  gpuUrl: string,
): Promise<{ vectors: Float32Array[]; perSecond: number | null }> {
  const name = createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 16);
  const file = inRoot(".cache", "bench", `${name}.f32`);
  if (existsSync(file)) {
    const bytes = readFileSync(file);
    return {
      vectors: split(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)),
      perSecond: null,
    };
  }
  const startedAt = performance.now();
  const all = new Float32Array(texts.length * DIMENSIONS);
  for (let start = 0; start < texts.length; start += TEXTS_PER_REQUEST) {
    const answer = await fetch(`${gpuUrl}/v1/embeddings`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        input: texts.slice(start, start + TEXTS_PER_REQUEST),
        encoding_format: "float",
      }),
    });
    if (!answer.ok) throw new Error(`the gpu-backend answered ${answer.status}`);
    const { data } = (await answer.json()) as { data: { embedding: number[] }[] };
    data.forEach(({ embedding }, index) => all.set(embedding, (start + index) * DIMENSIONS));
  }
  const perSecond = texts.length / ((performance.now() - startedAt) / 1_000);
  mkdirSync(inRoot(".cache", "bench"), { recursive: true });
  writeFileSync(file, new Uint8Array(all.buffer));
  return { vectors: split(all), perSecond };
}

const split = (all: Float32Array): Float32Array[] =>
  Array.from({ length: all.length / DIMENSIONS }, (_, index) =>
    all.subarray(index * DIMENSIONS, (index + 1) * DIMENSIONS),
  );

export type Imported = { accepted: number; refused: number; seconds: number };

/** Sends units through `POST /v1/units/import` and counts the answers. */
export async function importUnits(target: Product, units: object[]): Promise<Imported> {
  const startedAt = performance.now();
  const answer = await target.fetch("/v1/units/import", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body: units.map((unit) => JSON.stringify(unit)).join("\n"),
  });
  if (!answer.ok) throw new Error(`import answered ${answer.status}: ${await answer.text()}`);
  const lines = (await answer.text()).trim().split("\n");
  const refused = lines.filter((line) => line.includes('"error"')).length;
  return {
    accepted: lines.length - refused,
    refused,
    seconds: (performance.now() - startedAt) / 1_000,
  };
}

export type Counts = Partial<Record<string, number>>;

export async function countsOf(target: Product): Promise<Counts> {
  const answer = await target.fetch("/v1/collections");
  if (!answer.ok) throw new Error(`collections answered ${answer.status}`);
  const { items } = (await answer.json()) as {
    items: { units: { status: string; count: number }[] }[];
  };
  const counts: Counts = {};
  for (const { status, count } of items.flatMap((item) => item.units))
    counts[status] = (counts[status] ?? 0) + count;
  return counts;
}

/** Waits until nothing is pending or being verified; answers how long that took, in seconds. */
export async function settled(target: Product, timeoutMs: number): Promise<number> {
  const startedAt = performance.now();
  await until(
    async () => {
      const counts = await countsOf(target);
      return (counts["pending"] ?? 0) + (counts["verifying"] ?? 0) === 0;
    },
    timeoutMs,
    200,
  );
  return (performance.now() - startedAt) / 1_000;
}

export const withVectors = (drafts: Draft[], vectors: Float32Array[], space: string): object[] =>
  drafts.map((draft, index) => ({ ...draft, vector: rounded(vectors[index]), space }));

export async function spaceOf(target: Product): Promise<string> {
  const answer = (await (await target.fetch("/v1/spaces")).json()) as {
    items: { id: string; preferred: boolean }[];
  };
  const preferred = answer.items.find((space) => space.preferred);
  if (!preferred) throw new Error("no space is bound");
  return preferred.id;
}

/** A vector as a client would send it: five digits are more than int8 keeps. */
export const rounded = (vector: Float32Array | undefined): number[] =>
  Array.from(vector ?? [], (value) => Number(value.toFixed(5)));
