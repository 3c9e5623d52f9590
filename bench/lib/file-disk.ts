import { DatabaseSync } from "node:sqlite";
import type { EngineDisk, EngineState, PageKind } from "#domain/search/engine.ts";

/** An engine's disk in a SQLite file, as a shard's is: what lies on it is not in memory. */
export function fileDisk(path: string): EngineDisk & { close(): void } {
  const database = new DatabaseSync(path);
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
     CREATE TABLE page (kind TEXT, owner INTEGER, page INTEGER, data BLOB, PRIMARY KEY (kind, owner, page)) WITHOUT ROWID;
     CREATE TABLE state (id INTEGER PRIMARY KEY, data TEXT)`,
  );
  const read = database.prepare("SELECT data FROM page WHERE kind = ? AND owner = ? AND page = ?");
  const write = database.prepare("INSERT OR REPLACE INTO page VALUES (?, ?, ?, ?)");
  const drop = database.prepare("DELETE FROM page WHERE kind = ? AND owner = ?");
  const load = database.prepare("SELECT data FROM state");
  const save = database.prepare("INSERT OR REPLACE INTO state VALUES (1, ?)");
  let depth = 0;
  return {
    read(kind: PageKind, owner, page) {
      const row = read.get(kind, owner, page) as { data: Uint8Array } | undefined;
      return row?.data ?? null;
    },
    write: (kind, owner, page, data) => void write.run(kind, owner, page, data),
    drop: (kind, owner) => void drop.run(kind, owner),
    state() {
      const row = load.get() as { data: string } | undefined;
      return row === undefined ? null : (JSON.parse(row.data) as EngineState);
    },
    saveState: (next) => void save.run(JSON.stringify(next)),
    atomically(work) {
      if (depth++ === 0) database.exec("BEGIN");
      work();
      if (--depth === 0) database.exec("COMMIT");
    },
    close: () => database.close(),
  };
}
