import { type EngineDisk, type EngineState, pageId, pageOf } from "#domain/search/engine/disk.ts";
import type { ContentClaim, ClaimOutcome, IndexedUnit } from "#domain/search/model.ts";
import type { UnitRecord } from "#domain/search/leaves/versions.ts";
import type { Level } from "#domain/verification/model.ts";
import { leavingRows } from "#objects/search-leaving.ts";

/** The tables of a search shard; docs/storage.md says what each is for. */
export const STEPS = [
  `CREATE TABLE record (unit_id TEXT NOT NULL, content_key TEXT NOT NULL, version INTEGER NOT NULL, level INTEGER NOT NULL,
     slot INTEGER, passages INTEGER NOT NULL, removed_through INTEGER NOT NULL, removed_at_ms INTEGER,
     PRIMARY KEY (unit_id, content_key)) STRICT, WITHOUT ROWID;
   CREATE TABLE claim (content_key TEXT PRIMARY KEY, unit_id TEXT NOT NULL, version INTEGER NOT NULL, fulfilled INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE shown (slot INTEGER PRIMARY KEY, content TEXT NOT NULL, vectors BLOB NOT NULL) STRICT;
   CREATE TABLE page (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
   CREATE TABLE changed (key TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE record ADD COLUMN leaf TEXT;
   ALTER TABLE claim ADD COLUMN leaf TEXT;
   CREATE INDEX changed_by_sequence ON changed (sequence);`,
  // Of a public leaf whose dense vectors go to Vectorize (search-bulk.ts): `place` is the index of each passage, set
  // before the first of them is handed over; `waiting` are the numbers that their writers gave.
  `CREATE TABLE bulk (life INTEGER PRIMARY KEY AUTOINCREMENT, unit_id TEXT NOT NULL, version INTEGER NOT NULL,
     passages INTEGER NOT NULL, state INTEGER NOT NULL, place TEXT, waiting TEXT, codebook INTEGER NOT NULL) STRICT;
   CREATE INDEX bulk_unit ON bulk (unit_id);
   CREATE INDEX bulk_open ON bulk (state, life) WHERE state <> 2`,
  // What changed since replicas follow, one entry a record (search-follow.ts).
  `CREATE TABLE followed (key TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE INDEX followed_by_sequence ON followed (sequence);`,
];

/** Who has a content. `fulfilled` once it was indexed; then `leaf` says where, null in the directory's own leaf. */
export type Holder = { unitId: string; version: number; fulfilled: boolean; leaf: string | null };

/** What a hit shows of a unit and what indexing it again needs, vectors apart. */
export type Shown = {
  unitId: string;
  version: number;
  contentKey: string;
  title: string;
  kind: string;
  language: string;
  tags: string[];
  level: Level;
  texts: string[];
};

export type RecordRow = {
  unit_id: string;
  content_key: string;
  version: number;
  level: number;
  slot: number | null;
  passages: number;
  removed_through: number;
  leaf: string | null;
};

export const recordOf = (row: RecordRow): UnitRecord => ({
  unitId: row.unit_id,
  contentKey: row.content_key,
  version: row.version,
  level: row.level,
  slot: row.slot,
  passages: row.passages,
  removedThrough: row.removed_through,
  leaf: row.leaf,
});

/** What is left of a leaf that begins again: nothing, or (where no unit is left) all tombstones. */
type Keeps = "nothing" | "records";

export type SearchStore = ReturnType<typeof searchStore>;

