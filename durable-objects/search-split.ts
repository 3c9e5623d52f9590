import { holds, leavesUnder, type Place } from "#domain/search/leaves/ranges.ts";
import { childFor, type Moved } from "#domain/search/leaves/tree.ts";
import { paddedTo16 } from "#domain/search/engine/vectors.ts";
import { twoMeans } from "#domain/search/leaves/two-means.ts";
import type { UnitRecord } from "#domain/search/leaves/versions.ts";
import type { SearchContents } from "#objects/search-contents.ts";
import type { CarriedClaim, CarriedUnit } from "#objects/search-records.ts";
import { type SearchStore, unpackVectors } from "#objects/search-store.ts";

/**
 * How far a shard that splits has been copied to its children. First all records, then all claims, then what changed
 * meanwhile until nothing is left; a crash repeats at most the last step, and adopting twice changes nothing.
 * `after` is the last record or claim that was sent, `through` the last change.
 */
export type SplitState = {
  /** Absent in a split that release 0.1 began: it moves units and claims to halves of the hashes. */
  of?: Moved["of"];
  /** The name of the shard that splits; absent as above. */
  name?: string;
  children: Place[];
  phase: "records" | "claims" | "changes";
  after: [string, string];
  through?: number;
  /** Of which removals nothing is left in what is copied; absent as above. */
  clearOf?: string[];
};

export type Child = {
  adopt(
    place: Place,
    dimensions: number,
    units: CarriedUnit[],
    claims: CarriedClaim[],
    clearOf: string[],
  ): Promise<void>;
};

const CLAIMS_PER_STEP = 500;
/** Texts and vectors of one call: the platform takes 32 MiB, and a child indexes them in one turn. */
const BYTES_PER_CALL = 4_000_000;
const CHAR_BYTES = 2;
/** Units that a leaf looks at to find the two directions it is divided by. */
const SAMPLE = 2_048;

/** The places a full leaf moves to; `compact` when most of it is dead. */
export function childrenFor(
  place: Place,
  compact: boolean,
  dimensions: number,
  store: SearchStore,
): Place[] {
  if (compact) return leavesUnder(place, "compact");
  const units = store
    .sampledVectors(SAMPLE)
    .map(({ vectors }) =>
      unpackVectors(vectors, Math.round(vectors.length / (paddedTo16(dimensions) + 4))),
    );
  return leavesUnder(place, twoMeans(units) ?? "hashes");
}

/**
 * Copies so many records, or some claims; answers where to go on, or "copied" once nothing was left to copy. Records go
 * in as many calls as their bytes take, and each call reads anew what has changed during the one before.
 */
export async function copySome(
  split: SplitState,
  store: SearchStore,
  contents: SearchContents,
  childAt: (place: Place) => Child,
  records: number,
): Promise<SplitState | "copied"> {
  const { of = "both" } = split;
  const dimensions = contents.engine()?.kernel.dimensions ?? 16;
  const send = async (
    units: readonly CarriedUnit[],
    contentKeys: readonly string[],
  ): Promise<void> => {
    const claims = contentKeys.map((contentKey) => carriedClaim(split, contentKey, store));
    await Promise.all(
      split.children.map(async (child) => {
        const theirs = units.flatMap((unit) => shareOf(split, child, unit));
        const claimed = claims.filter(({ contentKey }) => holds(child, contentKey));
        if (theirs.length + claimed.length > 0)
          await childAt(child).adopt(child, dimensions, theirs, claimed, split.clearOf ?? []);
      }),
    );
  };

  if (split.phase === "records") {
    let { after } = split;
    for (let left = records; left > 0;) {
      const call = openCall();
      for (const record of store.recordsAfter(...after, left)) {
        if (call.isFull()) break;
        call.add(carried(split, record, contents));
        after = [record.unitId, record.contentKey];
      }
      if (call.units.length === 0) break;
      await send(call.units, []);
      left -= call.units.length;
    }
    if (after !== split.after) return { ...split, after };
    return { ...split, phase: of === "leaf" ? "changes" : "claims", after: ["", ""] };
  }
  if (split.phase === "claims") {
    const keys = store.claimsAfter(split.after[0], CLAIMS_PER_STEP);
    const last = keys.at(-1);
    if (last === undefined) return { ...split, phase: "changes", after: ["", ""] };
    await send([], keys);
    return { ...split, after: [last, ""] };
  }
  let { through } = split;
  for (let left = records; left > 0;) {
    const call = openCall();
    const claims: string[] = [];
    const before = left;
    for (const { key, sequence } of store.changesAfter(through ?? 0, left)) {
      if (call.isFull()) break;
      for (const record of changedRecord(key, store)) call.add(carried(split, record, contents));
      if (key.startsWith("c") && of !== "leaf") claims.push(key.slice(1));
      through = sequence;
      left--;
    }
    if (left === before) break;
    await send(call.units, claims);
  }
  return through === split.through ? "copied" : { ...split, through };
}

/** The units of one call. */
function openCall() {
  const units: CarriedUnit[] = [];
  let bytes = 0;
  return {
    units,
    isFull: (): boolean => bytes >= BYTES_PER_CALL,
    add(unit: CarriedUnit): void {
      units.push(unit);
      bytes += bytesOf(unit);
    },
  };
}

const bytesOf = ({ vectors, shown }: CarriedUnit): number =>
  (vectors?.byteLength ?? 0) +
  (shown?.texts ?? []).reduce((sum, { length }) => sum + length * CHAR_BYTES, 0);

/** A directory carries what it notes of units, with the leaf named that until now was its own; a leaf the units. */
function carried(split: SplitState, record: UnitRecord, contents: SearchContents): CarriedUnit {
  if (split.of !== "directory") return contents.carry({ ...record, leaf: null });
  const leaf = record.leaf ?? split.name ?? "";
  return { record: { ...record, slot: null, leaf }, shown: null, vectors: null };
}

function carriedClaim(split: SplitState, contentKey: string, store: SearchStore): CarriedClaim {
  const holder = store.holderOf(contentKey);
  if (holder === undefined) return { contentKey, holder: null };
  const here = split.of === "directory" && holder.fulfilled ? (split.name ?? null) : null;
  return { contentKey, holder: { ...holder, leaf: holder.leaf ?? here } };
}

/**
 * What one child is to know of a unit: its leaf all of it, every other leaf the tombstone, and that it does not have
 * the unit (it may have had it, when a change made it point elsewhere while it was being copied).
 */
function shareOf(split: SplitState, child: Place, unit: CarriedUnit): CarriedUnit[] {
  const { record, shown, vectors } = unit;
  if (split.of !== "leaf") return holds(child, record.contentKey) ? [unit] : [];
  if (shown === null || vectors === null) return [unit];
  const content = {
    contentKey: record.contentKey,
    vectors: unpackVectors(vectors, shown.texts.length),
  };
  if (childFor(split.children, content)?.name === child.name) return [unit];
  // A tombstone names no later version than was removed: it can be forgotten in time.
  const version = Math.min(record.version, record.removedThrough);
  return [{ record: { ...record, version, slot: null }, shown: null, vectors: null }];
}

const CONTENT_KEY_CHARS = 64;

/** What is there now of a record that changed; one that is there no more is known to be absent. */
function changedRecord(key: string, store: SearchStore): UnitRecord[] {
  if (!key.startsWith("u")) return [];
  const record = store.recordAt(
    key.slice(1 + CONTENT_KEY_CHARS),
    key.slice(1, 1 + CONTENT_KEY_CHARS),
  );
  return record === undefined ? [] : [record];
}
