import type { EngineDisk, EngineState } from "#domain/search/engine/disk.ts";

/** An engine's disk in memory, for tests and benchmarks: a copy of all that was written, as a real one holds. */
export function memoryDisk(): EngineDisk & { bytes(): number; rows(): number } {
  const pages = new Map<string, Uint8Array>();
  let state: EngineState | null = null;
  return {
    read: (kind, owner, page) => pages.get(`${kind}/${owner}/${page}`)?.slice() ?? null,
    *readMany(kind, owner, wanted) {
      for (const page of wanted) {
        const data = pages.get(`${kind}/${owner}/${page}`);
        if (data !== undefined) yield [page, data.slice()];
      }
    },
    write: (kind, owner, page, data) => void pages.set(`${kind}/${owner}/${page}`, data.slice()),
    drop(kind, owner) {
      for (const key of pages.keys()) if (key.startsWith(`${kind}/${owner}/`)) pages.delete(key);
    },
    state: () => structuredClone(state),
    saveState: (next) => void (state = structuredClone(next)),
    atomically: (work) => work(),
    bytes: () => [...pages.values()].reduce((sum, page) => sum + page.length, 0),
    rows: () => pages.size,
  };
}
