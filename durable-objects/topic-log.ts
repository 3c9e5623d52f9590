import { type EventItem, eventLine } from "#domain/topics/event.ts";
import { linesAfter } from "#domain/topics/lines.ts";
import { RecentIds } from "#domain/topics/recent.ts";
import type { Chunk } from "#domain/topics/segment.ts";
import { joined } from "#domain/shared/bytes.ts";
import { isMigrated, migrate } from "#objects/migrate.ts";
import {
  type ChunkHead,
  type Found,
  type Meta,
  type Segment,
  TOPIC_STEPS,
} from "#objects/topic-tables.ts";

const META = "meta";
const RECENT = "recent";
const utf8 = new TextEncoder();

/** The events of one partition: rows, and the segments that older ones were sealed into. All of it is synchronous. */
export class TopicLog {
  readonly #storage: DurableObjectStorage;
  readonly #partition: number;
  #meta: Meta;
  #latest = 0;
  #atMs = 0;
  #recent: RecentIds | null = null;
  #segments: Segment[] = [];
  /** Of the rows. */
  rowBytes = 0;
  rows = 0;

  constructor(storage: DurableObjectStorage, partition: number) {
    this.#storage = storage;
    this.#partition = partition;
    this.#meta = {
      count: partition === 0 ? 1 : 0,
      parent: null,
      earliest: 1,
      released: 1,
      options: null,
      top: 0,
      splits: {},
    };
    if (this.isMade) this.#load();
  }

  /** Whether anything was ever written here: what only looks makes nothing. */
  get isMade(): boolean {
    return isMigrated(this.#storage);
  }

  get meta(): Readonly<Meta> {
    return this.#meta;
  }
  get latest(): number {
    return this.#latest;
  }
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  change(meta: Partial<Meta>): void {
    this.make();
    this.#meta = { ...this.#meta, ...meta };
    this.#storage.kv.put(META, this.#meta);
  }

  make(): void {
    if (!this.isMade) migrate(this.#storage, TOPIC_STEPS);
  }

  /** Appends what is not here yet as one row, and answers where each event is, in their order (see RecentIds of those below zero). */
  append(items: readonly EventItem[], nowMs: number): number[] {
    this.make();
    const recent = (this.#recent ??= this.#remembered());
    const first = this.#latest + 1;
    let next = first;
    let text = "";
    const ids: string[] = [];
    const placed = items.map(({ id, head }) => {
      const known = recent.offsetOf(id);
      if (known !== undefined) return known;
      const offset = next++;
      text += eventLine(head, this.#partition, offset);
      ids.push(id);
      recent.add(id, offset);
      return offset;
    });
    if (ids.length === 0) return placed;
    const events = utf8.encode(text);
    this.#atMs = Math.max(this.#atMs, nowMs);
    this.#storage.sql.exec(
      "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?)",
      first,
      ids.length,
      this.#atMs,
      events.length,
      ids.join("\n"),
      events,
    );
    this.#latest = next - 1;
    this.rowBytes += events.length;
    this.rows++;
    return placed;
  }

  /** After a write that failed: what memory says of it was never stored. */
  forget(): void {
    this.#recent = null;
    this.#load();
  }

  /** The first events after an offset that is not gone. */
  read(after: number, asked: { limit: number; bytesMax: number }): Found {
    const { earliest, count } = this.#meta;
    const found: Found = {
      earliest,
      latest: this.#latest,
      count,
      lines: null,
      events: 0,
      next: after,
      segment: null,
    };
    if (after >= this.#latest || after + 1 < earliest) return found;
    const segment = this.#segments.find(({ last }) => last > after);
    if (segment !== undefined)
      return { ...found, segment: { key: segment.key, last: segment.last } };
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for (const row of this.#rowsFrom(after + 1)) {
      const limit = asked.limit - found.events;
      const bytesMax = asked.bytesMax - bytes;
      if (limit <= 0 || (bytes > 0 && bytesMax < row.events.byteLength)) break;
      const whole = new Uint8Array(row.events);
      const isAll = row.first > found.next && row.count <= limit && whole.length <= bytesMax;
      const piece = isAll
        ? { bytes: whole, count: row.count, last: row.first + row.count - 1 }
        : linesAfter(whole, found.next, { limit, bytesMax });
      if (piece === null) break;
      pieces.push(piece.bytes);
      bytes += piece.bytes.length;
      found.events += piece.count;
      found.next = piece.last;
    }
    return { ...found, lines: pieces.length === 0 ? null : joined(pieces) };
  }

  /** Rows that lie one after the other, from the oldest on, up to so many bytes and rows; one at least where there is any. */
  oldest(bytesMax: number, rowsMax: number, last = Infinity): Chunk[] {
    const chunks: Chunk[] = [];
    let bytes = 0;
    for (const row of this.#rowsFrom(0)) {
      const events = new Uint8Array(row.events);
      bytes += events.length;
      if (row.first > last || chunks.length >= rowsMax) break;
      if (chunks.length > 0 && bytes > bytesMax && last === Infinity) break;
      chunks.push({ first: row.first, count: row.count, atMs: row.at_ms, bytes: events });
    }
    return chunks;
  }

  heads(): ChunkHead[] {
    if (!this.isMade) return [];
    return this.#storage.sql
      .exec<ChunkHead>("SELECT first, count, at_ms AS atMs, bytes FROM chunk ORDER BY first")
      .toArray();
  }

  /** When the oldest event was appended; null where there is none. */
  oldestMs(): number | null {
    const [sealed] = this.#segments;
    if (sealed !== undefined || !this.isMade) return sealed?.firstMs ?? null;
    const sql = "SELECT at_ms FROM chunk ORDER BY first LIMIT 1";
    return this.#storage.sql.exec<{ at_ms: number }>(sql).toArray()[0]?.at_ms ?? null;
  }

  /** Puts a segment in the place of the rows it was made of. */
  sealed(segment: Segment): void {
    this.#storage.transactionSync(() => {
      // Remembered apart from here on; those of rows that stay are read from them.
      const recent = (this.#recent ??= this.#remembered());
      this.#storage.kv.put(RECENT, recent.entries());
      this.#storage.sql.exec("DELETE FROM chunk WHERE first <= ?", segment.last);
      this.#insert(segment);
    });
    this.#count();
  }

  #insert({ first, last, firstMs, lastMs, bytes, key }: Segment): void {
    this.#storage.sql.exec(
      "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)",
      first,
      last,
      firstMs,
      lastMs,
      bytes,
      key,
    );
  }

  /** Puts a segment in the place of others; null: nothing. */
  compacted(gone: readonly Segment[], segment: Segment | null): void {
    const { sql } = this.#storage;
    for (const { first } of gone) sql.exec("DELETE FROM segment WHERE first = ?", first);
    if (segment !== null) this.#insert(segment);
    this.change({ top: this.#latest });
    this.#count();
  }

  /** Removes everything that lies wholly below an offset, and answers the names of the segments that are to go. */
  trim(earliest: number): string[] {
    const gone = this.#segments.filter(({ last }) => last < earliest).map(({ key }) => key);
    this.#storage.sql.exec("DELETE FROM chunk WHERE first + count <= ?", earliest);
    this.#storage.sql.exec("DELETE FROM segment WHERE last < ?", earliest);
    this.change({ earliest });
    this.#count();
    return gone;
  }

  recentIds(): [string, number][] {
    return (this.#recent ??= this.#remembered()).entries();
  }

  /** Remembers what the partition that this one goes on from has remembered. */
  inherit(ids: readonly [string, number][]): void {
    this.make();
    const own = ids.flatMap(([id, offset]): [string, number][] =>
      offset > 0 ? [[id, -offset]] : [],
    );
    this.#storage.kv.put(RECENT, own);
    this.#recent = null;
  }

  *#rowsFrom(first: number) {
    if (!this.isMade) return;
    yield* this.#storage.sql.exec<{
      first: number;
      count: number;
      at_ms: number;
      events: ArrayBuffer;
    }>(
      `SELECT first, count, at_ms, events FROM chunk
       WHERE first >= coalesce((SELECT max(first) FROM chunk WHERE first <= ?), 0) ORDER BY first`,
      first,
    );
  }

  #remembered(): RecentIds {
    const recent = new RecentIds();
    for (const [id, offset] of this.#storage.kv.get<[string, number][]>(RECENT) ?? [])
      recent.add(id, offset);
    if (!this.isMade) return recent;
    const rows = this.#storage.sql.exec<{ first: number; ids: string }>(
      "SELECT first, ids FROM chunk ORDER BY first",
    );
    for (const { first, ids } of rows)
      for (const [i, id] of ids.split("\n").entries()) recent.add(id, first + i);
    return recent;
  }

  #load(): void {
    this.#meta = { ...this.#meta, ...this.#storage.kv.get<Meta>(META) };
    this.#count();
    const { sql } = this.#storage;
    const newest = sql
      .exec<{ last: number; at_ms: number }>(
        "SELECT first + count - 1 AS last, at_ms FROM chunk ORDER BY first DESC LIMIT 1",
      )
      .toArray()[0];
    const sealed = this.#segments.at(-1);
    const { earliest, top } = this.#meta;
    this.#latest = Math.max(newest?.last ?? 0, sealed?.last ?? 0, earliest - 1, top);
    this.#atMs = Math.max(newest?.at_ms ?? 0, sealed?.lastMs ?? 0);
  }

  #count(): void {
    const { sql } = this.#storage;
    this.#segments = sql
      .exec<Segment>(
        "SELECT first, last, first_ms AS firstMs, last_ms AS lastMs, bytes, key FROM segment ORDER BY first",
      )
      .toArray();
    const { bytes, rows } = sql
      .exec<{ bytes: number; rows: number }>(
        "SELECT coalesce(sum(bytes), 0) AS bytes, count(*) AS rows FROM chunk",
      )
      .one();
    this.rowBytes = bytes;
    this.rows = rows;
  }
}
