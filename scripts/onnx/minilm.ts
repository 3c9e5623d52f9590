import type { Tensor } from "#scripts/model/safetensors.ts";
import {
  type Attribute,
  type DataType,
  type OnnxNode,
  onnxModel,
  type OnnxTensor,
} from "./proto.ts";

/** Weights alone (`float32`, the reference) or what the product runs (`int8`). */
export type Precision = "float32" | "int8";

const LAYERS = 6;
const HEADS = 12;
const WIDTH = 384;
const POSITIONS = 512;
const OPSET = 21;
const EPSILON = { epsilon: { float: 1e-12 } };
/** onnxruntime's own fused operators. */
const FUSED = "com.microsoft";

type Source = (name: string) => Tensor;

/**
 * all-MiniLM-L6-v2 as one graph from word pieces to unit vectors: `input_ids` [batch, length] padded on the
 * right, `lengths` [batch] → `embeddings` [batch, 384]. Pooling is a sum, since a mean has the same direction.
 */
export function minilm(source: Source, precision: Precision): Uint8Array {
  const graph = graphBuilder();
  let hidden = embeddings(graph, source);
  for (let layer = 0; layer < LAYERS; layer++)
    hidden = encoderLayer(graph, source, precision, layer, hidden);
  meanPooling(graph, hidden);
  return onnxModel(
    {
      name: "all-minilm-l6-v2",
      nodes: graph.nodes,
      tensors: graph.tensors,
      inputs: [
        { name: "input_ids", type: "int64", dims: ["batch", "length"] },
        { name: "lengths", type: "int32", dims: ["batch"] },
      ],
      outputs: [{ name: "embeddings", type: "float32", dims: ["batch", WIDTH] }],
    },
    OPSET,
  );
}

type GraphBuilder = ReturnType<typeof graphBuilder>;

