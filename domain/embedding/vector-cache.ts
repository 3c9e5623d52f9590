/** Vectors by text, the least recently used forgotten first; bounded by the bytes it may hold. */
export type VectorCache = {
  get(key: string): Float32Array | undefined;
  set(key: string, vector: Float32Array): void;
  bytes(): number;
};

/** What an entry costs beside its text and its numbers: map slot, string and array headers. */
const ENTRY_BYTES = 160;

export function vectorCache(bytesMax: number): VectorCache {
  const entries = new Map<string, Float32Array>();
  let bytes = 0;
  const forget = (key: string, vector: Float32Array) => {
    entries.delete(key);
    bytes -= costOf(key, vector);
  };
  return {
    get(key) {
      const vector = entries.get(key);
      if (!vector) return undefined;
      entries.delete(key);
      entries.set(key, vector);
      return vector;
    },
    set(key, vector) {
      const old = entries.get(key);
      if (old) forget(key, old);
      entries.set(key, vector);
      bytes += costOf(key, vector);
      for (const [oldest, value] of entries) {
        if (bytes <= bytesMax) break;
        forget(oldest, value);
      }
    },
    bytes: () => bytes,
  };
}

const costOf = (key: string, vector: Float32Array): number =>
  2 * key.length + vector.byteLength + ENTRY_BYTES;
