import type { Kernel } from "#domain/search/engine/kernel.ts";

/** A unit by its best passage, which was candidate number `index`; `first` is the unit's first slot. */
export type Best = { slot: number; first: number; score: number; index: number };

/** The best `limit` units so far, best first; equal scores go by slot, so that an answer never depends on the order. */
export function bestUnits({ passageOf }: Pick<Kernel, "passageOf">, limit: number) {
  const units: Best[] = [];
  return {
    units: units as readonly Best[],
    /** What a unit has to score to be among them: anything while there are fewer. */
    lowest: (): number => units[limit - 1]?.score ?? -Infinity,
    add(slot: number, score: number, index: number): void {
      const last = units.at(-1);
      if (units.length >= limit && last !== undefined && !precedes(score, slot, last)) return;
      const first = slot - passageOf(slot);
      const same = units.findIndex((held) => held.first === first);
      const held = units[same];
      if (held !== undefined) {
        if (!precedes(score, slot, held)) return;
        units.splice(same, 1);
      }
      let at = units.length;
      for (
        let above = units[at - 1];
        above !== undefined && precedes(score, slot, above);
        above = units[at - 1]
      )
        at--;
      units.splice(at, 0, { slot, first, score, index });
      if (units.length > limit) units.pop();
    },
  };
}

/** Whether these passages are of so many units. */
export function areOfUnits(
  { passageOf }: Pick<Kernel, "passageOf">,
  slots: Uint32Array,
  count: number,
): boolean {
  if (slots.length < count) return false;
  const firsts = new Set<number>();
  for (let i = 0; i < slots.length && firsts.size < count; i++) {
    const slot = slots[i] ?? 0;
    firsts.add(slot - passageOf(slot));
  }
  return firsts.size >= count;
}

const precedes = (score: number, slot: number, other: Best): boolean =>
  score > other.score || (score === other.score && slot < other.slot);
