import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bridge } from "#domain/embedding/bridge.ts";
import { openGlossary } from "#domain/embedding/glossary.ts";
import { parseVocabulary, wordPieces } from "#domain/embedding/wordpiece.ts";

type Kernel = {
  memory: WebAssembly.Memory;
  prepare(): void;
  weightsAt(): number;
  tokensAt(lane: number): number;
  resultAt(lane: number): number;
  begin(lane: number, rows: number): void;
  step(lane: number, budget: number): number;
};

/** The built model in Node: the same kernel, weights and glosses that EmbeddedAI loads, for tests and benches. */
export function openBuiltModel(dist: string) {
  const { exports } = new WebAssembly.Instance(
    new WebAssembly.Module(readFileSync(join(dist, "kernels/embed.wasm"))),
  );
  const kernel = exports as unknown as Kernel;
  kernel.prepare();
  const asset = (name: string) => readFileSync(join(dist, "assets/model", name));
  const weights = asset("minilm-l6-int8.bin");
  new Uint8Array(kernel.memory.buffer, kernel.weightsAt(), weights.length).set(weights);
  const vocabulary = parseVocabulary(asset("vocabulary.txt").toString("utf8"));
  const glossary = openGlossary(Uint8Array.from(asset("cedict.bin")));
  const tokens = (text: string) => wordPieces(vocabulary, bridge(glossary, text));
  /** The vector of these word pieces, worked in slices of `budget` multiplications; `lane` is 0 or 1. */
  const forward = (ids: readonly number[], budget = 2 ** 30, lane = 0) => {
    begin(ids, lane);
    let slices = 1;
    while (!kernel.step(lane, budget)) slices += 1;
    return { vector: result(lane), slices };
  };
  const begin = (ids: readonly number[], lane: number) => {
    new Int32Array(kernel.memory.buffer, kernel.tokensAt(lane), ids.length).set(ids);
    kernel.begin(lane, ids.length);
  };
  const result = (lane: number) =>
    new Float32Array(kernel.memory.buffer, kernel.resultAt(lane), 384).slice();
  const step = (lane: number, budget: number) => kernel.step(lane, budget) !== 0;
  return {
    tokens,
    forward,
    begin,
    step,
    result,
    embed: (text: string) => forward(tokens(text)).vector,
  };
}
