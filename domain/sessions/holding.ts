/** A message that a session was given and has not settled: what it is, and under which lease. */
export type Holding = { seq: number; token: number; untilMs: number };

/** What a session may still hold: a lease that ran out is the mailbox's again. */
export const stillHeld = (held: readonly Holding[], nowMs: number): Holding[] =>
  held.filter(({ untilMs }) => untilMs > nowMs);

/**
 * What becomes of what an agent's last session held, when its next one opens. `after` is the newest fencing token that the
 * client has received: what came later was lost on the way, and what it has it goes on with. A client that remembers
 * nothing has lost everything.
 */
export function resumed(
  held: readonly Holding[],
  after: number | null,
  nowMs: number,
): { kept: Holding[]; unread: Holding[]; lost: Holding[] } {
  const all = stillHeld(held, nowMs);
  if (after === null) return { kept: [], unread: [], lost: all };
  return {
    kept: all.filter(({ token }) => token <= after),
    unread: all.filter(({ token }) => token > after),
    lost: [],
  };
}
