import { holds, type Place } from "#domain/search/ranges.ts";
import type { UnitRecord } from "#domain/search/versions.ts";
import type { CarriedClaim, CarriedUnit, SearchContents } from "#objects/search-contents.ts";
import type { SearchStore } from "#objects/search-store.ts";

/**
 * How far a full shard has been copied to its children. First all records, then all claims, then what changed
 * meanwhile until nothing is left; a crash repeats at most the last step, and adopting twice changes nothing.
 */
export type SplitState = {
  children: Place[];
  phase: "records" | "claims" | "changes";
  after: [string, string];
};

type Child = {
  adopt(
    place: Place,
    dimensions: number,
    units: CarriedUnit[],
    claims: CarriedClaim[],
  ): Promise<void>;
};

const RECORDS_PER_STEP = 32;
const CLAIMS_PER_STEP = 500;

/** Copies a little; answers where to go on, or "copied" once nothing was left to copy. */
export async function copySome(
  split: SplitState,
  store: SearchStore,
  contents: SearchContents,
  childAt: (place: Place) => Child,
): Promise<SplitState | "copied"> {
  const dimensions = contents.engine()?.kernel.dimensions ?? 16;
  const send = async (
    records: readonly UnitRecord[],
    claims: readonly CarriedClaim[],
  ): Promise<void> => {
    await Promise.all(
      split.children.map(async (child) => {
        const units = records
          .filter((record) => holds(child, record.contentKey))
          .map(contents.carry);
        const theirs = claims.filter(({ contentKey }) => holds(child, contentKey));
        if (units.length + theirs.length > 0)
          await childAt(child).adopt(child, dimensions, units, theirs);
      }),
    );
  };

  if (split.phase === "records") {
    const records = store.recordsAfter(split.after[0], split.after[1], RECORDS_PER_STEP);
    const last = records.at(-1);
    if (last === undefined) return { ...split, phase: "claims", after: ["", ""] };
    await send(records, []);
    return { ...split, after: [last.unitId, last.contentKey] };
  }
  if (split.phase === "claims") {
    const keys = store.claimsAfter(split.after[0], CLAIMS_PER_STEP);
    const last = keys.at(-1);
    if (last === undefined) return { ...split, phase: "changes", after: ["", ""] };
    await send(
      [],
      keys.map((contentKey) => ({ contentKey, holder: store.holderOf(contentKey) ?? null })),
    );
    return { ...split, after: [last, ""] };
  }
  const changed = store.changed(RECORDS_PER_STEP);
  if (changed.length === 0) return "copied";
  const records = changed.flatMap(({ key }) => changedRecord(key, store));
  const claims = changed
    .filter(({ key }) => key.startsWith("c"))
    .map(({ key }) => ({ contentKey: key.slice(1), holder: store.holderOf(key.slice(1)) ?? null }));
  await send(records, claims);
  for (const { key, sequence } of changed) store.settle(key, sequence);
  return split;
}

const CONTENT_KEY_CHARS = 64;

function changedRecord(key: string, store: SearchStore): UnitRecord[] {
  if (!key.startsWith("u")) return [];
  const record = store.recordAt(
    key.slice(1 + CONTENT_KEY_CHARS),
    key.slice(1, 1 + CONTENT_KEY_CHARS),
  );
  return record === undefined ? [] : [record];
}
