import { addTo, mergeInto, type Sketch, sketch } from "#domain/metrics/sketch.ts";

/** What was seen of one series in one stretch of time. A counter adds up in `sum`; a gauge's newest is `last`. */
export type Cell = {
  count: number;
  sum: number;
  min: number;
  max: number;
  last: number;
  sketch: Sketch | null;
};

/** A cell as it travels and is stored: `[count, sum, min, max, last]`, a histogram's with `zero` and then bin, count, bin, count … */
export type CellRow = number[];

export const emptyCell = (hasQuantiles: boolean): Cell => ({
  count: 0,
  sum: 0,
  min: Infinity,
  max: -Infinity,
  last: 0,
  sketch: hasQuantiles ? sketch() : null,
});

export function addValue(cell: Cell, value: number): void {
  cell.count++;
  cell.sum += value;
  if (value < cell.min) cell.min = value;
  if (value > cell.max) cell.max = value;
  cell.last = value;
  if (cell.sketch !== null) addTo(cell.sketch, value);
}

/** Takes `from` into `into`; of gauges, `from` is the newer one. */
export function mergeCell(into: Cell, from: Cell): void {
  if (from.count === 0) return;
  into.count += from.count;
  into.sum += from.sum;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
  into.last = from.last;
  if (from.sketch === null) return;
  into.sketch ??= sketch();
  mergeInto(into.sketch, from.sketch);
}

export function cellRow({ count, sum, min, max, last, sketch: made }: Cell): CellRow {
  const row = [count, sum, Number.isFinite(min) ? min : 0, Number.isFinite(max) ? max : 0, last];
  if (made === null) return row;
  row.push(made.zero);
  for (const [bin, times] of made.bins) row.push(bin, times);
  return row;
}

const HEAD = 5;

/** A cell from its row; null where it is none. */
export function cellFrom(row: unknown): Cell | null {
  if (!Array.isArray(row) || !row.every((one) => typeof one === "number" && Number.isFinite(one)))
    return null;
  const numbers: readonly number[] = row;
  const [count = 0, sum = 0, min = 0, max = 0, last = 0, zero] = numbers;
  if (numbers.length < HEAD || count <= 0) return null;
  if (zero === undefined) return { count, sum, min, max, last, sketch: null };
  const made: Sketch = { zero, bins: new Map() };
  for (let at = HEAD + 1; at + 1 < numbers.length; at += 2)
    made.bins.set(numbers[at] ?? 0, numbers[at + 1] ?? 0);
  return { count, sum, min, max, last, sketch: made };
}
