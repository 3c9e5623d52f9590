/**
 * Which of an isolate's batches have been counted: stretches of numbers, both ends among them, in order. Batches come late
 * and out of order, and nobody waits for one that never comes.
 */
export type Seen = [from: number, to: number][];

/** Gaps that are remembered; where there are more, the oldest counts as seen: nothing is ever billed twice for room. */
export const STRETCHES_MAX = 32;

/** Notes a number; false where it was noted before, and changes nothing then. */
export function noteSeq(seen: Seen, seq: number): boolean {
  let at = seen.length;
  while (at > 0 && (seen[at - 1]?.[0] ?? 0) > seq) at--;
  const before = seen[at - 1];
  if (before !== undefined && seq <= before[1]) return false;
  const after = seen[at];
  const joinsBefore = before !== undefined && before[1] === seq - 1;
  const joinsAfter = after !== undefined && after[0] === seq + 1;
  if (joinsBefore && joinsAfter) {
    before[1] = after[1];
    seen.splice(at, 1);
  } else if (joinsBefore) before[1] = seq;
  else if (joinsAfter) after[0] = seq;
  else seen.splice(at, 0, [seq, seq]);
  const [first, second] = seen;
  if (seen.length > STRETCHES_MAX && first !== undefined && second !== undefined)
    seen.splice(0, 2, [first[0], second[1]]);
  return true;
}
