import kernelModule from "#kernels/embed.wasm";
import { loadGlossary, modelAsset } from "#adapters/gloss.ts";
import { bridge } from "#domain/embedding/bridge.ts";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { parseVocabulary, wordPieces } from "#domain/embedding/wordpiece.ts";

/** The kernel's exports (kernels/embed/index.ts). */
type Kernel = {
  memory: WebAssembly.Memory;
  prepare(): void;
  weightsAt(): number;
  weightsBytes(): number;
  tokensAt(lane: number): number;
  resultAt(lane: number): number;
  begin(lane: number, rows: number): void;
  step(lane: number, budget: number): number;
};

/** Multiplications in one slice: about 2 ms on a quiet core (bench/embed.ts), so a busy one stays near 5 ms. */
const SLICE_PRODUCTS = 48_000_000;

/** all-MiniLM-L6-v2 with its two lanes: what is under way in one does not disturb the other. */
export type Model = {
  begin(lane: 0 | 1, text: string): void;
  /** Works one slice; the finished vector, or null while there is more to do. */
  slice(lane: 0 | 1): Float32Array | null;
};

/** Reads the assets that scripts/build-model.ts made. Throws where they are missing or of another build. */
export async function loadModel(assets: Fetcher): Promise<Model> {
  const instance = await WebAssembly.instantiate(kernelModule);
  const kernel = instance.exports as unknown as Kernel;
  kernel.prepare();
  const [vocabulary, glossary] = await Promise.all([
    modelAsset(assets, "vocabulary.txt").then((response) => response.text()),
    loadGlossary(assets),
    modelAsset(assets, "minilm-l6-int8.bin").then((response) => fill(kernel, response)),
  ]);
  const pieces = parseVocabulary(vocabulary);
  return {
    begin(lane, text) {
      const tokens = wordPieces(pieces, bridge(glossary, text));
      new Int32Array(kernel.memory.buffer, kernel.tokensAt(lane), tokens.length).set(tokens);
      kernel.begin(lane, tokens.length);
    },
    slice(lane) {
      if (!kernel.step(lane, SLICE_PRODUCTS)) return null;
      return new Float32Array(
        kernel.memory.buffer,
        kernel.resultAt(lane),
        EMBEDDED_SPACE.dimensions,
      ).slice();
    },
  };
}

/** Straight into the kernel's memory, so that 23 MB are never held twice. */
async function fill(kernel: Kernel, response: Response): Promise<void> {
  const weights = new Uint8Array(kernel.memory.buffer, kernel.weightsAt(), kernel.weightsBytes());
  let at = 0;
  if (response.body) {
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      if (at + chunk.length <= weights.length) weights.set(chunk, at);
      at += chunk.length;
    }
  }
  if (at !== weights.length)
    throw new Error(`the weights are ${at} bytes, the kernel takes ${weights.length}`);
}
