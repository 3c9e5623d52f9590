import { DatabaseSync } from "node:sqlite";
import {
  type EngineDisk,
  type EngineState,
  type PageKind,
  pageId,
  pageOf,
} from "#domain/search/engine/disk.ts";

/** An engine's disk in a SQLite file, as a shard's is: what lies on it is not in memory. */
export function fileDisk(path: string): EngineDisk & { close(): void } {
  const database = new DatabaseSync(path);
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
     CREATE TABLE IF NOT EXISTS page (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
     CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, data TEXT)`,
  );
  const read = database.prepare("SELECT data FROM page WHERE id = ?");
  const readMany = database.prepare(
    "SELECT id, data FROM page WHERE id IN (SELECT value FROM json_each(?))",
  );
  const write = database.prepare("INSERT OR REPLACE INTO page VALUES (?, ?)");
  const drop = database.prepare("DELETE FROM page WHERE id >= ? AND id < ?");
  const load = database.prepare("SELECT data FROM state");
  const save = database.prepare("INSERT OR REPLACE INTO state VALUES (1, ?)");
  let depth = 0;
  return {
    read(kind: PageKind, owner, page) {
      const row = read.get(pageId(kind, owner, page)) as { data: Uint8Array } | undefined;
      return row?.data ?? null;
    },
    *readMany(kind, owner, pages) {
      const ids = pages.map((page) => pageId(kind, owner, page));
      for (const row of readMany.iterate(JSON.stringify(ids))) {
        const { id, data } = row as { id: number; data: Uint8Array };
        yield [pageOf(id), data];
      }
    },
    write: (kind, owner, page, data) => void write.run(pageId(kind, owner, page), data),
    drop: (kind, owner) => void drop.run(pageId(kind, owner, 0), pageId(kind, owner + 1, 0)),
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
