import { searchableTold, standingTold, type UnitTold } from "#domain/units/happenings.ts";
import type { UnitRef } from "#domain/units/publish.ts";
import type { StoredUnit, UnitVersion } from "#domain/units/record.ts";
import type { Level } from "#domain/verification/model.ts";

export type FoundDeps = {
  units: {
    /** Those of them whose being searchable is still to be told: not what is only embedded anew. */
    owed(refs: UnitRef[]): Promise<UnitRef[]>;
    /** The newest versions before it that were replaced. */
    replaced(ref: UnitRef): Promise<UnitVersion[]>;
  };
};

/** What is to be told of versions that can be found now; of what could be found before only what is owed. */
export async function foundTold(
  deps: FoundDeps,
  members: readonly StoredUnit[],
  levels: ReadonlyMap<string, Level>,
  nowMs: number,
): Promise<UnitTold[]> {
  const before = members.filter(({ version }) => version.status === "searchable");
  const refs = before.map(({ version: { unitId, version } }) => ({ unitId, version }));
  const owed = new Set(refs.length === 0 ? [] : (await deps.units.owed(refs)).map(keyOf));
  return await Promise.all(
    members.map(async (stored): Promise<UnitTold> => {
      const { head, version } = stored;
      const isBefore = version.status === "searchable";
      if (isBefore && head.releasedAtMs !== null) return standingTold(stored, nowMs);
      const ref = { unitId: version.unitId, version: version.version };
      if (isBefore && !owed.has(keyOf(ref)))
        return { ...ref, accountId: head.accountId, drafts: [] };
      const replaced = version.version > 1 ? await deps.units.replaced(ref) : [];
      return searchableTold(stored, levels.get(ref.unitId) ?? version.level, replaced, nowMs);
    }),
  );
}

const keyOf = ({ unitId, version }: UnitRef): string => `${unitId} ${version}`;
