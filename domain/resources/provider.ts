/** A machine as a pool wants it: since when, in the pool's own time. */
export type Wanted = { id: string; sinceMs: number };
/** A machine as its provider has it. What is not named is not there (any more). */
export type Seen = { id: string; isReady: boolean };

/**
 * Who starts and stops machines. It is told all that is wanted, every time, and answers what there is: a call that is
 * lost or repeated changes nothing, and machines that nobody wants are stopped (a controller that goes by levels, as
 * Kubernetes' do). An exception is a provider that cannot be reached: the pool goes on with what it had.
 */
export type Provider = (wanted: readonly Wanted[]) => Promise<readonly Seen[]>;

/** A provider without machines: each that is wanted is there after a time, and none is ever lost. */
export const simulatedProvider =
  (startsInMs: number, nowMs: () => number): Provider =>
  (wanted) =>
    Promise.resolve(
      wanted.map(({ id, sinceMs }) => ({ id, isReady: nowMs() - sinceMs >= startsInMs })),
    );
