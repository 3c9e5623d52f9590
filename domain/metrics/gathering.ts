import { addValue, type Cell, type CellRow, cellRow, emptyCell } from "#domain/metrics/cell.ts";
import { type LabelsOf, type MetricName, metricOf } from "#domain/metrics/names.ts";
import { seriesKey } from "#domain/metrics/series.ts";

/** What one isolate saw of a series in one second (of an account's in one minute, which began then): `[series, second, cell]`. */
export type PointRow = [key: string, second: number, cell: CellRow];

const MINUTE_S = 60;

/** A series that is written to. Hold on to it where much is written: finding it again costs more than writing. */
export type Meter = {
  readonly key: string;
  readonly hasQuantiles: boolean;
  second: number;
  round: number;
  cell: Cell | null;
};

/** Series one isolate writes, and seconds of series that wait to be told: what is more is counted as dropped. */
const METERS_MAX = 4_000;
const POINTS_MAX = 10_000;

/** What an isolate has measured and not told yet, in stretches of `stepS` seconds. It reads no clock. */
export class Gathering {
  readonly #stepS: number;
  /** Where it says what it could not keep. */
  readonly #drops: Gathering;
  readonly #meters = new Map<string, Meter>();
  #points: { key: string; second: number; cell: Cell }[] = [];
  #round = 0;
  #dropped = 0;

  constructor(stepS = 1, drops?: Gathering) {
    this.#stepS = stepS;
    this.#drops = drops ?? this;
  }

  meter<N extends MetricName>(name: N, labels: LabelsOf<N>): Meter {
    const key = seriesKey(name, labels);
    const known = this.#meters.get(key);
    if (known !== undefined) return known;
    const hasQuantiles = metricOf(name).kind === "histogram";
    const made: Meter = { key, hasQuantiles, second: -1, round: -1, cell: null };
    if (this.#meters.size < METERS_MAX) this.#meters.set(key, made);
    else this.#forget();
    return made;
  }

  /** Something new must not be refused for good because much else was seen once. */
  #forget(): void {
    this.#meters.clear();
  }

  write(meter: Meter, value: number, nowMs: number): void {
    if (!Number.isFinite(value)) return;
    const seconds = Math.floor(nowMs / 1_000);
    const second = seconds - (seconds % this.#stepS);
    let { cell } = meter;
    if (cell === null || meter.second !== second || meter.round !== this.#round) {
      cell = emptyCell(meter.hasQuantiles);
      if (this.#points.length >= POINTS_MAX) {
        this.#dropped++;
        return;
      }
      this.#points.push({ key: meter.key, second, cell });
      meter.cell = cell;
      meter.second = second;
      meter.round = this.#round;
    }
    addValue(cell, value);
  }

  record<N extends MetricName>(name: N, labels: LabelsOf<N>, value: number, nowMs: number): void {
    this.write(this.meter(name, labels), value, nowMs);
  }

  get isEmpty(): boolean {
    return this.#points.length === 0;
  }

  /** All that was not told yet, at once. */
  take(nowMs: number): PointRow[] {
    const dropped = this.#dropped;
    const points = this.#taken();
    if (dropped > 0) {
      this.#dropped = 0;
      const what = { what: "metric points" };
      this.#drops.record("wishub_observations_dropped_total", what, dropped, nowMs);
      if (this.#drops === this) points.push(...this.#taken());
    }
    return points.map(({ key, second, cell }) => [key, second, cellRow(cell)]);
  }

  #taken() {
    const points = this.#points;
    this.#points = [];
    // Whoever holds a meter begins a new cell with what they write next.
    this.#round++;
    return points;
  }
}

/** The one of this isolate: whatever runs in it writes here, and whoever passes by tells of it. */
export const gathering = new Gathering();

/** The same of what accounts read of themselves. */
export const accountGathering = new Gathering(MINUTE_S, gathering);
