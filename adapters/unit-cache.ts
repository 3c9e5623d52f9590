import { waitUntil } from "cloudflare:workers";
import { kept } from "#domain/shared/kept.ts";
import type { UnitAttributes } from "#domain/policies/attributes.ts";
import { unitAttributes } from "#domain/units/attributes.ts";
import { unitShardOf } from "#domain/units/id.ts";
import { isVisible, type StoredUnit, unitViewOf } from "#domain/units/record.ts";
import { readsTogether } from "#adapters/unit-reads.ts";
import type { Changes } from "#db/units/changes.ts";

/** What an isolate keeps of a D1 shard was true at most this long ago. */
const LIFE_MS = 5_000;
/** From here on the shard's changes are read beside a request, so that no request of a busy isolate waits for them. */
const CHECK_AFTER_MS = 2_000;
/** A check belongs to the request that began it; where that one was cut off, another begins after this. */
const CHECK_SILENT_MS = 1_000;
const BYTES_MAX = 24_000_000;
const ENTRY_BYTES = 700;

/** A unit as its reader gets it: the JSON text in UTF-8, which nobody changes, the version that is its ETag, and what a policy may ask of it. */
export type UnitText = { version: number; body: Uint8Array; attributes: UnitAttributes };
/** Who may read what of a unit is decided by whether the reader owns it, and by nothing else (domain/units/record.ts). */
type Entry = { accountId: string; own: UnitText; others: UnitText | null; bytes: number };
type Shard = {
  /** The last change seen; null until the shard was asked. */
  seq: number | null;
  /** When the last check that came back had been sent. */
  checkedAtMs: number;
  checkingSinceMs: number;
  /** Grows with everything dropped: what was read before may be what has changed. */
  drops: number;
  /** What a copy of the shard must have to be read: the last check. Null for the shard itself. */
  bookmark: string | null;
  /** Changes made in this isolate. A check that was under way may not have seen the last of them. */
  writes: number;
};

type Store = {
  /** The newest version and the served one of units of one shard, newest first. */
  current(ids: readonly string[], bookmark: string | null): Promise<Map<string, StoredUnit[]>>;
  changesAfter(shard: number, after: number | null): Promise<Changes>;
};

/**
 * The units an isolate has read lately, as texts. A hit costs no storage: each D1 shard numbers the changes of settled
 * units, the isolate reads what is new of them every 2 s beside its requests, and serves nothing whose shard it has not
 * checked for 5 s. Units on their way through verification are never kept. Where D1 has copies, what is not kept is read
 * from the nearest one that has all the last check saw, so that a copy that is behind makes nothing older than that.
 */
export function unitCache(store: Store, nowMs: () => number = Date.now) {
  const entries = kept<Entry>(BYTES_MAX);
  const together = readsTogether();
  const shards = checkedShards(store, nowMs, (number, ids) => {
    for (const id of ids ?? [...entries.names()].filter((name) => unitShardOf(name) === number))
      entries.drop(id);
  });

  async function load(id: string, shard: Shard, accountId: string): Promise<UnitText | null> {
    const { drops, seq } = shard;
    const number = unitShardOf(id) ?? 0;
    const read = async (ids: string[]) => await store.current(ids, shard.bookmark);
    const [newest, served = newest] = await together(number, id, read);
    if (newest === undefined || served === undefined) return null;
    const entry = entryOf(newest, served);
    if (seq !== null && drops === shard.drops && isSettled(newest)) entries.set(id, entry);
    return textFor(entry, accountId);
  }

  return {
    /** What the account may see of a unit: its owner the newest version, everybody else the one a search serves. */
    async text(id: string, accountId: string): Promise<UnitText | null> {
      const number = unitShardOf(id);
      if (number === null) return null;
      const shard = shards.at(number);
      if (entries.has(id) && nowMs() - shard.checkedAtMs >= LIFE_MS) await shards.check(number);
      else shards.checkBeside(number);
      const entry = entries.get(id);
      return entry === undefined ? await load(id, shard, accountId) : textFor(entry, accountId);
    },

    /** Called by whoever changes a unit in this isolate, once the change is made or may have been. */
    changed(id: string): void {
      const number = unitShardOf(id);
      if (number === null) return;
      const shard = shards.at(number);
      shard.drops++;
      shard.writes++;
      shard.bookmark = null;
      entries.drop(id);
    },
  };
}

