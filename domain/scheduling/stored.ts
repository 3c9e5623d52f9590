import type { Change, End, TaskRow } from "#domain/scheduling/row.ts";

/** Rows as a store keeps them, for whoever has none of its own: tests, and the simulation. */
export class Stored {
  readonly open = new Map<number, TaskRow>();
  readonly ended = new Map<number, { row: TaskRow; end: End }>();
  newest = 0;

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === "added" || change.kind === "revived") {
        const { row } = change;
        this.ended.delete(row.seq);
        this.open.set(row.seq, row);
        this.newest = Math.max(this.newest, row.seq);
        continue;
      }
      const row = this.open.get(change.seq);
      if (row === undefined) throw new Error(`task ${change.seq} is not open`);
      const moved = { ...row, ...change.moving };
      if (change.kind === "moved") this.open.set(change.seq, moved);
      else {
        this.open.delete(change.seq);
        this.ended.set(change.seq, { row: moved, end: change.end });
      }
    }
  }
}