function graphBuilder() {
  const nodes: OnnxNode[] = [];
  const tensors: OnnxTensor[] = [];
  const tensor = (name: string, type: DataType, dims: readonly number[], data: ArrayBufferView) => {
    tensors.push({
      name,
      type,
      dims,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
    return name;
  };
  return {
    nodes,
    tensors,
    tensor,
    floats: (name: string, matrix: Tensor) => tensor(name, "float32", matrix.shape, matrix.values),
    integers: (name: string, dims: readonly number[], values: readonly number[]) =>
      tensor(name, "int64", dims, BigInt64Array.from(values, BigInt)),
    node(
      op: string,
      inputs: readonly string[],
      output: string,
      attributes: Readonly<Record<string, Attribute>> = {},
      domain = "",
    ) {
      nodes.push({ op, inputs, outputs: [output], attributes, domain });
      return output;
    },
  };
}

/** Words stay in half precision until they are looked up: the table is half of the file. */
function embeddings(graph: GraphBuilder, source: Source): string {
  const words = source("embeddings.word_embeddings.weight");
  const positions = source("embeddings.position_embeddings.weight").values;
  const kinds = source("embeddings.token_type_embeddings.weight").values;
  // Every text is a first segment, so its segment vector is part of the position.
  const places = positions.map((value, index) => value + (kinds[index % WIDTH] ?? 0));
  graph.node(
    "Gather",
    [graph.tensor("words", "float16", words.shape, Float16Array.from(words.values)), "input_ids"],
    "word_halves",
  );
  graph.node("Cast", ["word_halves"], "word_vectors", { to: 1 });
  graph.node("Shape", ["input_ids"], "length", { start: 1, end: 2 });
  const table = graph.floats("places", { shape: [POSITIONS, WIDTH], values: places });
  graph.node("Slice", [table, graph.integers("from_zero", [1], [0]), "length"], "place_vectors");
  graph.node("Add", ["word_vectors", "place_vectors"], "placed_words");
  const scale = graph.floats("embedding_scale", source("embeddings.LayerNorm.weight"));
  const shift = graph.floats("embedding_shift", source("embeddings.LayerNorm.bias"));
  return graph.node("LayerNormalization", ["placed_words", scale, shift], "embedded", {
    axis: -1,
    ...EPSILON,
  });
}

function encoderLayer(
  graph: GraphBuilder,
  source: Source,
  precision: Precision,
  layer: number,
  input: string,
): string {
  const at = (part: string) => `layer${layer}_${part}`;
  const weights = (part: string) => source(`encoder.layer.${layer}.${part}`);
  const vector = (part: string) => graph.floats(at(part), weights(part));
  const byTensor = precision === "int8" ? quantisedByTensor : full;
  const byBlock = precision === "int8" ? quantisedByBlock : full;

  const parts = ["query", "key", "value"].map((part) => `attention.self.${part}`);
  const heads = byTensor(
    graph,
    at("heads"),
    input,
    stacked(parts.map((part) => weights(`${part}.weight`))),
  );
  const [query, key, value] = [at("query"), at("key"), at("value")];
  graph.nodes.push({
    op: "Split",
    inputs: [heads],
    outputs: [query, key, value],
    attributes: { axis: 2, num_outputs: 3 },
  });
  const headBias = graph.floats(
    at("heads_bias"),
    stacked(parts.map((part) => weights(`${part}.bias`))),
  );
  const attended = graph.node(
    "MultiHeadAttention",
    [query, key, value, headBias, "lengths"],
    at("attended"),
    { num_heads: HEADS },
    FUSED,
  );

  const normalised = (output: string, from: string, skip: string, part: string) =>
    graph.node(
      "SkipLayerNormalization",
      [
        from,
        skip,
        vector(`${part}.LayerNorm.weight`),
        vector(`${part}.LayerNorm.bias`),
        vector(`${part}.dense.bias`),
      ],
      output,
      EPSILON,
      FUSED,
    );
  const mixed = byTensor(graph, at("mixed"), attended, weights("attention.output.dense.weight"));
  // The wide half loses most under one scale for the whole batch: 0.996 of the cosine by tensor, 0.998 by block.
  const middle = normalised(at("middle"), mixed, input, "attention.output");
  const wide = byBlock(graph, at("wide"), middle, weights("intermediate.dense.weight"));
  const active = graph.node(
    "BiasGelu",
    [wide, vector("intermediate.dense.bias")],
    at("active"),
    {},
    FUSED,
  );
  const narrow = byBlock(graph, at("narrow"), active, weights("output.dense.weight"));
  return normalised(at("output"), narrow, middle, "output");
}

function meanPooling(graph: GraphBuilder, hidden: string): void {
  const zero = graph.integers("zero", [], [0]);
  const one = graph.integers("one", [], [1]);
  graph.node("Squeeze", ["length"], "length_scalar");
  graph.node("Range", [zero, "length_scalar", one], "place");
  graph.node("Cast", ["lengths"], "lengths_wide", { to: 7 });
  graph.node(
    "Unsqueeze",
    ["lengths_wide", graph.integers("last_two", [2], [1, 2])],
    "lengths_column",
  );
  graph.node("Less", ["place", "lengths_column"], "is_text");
  graph.node("Cast", ["is_text"], "mask", { to: 1 });
  graph.node("MatMul", ["mask", hidden], "summed");
  graph.node("Squeeze", ["summed", graph.integers("middle_axis", [1], [1])], "sentence");
  graph.node("LpNormalization", ["sentence"], "embeddings", { axis: 1, p: 2 });
}

/** A row of weights is one output here; onnxruntime's plain matrices want it as a column. */
function full(graph: GraphBuilder, name: string, input: string, weights: Tensor): string {
  const [rows, columns] = shapeOf(weights);
  const transposed = new Float32Array(rows * columns);
  eachWeight(weights, (value, row, column) => (transposed[column * rows + row] = value));
  const matrix = graph.floats(`${name}_weights`, { shape: [columns, rows], values: transposed });
  return graph.node("MatMul", [input, matrix], `${name}_out`);
}

/**
 * The fastest product: activations in 8 bits under one scale, weights in 7 under a scale per output. The 8th bit
 * would overflow the 16-bit sums of processors without VNNI.
 */
function quantisedByTensor(
  graph: GraphBuilder,
  name: string,
  input: string,
  weights: Tensor,
): string {
  const [rows, columns] = shapeOf(weights);
  const scales = scalesOf(weights, columns, 63);
  const levels = new Int8Array(rows * columns);
  eachWeight(
    weights,
    (value, row, column) => (levels[column * rows + row] = Math.round(value / (scales[row] ?? 1))),
  );
  const [quantised, scale, zero] = [`${name}_in`, `${name}_in_scale`, `${name}_in_zero`];
  graph.nodes.push({
    op: "DynamicQuantizeLinear",
    inputs: [input],
    outputs: [quantised, scale, zero],
  });
  const matrix = graph.tensor(`${name}_weights`, "int8", [columns, rows], levels);
  const weightScale = graph.tensor(`${name}_scales`, "float32", [rows], scales);
  return graph.node(
    "MatMulIntegerToFloat",
    [quantised, matrix, scale, weightScale, zero],
    `${name}_out`,
    {},
    FUSED,
  );
}

/** The truer product: activations and weights have a scale of their own for every 128 values. */
function quantisedByBlock(
  graph: GraphBuilder,
  name: string,
  input: string,
  weights: Tensor,
): string {
  const [rows, columns] = shapeOf(weights);
  const block = 128;
  const blocks = columns / block;
  const scales = scalesOf(weights, block, 127);
  const levels = new Uint8Array(rows * columns);
  eachWeight(weights, (value, row, column) => {
    const scale = scales[row * blocks + Math.floor(column / block)] ?? 1;
    levels[row * columns + column] = 128 + Math.round(value / scale);
  });
  const matrix = graph.tensor(`${name}_weights`, "uint8", [rows, blocks, block], levels);
  const scaleName = graph.tensor(`${name}_scales`, "float32", [rows, blocks], scales);
  const shape = { K: columns, N: rows, bits: 8, block_size: block, accuracy_level: 4 };
  return graph.node("MatMulNBits", [input, matrix, scaleName], `${name}_out`, shape, FUSED);
}

/** One scale for every `run` consecutive weights, such that the largest of them becomes `top`. */
function scalesOf(weights: Tensor, run: number, top: number): Float32Array {
  return Float32Array.from({ length: weights.values.length / run }, (_, index) => {
    let largest = 0;
    for (let at = index * run; at < (index + 1) * run; at++)
      largest = Math.max(largest, Math.abs(weights.values[at] ?? 0));
    return largest === 0 ? 1 : largest / top;
  });
}

function eachWeight(
  weights: Tensor,
  visit: (value: number, row: number, column: number) => void,
): void {
  const [rows, columns] = shapeOf(weights);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      visit(weights.values[row * columns + column] ?? 0, row, column);
  }
}

function shapeOf(matrix: Tensor): [rows: number, columns: number] {
  const [rows, columns] = matrix.shape;
  if (rows === undefined || columns === undefined) throw new Error("a matrix has two dimensions");
  return [rows, columns];
}

function stacked(parts: readonly Tensor[]): Tensor {
  const shape = [...(parts[0]?.shape ?? [])];
  shape[0] = parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0);
  const values = new Float32Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let offset = 0;
  for (const part of parts) {
    values.set(part.values, offset);
    offset += part.values.length;
  }
  return { shape, values };
}
