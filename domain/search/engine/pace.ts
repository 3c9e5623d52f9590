/**
 * Work beside requests gets one turn between two of them, however much each of those writes. So that it comes to an end
 * while a shard is written to without a pause, its turns grow with what was written since the last.
 */
export type Pace = {
  wrote(units: number): void;
  /** What was written since the last turn. */
  written(): number;
  /** How much the next turn does: so much for each unit written, and never less or more than that. */
  turn(perUnit: number, least: number, most: number): number;
};

export function openPace(): Pace {
  let written = 0;
  return {
    wrote(units) {
      written += units;
    },
    written: () => written,
    turn(perUnit, least, most) {
      const work = Math.ceil(written * perUnit);
      written = 0;
      return Math.min(most, Math.max(least, work));
    },
  };
}
