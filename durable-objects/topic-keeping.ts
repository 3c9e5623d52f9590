import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { LIMITS } from "#domain/shared/limits.ts";
import { Newest } from "#domain/topics/compaction.ts";
import { earliestKept } from "#domain/topics/retention.ts";
import { sealedSegments } from "#domain/topics/sealed.ts";
import { type Chunk, segmentKey, segmentOf, segmentPrefix } from "#domain/topics/segment.ts";
import { isHeld, optionsOf, type PartitionName, type TopicOptions } from "#domain/topics/topics.ts";
import type { TopicLog } from "#objects/topic-log.ts";
import type { Segment } from "#objects/topic-tables.ts";

/** What a segment is made of, and what stays as rows for readers who are close behind. */
const SEGMENT_BYTES = 4_194_304;
const SEGMENT_ROWS = 4_096;
const ROWS_STAY_BYTES = 2_097_152;
const ROWS_STAY = 1_024;
const DAY_MS = 86_400_000;
/** What is too old goes within so long. */
const LOOK_EVERY_MS = 3_600_000;
const KEYS_PER_DELETE = 1_000;

/** Old segments that are compacted into one at a time, the one of the last time among them: what is held in memory. */
const COMPACTED_BYTES = 8_388_608;
const COMPACTED_SEGMENTS = 8;
const COMPACT = ".compact";

const SEALING = "sealing";
const GARBAGE = "garbage";

/** What becomes of a partition's events with time: sealed into segments, and removed. */
export class TopicKeeping {
  readonly #storage: DurableObjectStorage;
  readonly #bucket: R2Bucket;
  readonly #log: TopicLog;
  readonly #name: PartitionName;
  readonly #sealed: ReturnType<typeof sealedSegments>;

  constructor(ctx: DurableObjectState, env: Env, log: TopicLog, name: PartitionName) {
    this.#storage = ctx.storage;
    this.#bucket = env.BLOBS;
    this.#log = log;
    this.#name = name;
    const bytes = async (object: R2ObjectBody | null) =>
      object === null ? null : new Uint8Array(await object.arrayBuffer());
    this.#sealed = sealedSegments(
      {
        range: async (key, offset, length) =>
          await bytes(await this.#bucket.get(key, { range: { offset, length } })),
        end: async (key, suffix) => await bytes(await this.#bucket.get(key, { range: { suffix } })),
      },
      zstdDecompressSync,
    );
  }

  get isSealDue(): boolean {
    const { rowBytes, rows } = this.#log;
    return rowBytes >= SEGMENT_BYTES + ROWS_STAY_BYTES || rows >= SEGMENT_ROWS + ROWS_STAY;
  }

  get #options(): TopicOptions {
    return this.#log.meta.options ?? optionsOf(this.#name.topic);
  }