/** How far the changes of each shard were read; `drop` is told what changed, null standing for all of a shard. */
function checkedShards(
  store: Store,
  nowMs: () => number,
  drop: (number: number, ids: readonly string[] | null) => void,
) {
  const shards = new Map<number, Shard>();

  const at = (number: number): Shard => {
    let shard = shards.get(number);
    if (shard === undefined) {
      shard = {
        seq: null,
        checkedAtMs: -LIFE_MS,
        checkingSinceMs: -CHECK_SILENT_MS,
        drops: 0,
        bookmark: null,
        writes: 0,
      };
      shards.set(number, shard);
    }
    return shard;
  };

  async function check(number: number): Promise<void> {
    const shard = at(number);
    const sentAtMs = nowMs();
    shard.checkingSinceMs = sentAtMs;
    const { writes } = shard;
    const { seq, ids, bookmark } = await store.changesAfter(number, shard.seq);
    // Another check may have come back first and have seen more.
    if (shard.seq !== null && seq < shard.seq && ids !== null) return;
    drop(number, ids);
    if (ids === null || ids.length > 0) shard.drops++;
    shard.seq = seq;
    shard.bookmark = writes === shard.writes ? bookmark : null;
    shard.checkedAtMs = Math.max(shard.checkedAtMs, sentAtMs);
    shard.checkingSinceMs = -CHECK_SILENT_MS;
  }

  return {
    at,
    check,
    /** Reads the shard's changes beside the request if it is time to. */
    checkBeside(number: number): void {
      const shard = at(number);
      const now = nowMs();
      if (now - shard.checkedAtMs < CHECK_AFTER_MS && shard.seq !== null) return;
      if (now - shard.checkingSinceMs < CHECK_SILENT_MS) return;
      shard.checkingSinceMs = now;
      // A failed check leaves what is kept to run out; the request that then has to ask says what is wrong.
      waitUntil(check(number).catch(() => {}));
    },
  };
}

const textFor = (entry: Entry, accountId: string): UnitText | null =>
  entry.accountId === accountId ? entry.own : entry.others;

const SETTLED: readonly string[] = ["searchable", "rejected", "retracted"];
const isSettled = ({ head, version }: StoredUnit) =>
  SETTLED.includes(head.status) && SETTLED.includes(version.status);

/** No account has this id, so the view made for it is the one that everybody but the owner gets. */
const NOBODY = "";

function entryOf(newest: StoredUnit, served: StoredUnit): Entry {
  const { accountId, servedVersion } = newest.head;
  const own = viewText(newest, accountId);
  const shown = served.version.version === servedVersion && isVisible(served, NOBODY);
  const foreign = shown ? viewText(served, NOBODY) : null;
  const ownText = textOf(newest, own, accountId);
  const others = foreign === null ? null : textOf(served, foreign, NOBODY);
  // The same text lies here once.
  if (others !== null && foreign === own) others.body = ownText.body;
  const bytes =
    ownText.body.byteLength + (others?.body === ownText.body ? 0 : (others?.body.byteLength ?? 0));
  return { accountId, own: ownText, others, bytes: ENTRY_BYTES + bytes };
}

const viewText = (stored: StoredUnit, accountId: string): string =>
  JSON.stringify(unitViewOf(stored, accountId));

const utf8 = new TextEncoder();
/** As bytes, because a text is encoded again for each response that is made of it. */
const textOf = (stored: StoredUnit, view: string, accountId: string): UnitText => ({
  version: stored.version.version,
  body: utf8.encode(view),
  attributes: unitAttributes(stored, accountId),
});
