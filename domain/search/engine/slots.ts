import { type Centroids, encoded } from "#domain/search/engine/codes.ts";
import {
  CHUNK,
  type Columns,
  columnsOf,
  emptyColumns,
  putSlot,
  type Slot,
} from "#domain/search/engine/columns.ts";
import { openKernel } from "#domain/search/engine/kernel.ts";
import type { Quantised } from "#domain/search/engine/vectors.ts";

export type Slots = ReturnType<typeof openSlots>;

/** A shard's slots in memory, in lists around these middles that will be about so long, and as columns as far as those are not on disk. */
export function openSlots(
  module: WebAssembly.Module,
  dimensions: number,
  centroids: Centroids,
  sizes?: Uint32Array,
) {
  const kernel = openKernel(module, dimensions, centroids);
  if (sizes !== undefined) kernel.keep(sizes);
  let growing = new Map<number, Columns>();

  function append(slot: Slot): number {
    const number = kernel.slots();
    const chunk = Math.floor(number / CHUNK);
    let columns = growing.get(chunk);
    if (columns === undefined) {
      columns = emptyColumns(dimensions);
      growing.set(chunk, columns);
    }
    putSlot(columns, number % CHUNK, slot);
    return kernel.add(columns, number % CHUNK, slot);
  }

  return {
    kernel,
    add(
      vector: Quantised,
      about: Omit<Slot, "code">,
      list = kernel.listsOf([vector])[0] ?? 0,
    ): number {
      return append({ ...about, code: encoded(vector, dimensions, centroids, list) });
    },
    /** A slot that nothing is in. */
    skip: (): void => kernel.kill(append({ code: null, length: 0, passage: 0, level: 0 })),
    /** Puts a chunk back as `open` and `aliveBits` gave it; `end` is the number of slots on disk. */
    restore(chunk: number, data: Uint8Array, alive: Uint8Array, end: number): void {
      const columns = columnsOf(data, dimensions);
      kernel.restore(chunk, columns, alive, Math.min(end, (chunk + 1) * CHUNK));
      if ((chunk + 1) * CHUNK > end) growing.set(chunk, columns);
    },
    /** The chunks that grew since they were last written. */
    *open(): Generator<[number, Uint8Array]> {
      for (const [chunk, { bytes }] of growing) yield [chunk, bytes];
    },
    /** All slots before this one are on disk. */
    flushed(end: number): void {
      growing = new Map([...growing].filter(([chunk]) => (chunk + 1) * CHUNK > end));
    },
  };
}
