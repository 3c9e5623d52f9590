import { rankOf } from "#domain/mailbox/message.ts";
import { dueOf, type Entry, entryOf, movingOf } from "#domain/scheduling/entry.ts";
import { Heap } from "#domain/scheduling/heap.ts";
import { Lanes } from "#domain/scheduling/lanes.ts";
import type { Change, End, Moving, Outcome, Standing, TaskRow } from "#domain/scheduling/row.ts";
import { Shares } from "#domain/scheduling/share.ts";

const DUE_MAX = 500;
const NOTHING = { open: 0, bytes: 0 };

/** The open tasks of one queue by place, by lane and by when they fall due, and what has changed since it was asked last. */
export class Book {
  readonly entries = new Map<number, Entry>();
  readonly counts: Record<Standing, number> = { waiting: 0, delayed: 0, blocked: 0, leased: 0 };
  readonly shares: Shares;
  readonly lanes: Lanes;
  bytes = 0;
  /** The last place that was given. */
  newest: number;
  readonly #due = new Heap<Entry>(
    (a, b) => a.dueMs < b.dueMs,
    (entry, at) => {
      entry.dueAt = at;
    },
  );
  /** By place, what comes after it. */
  readonly #dependents = new Map<number, number[]>();
  #changes: Change[] = [];

  constructor(weightOf: (account: string) => number, newest: number) {
    this.newest = newest;
    this.shares = new Shares(weightOf);
    this.lanes = new Lanes(this.shares);
  }

  get dueMs(): number {
    return this.#due.peek()?.dueMs ?? Infinity;
  }

  /** What lies here, of all and of each account. */
  holding() {
    return {
      tasks: this.entries.size,
      bytes: this.bytes,
      lanes: this.lanes.size,
      of: (account: string) => this.shares.find(account) ?? NOTHING,
    };
  }

  /** Takes a task in; one that is blocked still has to be told what by. */
  insert(row: TaskRow): void {
    const sharer = this.shares.of(row.account);
    const lane = this.lanes.of(row);
    const entry = entryOf(row, lane, sharer, rankOf(row.createdAtMs, row.priority));
    this.entries.set(row.seq, entry);
    this.newest = Math.max(this.newest, row.seq);
    sharer.open++;
    sharer.bytes += row.bytes;
    lane.open++;
    this.bytes += row.bytes;
    this.counts[row.standing]++;
    if (row.standing === "waiting") this.#ready(entry);
    this.#plan(entry);
  }

  /** Lets a blocked task wait for the open ones of these. */
  block(seq: number, after: readonly number[]): void {
    const entry = this.entries.get(seq);
    if (entry?.standing !== "blocked") return;
    for (const before of new Set(after)) {
      if (!this.entries.has(before)) continue;
      entry.blockedBy++;
      const known = this.#dependents.get(before);
      if (known === undefined) this.#dependents.set(before, [seq]);
      // A task that ended while it waited, and was put back, is there still.
      else if (!known.includes(seq)) known.push(seq);
    }
    if (entry.blockedBy === 0) this.stand(entry, "waiting");
  }

  /** Puts a task where it stands from here on, and notes it. */
  move(entry: Entry, standing: Standing): void {
    this.stand(entry, standing);
    this.#changes.push({ kind: "moved", ...ofEntry(entry), moving: movingOf(entry) });
  }

  note(change: Change): void {
    this.#changes.push(change);
  }

  /** Ends a task, and those that come after it where it was not completed; where it was, they have one less to wait for. */
  end(entry: Entry, end: End): void {
    const { seq } = entry;
    const moving: Moving = movingOf(entry);
    this.#forget(entry);
    this.#changes.push({ kind: "ended", ...ofEntry(entry), moving, end });
    const dependents = this.#dependents.get(seq);
    if (dependents === undefined) return;
    this.#dependents.delete(seq);
    for (const one of dependents) {
      const next = this.entries.get(one);
      if (next === undefined) continue;
      if (end.state !== "completed") this.end(next, inVain(end));
      else if (--next.blockedBy === 0) this.move(next, "waiting");
    }
  }

  /** Calls for each task that has fallen due, no more than a bound of them, and answers how many it looked at. */
  whatIsDue(nowMs: number, fallsDue: (entry: Entry) => void): number {
    let count = 0;
    for (let due = this.#due.peek(); due !== undefined && due.dueMs <= nowMs; count++) {
      if (count >= DUE_MAX) break;
      fallsDue(due);
      due = this.#due.peek();
    }
    return count;
  }

  done<T>(answer: T): Outcome<T> {
    const changes = this.#changes;
    this.#changes = [];
    return { answer, changes };
  }

  stand(entry: Entry, standing: Standing): void {
    const from = entry.standing;
    if (from === "ended") return;
    if (from !== standing) {
      this.counts[from]--;
      this.counts[standing]++;
      entry.standing = standing;
      if (from === "waiting") this.#unready(entry);
      if (standing === "waiting") this.#ready(entry);
    }
    this.#plan(entry);
  }

  #forget(entry: Entry): void {
    const { seq, sharer, lane, standing } = entry;
    if (standing === "ended") return;
    this.entries.delete(seq);
    sharer.open--;
    sharer.bytes -= entry.bytes;
    lane.open--;
    this.bytes -= entry.bytes;
    this.counts[standing]--;
    if (standing === "waiting") this.#unready(entry);
    entry.standing = "ended";
    entry.isHeld = false;
    this.#plan(entry);
    this.lanes.leave(lane);
    this.shares.leave(sharer);
  }

  #ready(entry: Entry): void {
    this.lanes.add(entry);
    entry.sharer.ready++;
  }
  #unready(entry: Entry): void {
    this.lanes.remove(entry);
    entry.sharer.ready--;
  }

  /** Sees to it that it is looked at in time. */
  #plan(entry: Entry): void {
    const atMs = dueOf(entry);
    if (atMs === entry.dueMs) return;
    if (entry.dueAt !== -1) this.#due.remove(entry.dueAt);
    entry.dueMs = atMs;
    if (atMs < Infinity) this.#due.push(entry);
  }
}

const ofEntry = ({ seq, sharer, lane }: Entry) => ({
  seq,
  account: sharer.account,
  type: lane.type,
});

const inVain = ({ state, atMs }: End): End => ({
  state: "canceled",
  cause: "dependency",
  reason: `a task that it comes after was ${state === "canceled" ? "canceled" : "not done"}`,
  atMs,
});
