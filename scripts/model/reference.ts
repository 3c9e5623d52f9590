import type { Tensor } from "./safetensors.ts";

const WIDTH = 384;
const HEADS = 12;
const HEAD = WIDTH / HEADS;

/** all-MiniLM-L6-v2 in plain 64-bit arithmetic on the published weights: slow, and what the kernel is compared with. */
export function referenceEmbedding(
  model: (name: string) => Tensor,
  tokens: ArrayLike<number>,
): number[] {
  const rows = tokens.length;
  const read = cached(model);
  let hidden: number[][] = [];
  for (let row = 0; row < rows; row += 1) {
    const word = (tokens[row] ?? 0) * WIDTH;
    const words = read("embeddings.word_embeddings.weight");
    const places = read("embeddings.position_embeddings.weight");
    const kinds = read("embeddings.token_type_embeddings.weight");
    hidden.push(
      range(WIDTH).map((i) => at(words, word + i) + at(places, row * WIDTH + i) + at(kinds, i)),
    );
  }
  hidden = hidden.map((row) => normalised(read, "embeddings.LayerNorm", row));
  for (let layer = 0; layer < 6; layer += 1)
    hidden = transformed(read, `encoder.layer.${layer}`, hidden);
  const mean = range(WIDTH).map((i) => hidden.reduce((sum, row) => sum + at(row, i), 0) / rows);
  const length = Math.hypot(...mean);
  return mean.map((value) => value / length);
}

type Read = (name: string) => ArrayLike<number>;

function transformed(read: Read, layer: string, hidden: number[][]): number[][] {
  const part = (name: string) =>
    hidden.map((row) => dense(read, `${layer}.attention.self.${name}`, row, WIDTH));
  const attended = attention(part("query"), part("key"), part("value"));
  const first = hidden.map((row, i) => {
    const projected = dense(read, `${layer}.attention.output.dense`, attended[i] ?? [], WIDTH);
    return normalised(read, `${layer}.attention.output.LayerNorm`, added(row, projected));
  });
  return first.map((row) => {
    const wide = dense(read, `${layer}.intermediate.dense`, row, 1_536).map(
      (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
    );
    return normalised(
      read,
      `${layer}.output.LayerNorm`,
      added(row, dense(read, `${layer}.output.dense`, wide, WIDTH)),
    );
  });
}

function attention(queries: number[][], keys: number[][], values: number[][]): number[][] {
  return queries.map((query) => {
    const out = range(WIDTH).map(() => 0);
    for (let head = 0; head < HEADS; head += 1) {
      const dims = range(HEAD).map((d) => head * HEAD + d);
      const scores = keys.map(
        (key) => dims.reduce((sum, d) => sum + at(query, d) * at(key, d), 0) / Math.sqrt(HEAD),
      );
      const highest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - highest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const d of dims)
        out[d] = values.reduce((sum, value, j) => sum + (at(weights, j) / total) * at(value, d), 0);
    }
    return out;
  });
}

function dense(read: Read, name: string, row: ArrayLike<number>, outputs: number): number[] {
  const weight = read(`${name}.weight`);
  const bias = read(`${name}.bias`);
  const inputs = row.length;
  return range(outputs).map((output) => {
    let sum = at(bias, output);
    for (let i = 0; i < inputs; i += 1) sum += at(weight, output * inputs + i) * at(row, i);
    return sum;
  });
}

function normalised(read: Read, name: string, row: number[]): number[] {
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  const gain = read(`${name}.weight`);
  const bias = read(`${name}.bias`);
  return row.map(
    (value, i) => ((value - mean) / Math.sqrt(variance + 1e-12)) * at(gain, i) + at(bias, i),
  );
}

/** erf by its series, exact to rounding where the model's values lie; beyond 5 it is 1 to 12 digits. */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 120; n += 1) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function cached(model: (name: string) => Tensor): Read {
  const known = new Map<string, ArrayLike<number>>();
  return (name) => {
    const found = known.get(name) ?? model(name).values;
    known.set(name, found);
    return found;
  };
}

const at = (values: ArrayLike<number>, i: number): number => values[i] ?? 0;
const added = (a: number[], b: number[]): number[] => a.map((value, i) => value + at(b, i));
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
