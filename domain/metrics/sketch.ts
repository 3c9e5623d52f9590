/**
 * Quantiles of a stream within a relative error, in little room, and mergeable (DDSketch: Masson, Rim, Lee, "DDSketch: A
 * Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019, sections 2 and 3). Values are
 * counted by the power of `GAMMA` that is next above them.
 */
export type Sketch = {
  /** Values too small to tell from nothing, negative ones among them. */
  zero: number;
  bins: Map<number, number>;
};

/** No quantile is further off than this share of itself. */
export const RELATIVE_ERROR = 0.01;
const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** Of seconds: a nanosecond. */
const SMALLEST = 1e-9;
/** From a microsecond to eleven days in one sketch; beyond it the smallest bins are taken together (section 3.3). */
export const BINS_MAX = 1_400;

export const sketch = (): Sketch => ({ zero: 0, bins: new Map() });

const binOf = (value: number): number => Math.ceil(Math.log(value) / LOG_GAMMA);
/** What stands for all values of a bin. */
const valueOf = (bin: number): number => (2 * GAMMA ** bin) / (GAMMA + 1);

export function addTo(into: Sketch, value: number, times = 1): void {
  if (!(value > SMALLEST)) {
    into.zero += times;
    return;
  }
  const bin = binOf(value);
  into.bins.set(bin, (into.bins.get(bin) ?? 0) + times);
  if (into.bins.size > BINS_MAX) collapse(into);
}

/** Adds all of `from`: the sketch of both streams together. */
export function mergeInto(into: Sketch, from: Sketch): void {
  into.zero += from.zero;
  for (const [bin, count] of from.bins) into.bins.set(bin, (into.bins.get(bin) ?? 0) + count);
  while (into.bins.size > BINS_MAX) collapse(into);
}

function collapse({ bins }: Sketch): void {
  const [first, second] = [...bins.keys()].sort((a, b) => a - b);
  if (first === undefined || second === undefined) return;
  bins.set(second, (bins.get(second) ?? 0) + (bins.get(first) ?? 0));
  bins.delete(first);
}

export function countIn({ zero, bins }: Sketch): number {
  let count = zero;
  for (const one of bins.values()) count += one;
  return count;
}

/** The values below which these shares of all lie, in the order asked; null where nothing was counted. */
export function quantiles(of: Sketch, shares: readonly number[]): (number | null)[] {
  const count = countIn(of);
  if (count === 0) return shares.map(() => null);
  const sorted = [...of.bins].sort(([a], [b]) => a - b);
  return shares.map((share) => {
    const rank = share * (count - 1);
    let below = of.zero;
    if (below > rank) return 0;
    for (const [bin, times] of sorted) {
      below += times;
      if (below > rank) return valueOf(bin);
    }
    return valueOf(sorted.at(-1)?.[0] ?? 0);
  });
}

/** How many values are at most each of these bounds, which ascend; a bound holds within the relative error. */
export function countsBelow(of: Sketch, bounds: readonly number[]): number[] {
  const counts = bounds.map(() => of.zero);
  for (const [bin, times] of of.bins) {
    const value = valueOf(bin);
    for (let at = bounds.length - 1; at >= 0 && value <= (bounds[at] ?? 0); at--)
      counts[at] = (counts[at] ?? 0) + times;
  }
  return counts;
}
