const VERSION = "schemaVersion";

/** Whether anything was ever brought to an object's SQLite. */
export const isMigrated = (storage: DurableObjectStorage): boolean =>
  storage.kv.get<number>(VERSION) !== undefined;

/**
 * Brings an object's SQLite to the newest of `steps`, each once and in a transaction of its own. The list is append-only:
 * a step that has run anywhere is never edited.
 */
export function migrate(storage: DurableObjectStorage, steps: readonly string[]): void {
  const done = storage.kv.get<number>(VERSION) ?? 0;
  if (done > steps.length)
    throw new Error(`the object's state is of a newer release (${done} > ${steps.length})`);
  for (const [index, step] of steps.entries()) {
    if (index < done) continue;
    storage.transactionSync(() => {
      storage.sql.exec(step);
      storage.kv.put(VERSION, index + 1);
    });
  }
}
