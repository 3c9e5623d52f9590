import type { Tensor } from "./safetensors.ts";

type Model = (name: string) => Tensor;

const LAYERS = 6;
const POSITIONS = 256;
const PANEL = 8;

/** The weights as kernels/embed/layout.ts expects them: matrices in 8 bits with a scale a row, the rest in floats. */
export function packWeights(model: Model): Uint8Array {
  const parts: Uint8Array[] = [];
  const words = quantiseRows(model("embeddings.word_embeddings.weight"));
  parts.push(bytesOf(words.values), bytesOf(words.scales), new Uint8Array(8));
  parts.push(bytesOf(positions(model)));
  parts.push(...norm(model, "embeddings.LayerNorm"));
  for (let index = 0; index < LAYERS; index += 1) {
    const layer = `encoder.layer.${index}`;
    const heads = ["query", "key", "value"].map((part) => `${layer}.attention.self.${part}`);
    parts.push(
      ...matrix(
        heads.map((name) => model(`${name}.weight`)),
        heads.map((name) => model(`${name}.bias`)),
      ),
    );
    parts.push(
      ...dense(model, `${layer}.attention.output.dense`),
      ...norm(model, `${layer}.attention.output.LayerNorm`),
    );
    parts.push(...dense(model, `${layer}.intermediate.dense`));
    parts.push(
      ...dense(model, `${layer}.output.dense`),
      ...norm(model, `${layer}.output.LayerNorm`),
    );
  }
  return Buffer.concat(parts);
}

/** Token type 0 is every token's, so it is added here once. */
function positions(model: Model): Float32Array {
  const table = model("embeddings.position_embeddings.weight").values;
  const kind = model("embeddings.token_type_embeddings.weight").values;
  const width = kind.length / 2;
  return Float32Array.from(
    { length: POSITIONS * width },
    (_, i) => (table[i] ?? 0) + (kind[i % width] ?? 0),
  );
}

function norm(model: Model, name: string): Uint8Array[] {
  return [bytesOf(model(`${name}.weight`).values), bytesOf(model(`${name}.bias`).values)];
}

function dense(model: Model, name: string): Uint8Array[] {
  return matrix([model(`${name}.weight`)], [model(`${name}.bias`)]);
}

function matrix(weights: Tensor[], biases: Tensor[]): Uint8Array[] {
  const quantised = weights.map(quantiseRows);
  const inputs = weights[0]?.shape[1] ?? 0;
  const rows = Buffer.concat(quantised.map((part) => bytesOf(part.values)));
  return [
    panels(rows, inputs),
    ...quantised.map((part) => bytesOf(part.scales)),
    ...biases.map((bias) => bytesOf(bias.values)),
  ];
}

/** From [output][input] to [panel][input pair][output of the panel][2]: the order in which the kernel reads. */
function panels(rows: Uint8Array, inputs: number): Uint8Array {
  const packed = new Uint8Array(rows.length);
  let at = 0;
  for (let panel = 0; panel < rows.length; panel += PANEL * inputs) {
    for (let input = 0; input < inputs; input += 2) {
      for (let output = 0; output < PANEL; output += 1) {
        const from = panel + output * inputs + input;
        packed[at] = rows[from] ?? 0;
        packed[at + 1] = rows[from + 1] ?? 0;
        at += 2;
      }
    }
  }
  return packed;
}

function quantiseRows(tensor: Tensor): { values: Int8Array; scales: Float32Array } {
  const [rows = 0, width = 0] = tensor.shape;
  const values = new Int8Array(rows * width);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const from = tensor.values.subarray(row * width, (row + 1) * width);
    let most = 0;
    for (const value of from) most = Math.max(most, Math.abs(value));
    const scale = most / 127 || 1;
    scales[row] = scale;
    for (let i = 0; i < width; i += 1) values[row * width + i] = Math.round((from[i] ?? 0) / scale);
  }
  return { values, scales };
}

function bytesOf(array: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