/** The queries of a search shard over its object's SQLite. */
// oxlint-disable-next-line max-lines-per-function -- one short method a query
export function searchStore(storage: DurableObjectStorage) {
  const { sql, kv } = storage;

  const disk: EngineDisk = {
    read(kind, owner, page) {
      const row = sql
        .exec<{ data: ArrayBuffer }>(
          "SELECT data FROM page WHERE id = ?",
          pageId(kind, owner, page),
        )
        .toArray()[0];
      return row === undefined ? null : new Uint8Array(row.data);
    },
    *readMany(kind, owner, pages) {
      const ids = JSON.stringify(pages.map((page) => pageId(kind, owner, page)));
      const read = "SELECT id, data FROM page WHERE id IN (SELECT value FROM json_each(?))";
      for (const { id, data } of sql.exec<{ id: number; data: ArrayBuffer }>(read, ids))
        yield [pageOf(id), new Uint8Array(data)];
    },
    write: (kind, owner, page, data) =>
      void sql.exec("INSERT OR REPLACE INTO page VALUES (?, ?)", pageId(kind, owner, page), data),
    drop: (kind, owner) =>
      void sql.exec(
        "DELETE FROM page WHERE id >= ? AND id < ?",
        pageId(kind, owner, 0),
        pageId(kind, owner + 1, 0),
      ),
    state: () => kv.get<EngineState>("engine") ?? null,
    saveState: (state) => kv.put("engine", state),
    atomically: (work) => storage.transactionSync(work),
  };

  const leaving = leavingRows(storage);

  return {
    disk,
    ...leaving,
    records: (unitId: string): UnitRecord[] =>
      sql.exec<RecordRow>("SELECT * FROM record WHERE unit_id = ?", unitId).toArray().map(recordOf),
    recordAt: (unitId: string, contentKey: string): UnitRecord | undefined =>
      sql
        .exec<RecordRow>(
          "SELECT * FROM record WHERE unit_id = ? AND content_key = ?",
          unitId,
          contentKey,
        )
        .toArray()
        .map(recordOf)[0],
    /** Records in key order after a key: how a split walks over a shard. */
    recordsAfter: (unitId: string, contentKey: string, limit: number): UnitRecord[] =>
      sql
        .exec<RecordRow>(
          "SELECT * FROM record WHERE (unit_id, content_key) > (?, ?) ORDER BY unit_id, content_key LIMIT ?",
          unitId,
          contentKey,
          limit,
        )
        .toArray()
        .map(recordOf),
    saveRecord(record: UnitRecord, nowMs: number): void {
      sql.exec(
        "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        record.unitId,
        record.contentKey,
        record.version,
        record.level,
        record.slot,
        record.passages,
        record.removedThrough,
        record.slot === null && record.removedThrough > 0 ? nowMs : null,
        record.leaf ?? null,
      );
    },
    dropRecord: ({ unitId, contentKey }: UnitRecord): void =>
      void sql.exec("DELETE FROM record WHERE unit_id = ? AND content_key = ?", unitId, contentKey),

    /** Takes a content for a unit, or names the unit that has it. One statement decides a race. */
    claim(
      { contentKey, unitId, version }: ContentClaim,
      fulfilled: boolean,
      leaf: string | null = null,
    ): ClaimOutcome {
      const row = [contentKey, unitId, version, fulfilled ? 1 : 0, leaf];
      const taken = sql.exec(
        `INSERT INTO claim (content_key, unit_id, version, fulfilled, leaf) VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT (content_key) DO UPDATE
           SET version = max(version, ?3), fulfilled = max(fulfilled, ?4), leaf = coalesce(leaf, ?5)
           WHERE unit_id = ?2 AND (version < ?3 OR fulfilled < ?4 OR (leaf IS NULL AND ?5 IS NOT NULL))
           RETURNING unit_id`,
        ...row,
      );
      if (taken.toArray().length > 0) return { claimed: true };
      const holder = sql
        .exec<{ unit_id: string }>("SELECT unit_id FROM claim WHERE content_key = ?", contentKey)
        .one().unit_id;
      return holder === unitId ? { claimed: true } : { claimed: false, duplicateOf: holder };
    },
    holderOf: (contentKey: string): Holder | undefined =>
      sql
        .exec<{ unit_id: string; version: number; fulfilled: number; leaf: string | null }>(
          "SELECT * FROM claim WHERE content_key = ?",
          contentKey,
        )
        .toArray()
        .map((row) => ({
          unitId: row.unit_id,
          version: row.version,
          fulfilled: row.fulfilled === 1,
          leaf: row.leaf,
        }))[0],
    claimsAfter: (contentKey: string, limit: number): string[] =>
      sql
        .exec<{ content_key: string }>(
          "SELECT content_key FROM claim WHERE content_key > ? ORDER BY content_key LIMIT ?",
          contentKey,
          limit,
        )
        .toArray()
        .map((row) => row.content_key),
    /** Notes that what was in a leaf is in another one now; whoever noted something else since is right. */
    relocate(claim: Pick<ContentClaim, "contentKey" | "unitId">, from: string | null, to: string) {
      for (const table of ["claim", "record"])
        sql.exec(
          `UPDATE ${table} SET leaf = ? WHERE content_key = ? AND unit_id = ? AND leaf IS ?`,
          to,
          claim.contentKey,
          claim.unitId,
          from,
        );
    },
    /** Frees a content that the unit holds up to a version; with `unfulfilledOnly` only while nothing was indexed for it. */
    unclaim({ contentKey, unitId, version }: ContentClaim, unfulfilledOnly: boolean): void {
      sql.exec(
        "DELETE FROM claim WHERE content_key = ? AND unit_id = ? AND version <= ? AND fulfilled <= ?",
        contentKey,
        unitId,
        version,
        unfulfilledOnly ? 0 : 1,
      );
    },

    show(slot: number, shown: Shown, vectors: Uint8Array): void {
      sql.exec("INSERT INTO shown VALUES (?, ?, ?)", slot, JSON.stringify(shown), vectors);
    },
    unshow: (slot: number): void => void sql.exec("DELETE FROM shown WHERE slot = ?", slot),
    /** Units from a slot on, with their vectors: what a restart replays and a split copies. */
    *shownFrom(slot: number): Generator<{ slot: number; shown: Shown; vectors: Uint8Array }> {
      for (const row of sql.exec<{ slot: number; content: string; vectors: ArrayBuffer }>(
        "SELECT * FROM shown WHERE slot >= ? ORDER BY slot",
        slot,
      )) {
        yield {
          slot: row.slot,
          shown: JSON.parse(row.content) as Shown,
          vectors: new Uint8Array(row.vectors),
        };
      }
    },
    shownWithVectors(slot: number): { shown: Shown; vectors: Uint8Array } | null {
      const row = sql
        .exec<{ content: string; vectors: ArrayBuffer }>(
          "SELECT content, vectors FROM shown WHERE slot = ?",
          slot,
        )
        .toArray()[0];
      return row === undefined
        ? null
        : { shown: JSON.parse(row.content) as Shown, vectors: new Uint8Array(row.vectors) };
    },

    /** The vectors of some units, spread evenly over all of them. */
    sampledVectors(count: number): { vectors: Uint8Array }[] {
      const { low, high } = sql
        .exec<{ low: number | null; high: number | null }>(
          "SELECT min(slot) AS low, max(slot) AS high FROM shown",
        )
        .one();
      const sampled = new Map<number, { vectors: Uint8Array }>();
      for (let i = 0; low !== null && high !== null && i < count; i++) {
        const from = low + Math.floor(((high - low + 1) * i) / count);
        const row = sql
          .exec<{ slot: number; vectors: ArrayBuffer }>(
            "SELECT slot, vectors FROM shown WHERE slot >= ? ORDER BY slot LIMIT 1",
            from,
          )
          .toArray()[0];
        if (row !== undefined) sampled.set(row.slot, { vectors: new Uint8Array(row.vectors) });
      }
      return [...sampled.values()];
    },

    noteChanged(key: string, sequence: number): void {
      sql.exec("INSERT OR REPLACE INTO changed VALUES (?, ?)", key, sequence);
    },
    /** The log of what changed, oldest first: each key once, where it changed last. */
    changesAfter: (sequence: number, limit: number): { key: string; sequence: number }[] =>
      sql
        .exec<{ key: string; sequence: number }>(
          "SELECT * FROM changed WHERE sequence > ? ORDER BY sequence LIMIT ?",
          sequence,
          limit,
        )
        .toArray(),
    newestChange: (): number =>
      sql.exec<{ newest: number | null }>("SELECT max(sequence) AS newest FROM changed").one()
        .newest ?? 0,
    forgetChanges: (through: number): void =>
      void sql.exec("DELETE FROM changed WHERE sequence <= ?", through),

    /** A note of a later version than was removed is a directory's, of one that can be found. */
    forgetRemovals: (beforeMs: number): void =>
      void sql.exec(
        "DELETE FROM record WHERE slot IS NULL AND removed_at_ms < ? AND version <= removed_through",
        beforeMs,
      ),
    /** Every unit, but not the claims. */
    emptyLeaf(keeps: Keeps): void {
      if (keeps === "nothing") sql.exec("DELETE FROM record");
      for (const table of ["shown", "page"]) sql.exec(`DELETE FROM ${table}`);
      kv.delete("engine");
    },
    /** Every claim; and the tombstones, unless a leaf in the same object still needs them. */
    emptyDirectory(hasLeaf: boolean): void {
      sql.exec("DELETE FROM claim");
      if (hasLeaf) return;
      // What is still to go of a leaf that has moved would be taken for units whose content is not claimed.
      sql.exec(`DELETE FROM record ${leaving.isLeaving() ? "" : "WHERE slot IS NULL"}`);
    },
    claimCount: (): number =>
      sql.exec<{ claims: number }>("SELECT count(*) AS claims FROM claim").one().claims,
  };
}

/** Vectors of one unit's passages as they are kept beside it: values, then scales. */
export function packVectors(vectors: readonly { values: Int8Array; scale: number }[]): Uint8Array {
  const stride = vectors[0]?.values.length ?? 0;
  const data = new Uint8Array(vectors.length * (stride + 4));
  const scales = new DataView(data.buffer, vectors.length * stride);
  for (const [i, { values, scale }] of vectors.entries()) {
    data.set(new Uint8Array(values.buffer, values.byteOffset, stride), i * stride);
    scales.setFloat32(i * 4, scale, true);
  }
  return data;
}

export function unpackVectors(
  data: Uint8Array,
  count: number,
): { values: Int8Array; scale: number }[] {
  const own = data.slice();
  const stride = count === 0 ? 0 : own.length / count - 4;
  const scales = new DataView(own.buffer, count * stride);
  return Array.from({ length: count }, (_, i) => ({
    values: new Int8Array(own.buffer, i * stride, stride),
    scale: scales.getFloat32(i * 4, true),
  }));
}

export const shownOf = ({ passages, ...unit }: IndexedUnit): Shown => ({
  ...unit,
  texts: passages.map(({ text }) => text),
});
