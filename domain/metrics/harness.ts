import { cellFrom } from "#domain/metrics/cell.ts";
import { Gathering, type PointRow } from "#domain/metrics/gathering.ts";
import { type Keeping, PLATFORM_KEPT } from "#domain/metrics/keeping.ts";
import { type Asked, Rollups, type StoredBlock } from "#domain/metrics/rollups.ts";
import { pointOf } from "#domain/metrics/view.ts";

// For tests of roll-ups.

export const NAME = "wishub_http_request_duration_seconds" as const;
export const T0 = 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000);

/** What an object does: it stores what changed, and may be made again from that alone. */
export class Host {
  readonly blocks = new Map<string, string>();
  readonly series = new Map<number, string>();
  readonly keeping: Keeping;
  rollups: Rollups;
  constructor(nowMs = T0, keeping = PLATFORM_KEPT) {
    this.keeping = keeping;
    this.rollups = this.open(nowMs);
  }
  open(nowMs: number): Rollups {
    return (this.rollups = new Rollups(
      {
        series: this.series,
        keeping: this.keeping,
        nextId: Math.max(0, ...this.series.keys()) + 1,
        read: ({ step, startMs, block }) => this.blocks.get(`${step} ${startMs} ${block}`) ?? null,
      },
      nowMs,
    ));
  }
  take(points: PointRow[], nowMs: number) {
    const taken = this.rollups.take(points, nowMs);
    for (const [id, key] of taken.added) this.series.set(id, key);
    for (const id of taken.forgotten) this.series.delete(id);
    return taken;
  }
  write(nowMs: number): StoredBlock[] {
    const changed = this.rollups.changed(nowMs);
    for (const { step, startMs, block, text } of changed)
      this.blocks.set(`${step} ${startMs} ${block}`, text);
    return changed;
  }
  ask(stepMs: number, fromMs: number, toMs: number, more: Partial<Asked> = {}) {
    const asked: Asked = { name: NAME, labels: {}, by: [], fromMs, toMs, stepMs, ...more };
    return (this.rollups.groups(asked) ?? []).map(({ labels, points }) => ({
      labels,
      points: points.map(([atMs, row]) => {
        const cell = cellFrom(row);
        if (cell === null) throw new Error("no cell");
        return pointOf(atMs, cell);
      }),
    }));
  }
}

export const seen = (route: string, status: string, values: [atMs: number, value: number][]) => {
  const gathering = new Gathering();
  for (const [atMs, value] of values) gathering.record(NAME, { route, status }, value, atMs);
  return gathering.take(T0);
};
