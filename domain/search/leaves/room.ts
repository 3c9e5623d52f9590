/** What fills a leaf: passages that can be found, and slots that were ever given to one. */
export type Room = { alive: number; slots: number };

/** Fewer dead slots than half of these are not worth a move. */
const SMALL = 100_000;
/** A leaf that only removals have touched for a while keeps a few dead slots: it is likely to be written to again. */
const EMPTY_SLOTS_SHARE = 1 / 16;

/**
 * What a leaf of at most `full` passages does about its room. Slots are never given twice, so what is dead goes on
 * costing memory and time until the live units move to a fresh place ("compact"), or until nothing is alive and the leaf
 * begins again as it is ("empty"). By then at least as much was removed as the move copies.
 */
export function roomStep(
  { alive, slots }: Room,
  full: number,
): "nothing" | "divide" | "compact" | "empty" {
  const small = Math.min(full, SMALL);
  if (alive === 0) return slots > 0 && slots >= small * EMPTY_SLOTS_SHARE ? "empty" : "nothing";
  if (alive >= full) return "divide";
  return slots - alive >= Math.max(alive, small / 2) ? "compact" : "nothing";
}
