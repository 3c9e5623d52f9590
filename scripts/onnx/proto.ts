/**
 * The part of ONNX's protobuf format that one inference graph needs, written out by hand:
 * field numbers are those of onnx.proto3 (IR version 10).
 */
export type Attribute = number | string | readonly number[] | { float: number };

export type OnnxNode = {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Readonly<Record<string, Attribute>>;
  /** Empty for the standard operators, `com.microsoft` for onnxruntime's own. */
  domain?: string;
};

export const DATA_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  float16: 10,
} as const;
export type DataType = keyof typeof DATA_TYPES;

export type OnnxTensor = {
  name: string;
  type: DataType;
  dims: readonly number[];
  bytes: Uint8Array;
};

/** A dimension given by name is decided when the model runs. */
export type OnnxValue = { name: string; type: DataType; dims: readonly (number | string)[] };

export type OnnxGraph = {
  name: string;
  nodes: readonly OnnxNode[];
  tensors: readonly OnnxTensor[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
};

/** An ONNX `ModelProto` that onnxruntime can load. */
export function onnxModel(graph: OnnxGraph, opset: number): Uint8Array {
  return Buffer.concat([
    integer(1, 10),
    string(2, "wishub"),
    message(7, graphProto(graph)),
    message(8, [integer(2, opset)]),
    message(8, [string(1, "com.microsoft"), integer(2, 1)]),
  ]);
}

function graphProto(graph: OnnxGraph): Uint8Array[] {
  return [
    ...graph.nodes.map((node, index) => message(1, nodeProto(node, index))),
    string(2, graph.name),
    ...graph.tensors.map((tensor) => message(5, tensorProto(tensor))),
    ...graph.inputs.map((value) => message(11, valueProto(value))),
    ...graph.outputs.map((value) => message(12, valueProto(value))),
  ];
}

function nodeProto(node: OnnxNode, index: number): Uint8Array[] {
  return [
    ...node.inputs.map((input) => string(1, input)),
    ...node.outputs.map((output) => string(2, output)),
    string(3, `${node.op}_${index}`),
    string(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) =>
      message(5, attributeProto(name, value)),
    ),
    string(7, node.domain ?? ""),
  ];
}

function attributeProto(name: string, value: Attribute): Uint8Array[] {
  const named = string(1, name);
  if (typeof value === "number") return [named, integer(3, value), integer(20, 2)];
  if (typeof value === "string") return [named, string(4, value), integer(20, 3)];
  if ("float" in value) return [named, float(2, value.float), integer(20, 1)];
  return [named, ...value.map((entry) => integer(8, entry)), integer(20, 7)];
}

function tensorProto(tensor: OnnxTensor): Uint8Array[] {
  return [
    ...tensor.dims.map((dim) => integer(1, dim)),
    integer(2, DATA_TYPES[tensor.type]),
    string(8, tensor.name),
    bytes(9, tensor.bytes),
  ];
}

function valueProto(value: OnnxValue): Uint8Array[] {
  const dims = value.dims.map((dim) =>
    message(1, [typeof dim === "number" ? integer(1, dim) : string(2, dim)]),
  );
  const tensorType = [integer(1, DATA_TYPES[value.type]), message(2, dims)];
  return [string(1, value.name), message(2, [message(1, tensorType)])];
}

const WIRE = { varint: 0, bytes: 2, fixed32: 5 } as const;

const integer = (field: number, value: number) =>
  Buffer.concat([varint((field << 3) | WIRE.varint), varint(value)]);

function float(field: number, value: number): Uint8Array {
  const encoded = Buffer.alloc(4);
  encoded.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | WIRE.fixed32), encoded]);
}

const bytes = (field: number, value: Uint8Array) =>
  Buffer.concat([varint((field << 3) | WIRE.bytes), varint(value.length), value]);

const string = (field: number, value: string) => bytes(field, Buffer.from(value, "utf8"));

const message = (field: number, parts: readonly Uint8Array[]) => bytes(field, Buffer.concat(parts));

/** Protobuf writes a negative integer as its 64-bit two's complement, ten bytes long. */
function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return Uint8Array.from(out);
}
