/** What fills a leaf: passages that can be found, and slots that were ever given to one. */
export type Room = { alive: number; slots: number };

/** A leaf that only removals have touched for a while keeps a few dead slots: it is likely to be written to again. */
const EMPTY_SLOTS_SHARE = 1 / 16;

/**
 * What a leaf of at most `full` passages does about its room. Slots are never given twice, so what is dead goes on
 * costing memory until the live units move to a fresh place ("compact"), or until nothing is alive and the leaf begins
 * again as it is ("empty"). By then at least half of `full` was removed, which is what the move of the rest costs.
 */
export function roomStep(
  { alive, slots }: Room,
  full: number,
): "nothing" | "divide" | "compact" | "empty" {
  if (alive === 0) return slots > 0 && slots >= full * EMPTY_SLOTS_SHARE ? "empty" : "nothing";
  if (alive >= full) return "divide";
  if (alive < full / 2 && slots - alive >= full / 2) return "compact";
  return slots >= 2 * full ? "divide" : "nothing";
}