  /** When something is to be done here again; Infinity: nothing is. */
  dueAtMs(nowMs: number): number {
    if (this.#storage.kv.get(SEALING) !== undefined || this.isSealDue) return nowMs;
    if (this.#storage.kv.get(GARBAGE) !== undefined) return nowMs + 60_000;
    const firstMs = this.#options.compact ? this.#uncompactedMs() : this.#log.oldestMs();
    if (firstMs === null) return Infinity;
    const expiresMs = firstMs + this.#options.retentionDays * DAY_MS;
    // Together with what came within the same while, and not again and again where it is held.
    const roundedMs = Math.ceil(expiresMs / LOOK_EVERY_MS) * LOOK_EVERY_MS;
    return roundedMs > nowMs ? roundedMs : nowMs + LOOK_EVERY_MS;
  }

  /** Seals the oldest rows. What was cut off is begun again with the same ones, under the same name. */
  async seal(): Promise<void> {
    const { kv } = this.#storage;
    const cut = kv.get<number>(SEALING);
    if (cut === undefined && !this.isSealDue) return;
    const chunks = this.#log.oldest(SEGMENT_BYTES, SEGMENT_ROWS, cut);
    const first = chunks[0];
    const last = chunks.at(-1);
    if (first === undefined || last === undefined) return void kv.delete(SEALING);
    kv.put(SEALING, last.first);
    const { parts, index, bytes } = await segmentOf(
      chunks,
      (lines) => zstdCompressSync(lines),
      () => scheduler.wait(0),
    );
    const { accountId, topic, partition } = this.#name;
    const key = segmentKey(segmentPrefix(accountId, topic, partition), first.first, index.last);
    await this.#bucket.put(key, await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
    // All of it was removed meanwhile.
    if (kv.get(SEALING) === undefined) return await this.#bucket.delete(key);
    this.#storage.transactionSync(() => {
      this.#log.sealed({
        first: first.first,
        last: index.last,
        firstMs: first.atMs,
        lastMs: last.atMs,
        bytes,
        key,
      });
      kv.delete(SEALING);
    });
  }

  /** Removes what is kept no more. */
  async retain(nowMs: number): Promise<void> {
    if (!this.#log.isMade) return;
    const { retentionDays, compact } = this.#options;
    const cutoffMs = nowMs - retentionDays * DAY_MS;
    if (compact) await this.#compact(cutoffMs);
    const since = compact ? 0 : await this.offsetAt(cutoffMs);
    const { meta, latest, segments } = this.#log;
    const stretches = [
      ...segments,
      ...this.#log.heads().map(({ first, count, bytes }) => ({ last: first + count - 1, bytes })),
    ];
    const earliest = earliestKept(
      { earliest: meta.earliest, latest, stretches },
      {
        since,
        bytesMax: LIMITS.partitionBytesMax,
        heldFrom: isHeld(this.#name.topic) ? meta.released : null,
      },
    );
    if (earliest > meta.earliest)
      this.#storage.transactionSync(() => {
        const garbage = this.#storage.kv.get<string[]>(GARBAGE) ?? [];
        const gone = [...garbage, ...this.#log.trim(earliest)];
        if (gone.length > 0) this.#storage.kv.put(GARBAGE, gone);
      });
    await this.#clear();
  }

  /** The first event that was appended at a time or later; the next one to come where there is none. */
  async offsetAt(timeMs: number): Promise<number> {
    const { meta, latest, segments } = this.#log;
    const segment = segments.find(({ lastMs }) => lastMs >= timeMs);
    const found =
      segment === undefined
        ? (this.#log.heads().find(({ atMs }) => atMs >= timeMs)?.first ?? latest + 1)
        : segment.firstMs >= timeMs
          ? segment.first
          : ((await this.#sealed.since(segment.key, timeMs)) ?? segment.first);
    return Math.max(found, meta.earliest);
  }

  /** Removes all of it from the object store. */
  async removeAll(): Promise<void> {
    const { accountId, topic, partition } = this.#name;
    const prefix = segmentPrefix(accountId, topic, partition);
    for (;;) {
      const { objects } = await this.#bucket.list({ prefix, limit: KEYS_PER_DELETE });
      if (objects.length === 0) return;
      await this.#bucket.delete(objects.map(({ key }) => key));
    }
  }

  /** When the oldest event was appended that was not compacted; null where all were. */
  #uncompactedMs(): number | null {
    const segment = this.#log.segments.find(({ key }) => !key.includes(COMPACT));
    return segment?.firstMs ?? this.#log.heads()[0]?.atMs ?? null;
  }

  /** Leaves of each key's events that are older than the topic keeps them the newest. */
  async #compact(cutoffMs: number): Promise<void> {
    const { kv } = this.#storage;
    const row = this.#log.heads().findLast(({ atMs }) => atMs < cutoffMs);
    if (row !== undefined) {
      kv.put(SEALING, row.first);
      await this.seal();
    }
    const old = this.#log.segments.filter(({ lastMs }) => lastMs < cutoffMs);
    const fresh = old.findIndex(({ key }) => !key.includes(COMPACT));
    if (fresh === -1) return;
    // One that has grown too large stays as it is: what is behind it is compacted without it.
    const withLast = (old[fresh - 1]?.bytes ?? Infinity) + (old[fresh]?.bytes ?? 0);
    let bytes = 0;
    const together = old
      .slice(withLast <= COMPACTED_BYTES ? fresh - 1 : fresh, fresh + COMPACTED_SEGMENTS)
      .filter((one, i) => (bytes += one.bytes) <= COMPACTED_BYTES || i === 0);
    const newest = new Newest();
    for (const { key } of together)
      for await (const { lines } of this.#sealed.blocks(key)) newest.look(lines);
    const chunks: Chunk[] = [];
    for (const { key } of together)
      for await (const { lines, atMs } of this.#sealed.blocks(key))
        chunks.push(...[newest.kept(lines, atMs)].filter((chunk) => chunk !== null));
    await this.#putInPlace(together, chunks);
  }

  async #putInPlace(gone: readonly Segment[], chunks: readonly Chunk[]): Promise<void> {
    const { kv } = this.#storage;
    const garbage = kv.get<string[]>(GARBAGE) ?? [];
    const { accountId, topic, partition } = this.#name;
    const first = chunks[0];
    const last = chunks.at(-1);
    let segment: Segment | null = null;
    if (first !== undefined && last !== undefined) {
      const { parts, index, bytes } = await segmentOf(
        chunks,
        (lines) => zstdCompressSync(lines),
        () => scheduler.wait(0),
      );
      const prefix = segmentPrefix(accountId, topic, partition);
      const key = segmentKey(prefix, first.first, index.last, `${COMPACT}${Date.now()}`);
      // Named as what may go, until it is in its place.
      kv.put(GARBAGE, [...garbage, key]);
      await this.#bucket.put(key, await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
      if (kv.get(GARBAGE) === undefined) return await this.#bucket.delete(key);
      segment = {
        first: first.first,
        last: index.last,
        firstMs: first.atMs,
        lastMs: last.atMs,
        bytes,
        key,
      };
    }
    this.#storage.transactionSync(() => {
      this.#log.compacted(gone, segment);
      kv.put(GARBAGE, [...garbage, ...gone.map(({ key }) => key)]);
    });
  }

  /** Segments that no row names any more. */
  async #clear(): Promise<void> {
    const gone = this.#storage.kv.get<string[]>(GARBAGE) ?? [];
    for (let i = 0; i < gone.length; i += KEYS_PER_DELETE)
      await this.#bucket.delete(gone.slice(i, i + KEYS_PER_DELETE));
    if (gone.length > 0) this.#storage.kv.delete(GARBAGE);
  }
}
