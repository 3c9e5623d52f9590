export type Tensor = { shape: number[]; values: Float32Array };

/** Reads fp16 tensors of a safetensors file, widened to 32 bits. */
export function openSafetensors(bytes: Uint8Array): (name: string) => Tensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const widened = halves();
  return (name) => {
    const entry = header[name];
    if (entry?.dtype !== "F16") throw new Error(`the model has no fp16 tensor ${name}`);
    const [from, to] = entry.data_offsets;
    const start = bytes.byteOffset + 8 + headerBytes + from;
    const raw = new Uint16Array(bytes.buffer.slice(start, start + to - from));
    const values = new Float32Array(raw.length);
    for (let i = 0; i < raw.length; i += 1) values[i] = widened[raw[i] ?? 0] ?? 0;
    return { shape: entry.shape, values };
  };
}

/** All 65,536 half-precision numbers, because looking up is faster than computing 22 million times. */
function halves(): Float32Array {
  const table = new Float32Array(65_536);
  for (let bits = 0; bits < table.length; bits += 1) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1_023;
    const size =
      exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1_024) * 2 ** (exponent - 15);
    table[bits] = bits & 0x8000 ? -size : size;
  }
  return table;
}
