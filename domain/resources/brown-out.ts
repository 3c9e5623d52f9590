/**
 * What is refused while a pool is too full: tasks and reservations of a priority below `floor`, 0 while nothing is.
 * `sinceMs`: since when it has been too full, or has had room again; null in between, which is what keeps it from flapping.
 */
export type BrownOut = { floor: number; side: "full" | "roomy" | null; sinceMs: number };

export const NO_BROWN_OUT: BrownOut = { floor: 0, side: null, sinceMs: 0 };

/** The usual priority is 4, so what nobody marked is refused last; 7 to 9 never are. */
const FLOORS = [0, 2, 4, 7] as const;
const FULL_ABOVE = 0.9;
const ROOMY_BELOW = 0.75;
const AFTER_MS = 180_000;

/** After the pool was seen at this share of its capacity. Each step up or down takes its own three minutes. */
export function brownOutAfter(state: BrownOut, share: number, nowMs: number): BrownOut {
  const side = share > FULL_ABOVE ? "full" : share < ROOMY_BELOW ? "roomy" : null;
  // A clock that was put back begins anew.
  if (side === null || side !== state.side || nowMs < state.sinceMs)
    return { floor: state.floor, side, sinceMs: nowMs };
  if (nowMs - state.sinceMs < AFTER_MS) return state;
  const at = FLOORS.findIndex((floor) => floor === state.floor);
  const floor = FLOORS[at + (side === "full" ? 1 : -1)] ?? state.floor;
  return { floor, side, sinceMs: nowMs };
}

/** Whether something of this priority is taken. */
export const isTaken = ({ floor }: BrownOut, priority: number): boolean => priority >= floor;
