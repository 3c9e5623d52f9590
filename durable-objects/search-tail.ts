/** A unit's passages in the engine. */
export type SlotRun = { first: number; count: number };

/** A longer tail is searched like any shard: by the engine, whose cost does not grow with it. */
const TAIL_UNITS_MAX = 1_000;

/**
 * The units that a shard finds by itself because no index has passed them yet. `load` names up to so many of them,
 * `slotsOf` says where one is, or null when it is none of them. Worked out unit by unit as they change: what a
 * transaction that was rolled back touched is merely looked at again.
 */
export function openTail(
  load: (most: number) => string[],
  slotsOf: (unitId: string) => SlotRun | null,
) {
  const touched = new Set<string>();
  let known: Map<string, SlotRun> | null = null;

  return {
    touch: (unitId: string): void => {
      // While nothing is known there is nothing to bring up to date.
      if (known !== null) touched.add(unitId);
    },
    reset(): void {
      known = null;
      touched.clear();
    },
    /** Null while it is too long to be looked through unit by unit. */
    current(): Iterable<SlotRun> | null {
      if (known === null) {
        const units = load(TAIL_UNITS_MAX + 1);
        if (units.length > TAIL_UNITS_MAX) return null;
        known = new Map();
        for (const unitId of units) touched.add(unitId);
      }
      for (const unitId of touched) {
        const run = slotsOf(unitId);
        if (run === null) known.delete(unitId);
        else known.set(unitId, run);
      }
      touched.clear();
      if (known.size <= TAIL_UNITS_MAX) return known.values();
      this.reset();
      return null;
    },
  };
}
