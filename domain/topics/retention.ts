/** What of a partition may go. Offsets are exclusive ends: everything below one. */
export type Kept = {
  /** The first offset that is there; `latest + 1` where none is. */
  earliest: number;
  latest: number;
  /** In the order of offsets: each stretch of the partition that can go as a whole, and what it takes. */
  stretches: readonly { last: number; bytes: number }[];
};

/**
 * The first offset that stays: nothing that is younger than the topic keeps goes for its age (`since` is the first offset
 * that is), what takes more than `bytesMax` goes oldest first though it is young, and what is held until it is released
 * (`heldFrom`) stays in any case.
 */
export function earliestKept(
  { earliest, latest, stretches }: Kept,
  { since, bytesMax, heldFrom }: { since: number; bytesMax: number; heldFrom: number | null },
): number {
  let bytes = stretches.reduce((sum, one) => sum + one.bytes, 0);
  let bySize = earliest;
  for (const one of stretches) {
    if (bytes <= bytesMax) break;
    bytes -= one.bytes;
    bySize = one.last + 1;
  }
  const wanted = Math.min(Math.max(earliest, since, bySize), latest + 1);
  return heldFrom === null ? wanted : Math.max(earliest, Math.min(wanted, heldFrom));
}
