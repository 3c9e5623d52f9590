import { z } from "zod";

export type Weights = { dims: number[]; values: Float32Array; halves: Uint8Array };

const header = z.record(
  z.string(),
  z.object({ dtype: z.string(), shape: z.array(z.number()), data_offsets: z.tuple([z.number(), z.number()]) }).partial(),
);

/** Reads the half-precision tensors of a safetensors file; asking for one that is not there throws. */
export function readSafetensors(file: Uint8Array): (name: string) => Weights {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const entries = header.parse(JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes))));
  return (name) => {
    const entry = entries[name];
    if (entry?.dtype !== "F16" || !entry.shape || !entry.data_offsets) throw new Error(`no F16 tensor named ${name}`);
    const [from, to] = entry.data_offsets;
    const halves = Uint8Array.from(file.subarray(8 + headerBytes + from, 8 + headerBytes + to)); // a copy, so it is aligned
    return { dims: entry.shape, values: Float32Array.from(new Float16Array(halves.buffer)), halves };
  };
}
