/** A leaf that let a search wait to the end is left out for so long; then one search looks whether it is back. */
const LEFT_OUT_MS = 1_000;
const LEAVES_MAX = 1_000;

/** Leaves that did not answer in time, so that not every search waits for them. */
export function silentLeaves(nowMs: () => number = Date.now) {
  const untilMs = new Map<string, number>();
  return {
    /** Whether to do without it. Whoever is told no of a silent leaf looks for all: the others do without it meanwhile. */
    isLeftOut(name: string): boolean {
      const until = untilMs.get(name);
      if (until === undefined) return false;
      if (nowMs() < until) return true;
      untilMs.set(name, nowMs() + LEFT_OUT_MS);
      return false;
    },
    wasSilent(name: string): void {
      untilMs.delete(name);
      untilMs.set(name, nowMs() + LEFT_OUT_MS);
      const [oldest] = untilMs.keys();
      if (untilMs.size > LEAVES_MAX && oldest !== undefined) untilMs.delete(oldest);
    },
    answered: (name: string): boolean => untilMs.delete(name),
  };
}
