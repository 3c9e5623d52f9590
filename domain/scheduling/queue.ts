import { Book } from "#domain/scheduling/book.ts";
import { type Entry, left, movingOf, spend, whySpent } from "#domain/scheduling/entry.ts";
import type { Leaser } from "#domain/scheduling/lanes.ts";
import { retryDelayMs } from "#domain/scheduling/pace.ts";
import { roomFor, type RoomLimits } from "#domain/scheduling/room.ts";
import {
  type EndCause,
  FRESH,
  type Moving,
  type Outcome,
  type Planned,
  type TaskRow,
} from "#domain/scheduling/row.ts";
import { LEASE_LOST, leaseAfter } from "#domain/shared/lease.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** `paused`: nothing is given out. `draining`: nothing new is taken. What is leased goes on in each. */
export const MODES = ["open", "paused", "draining"] as const;
export type Mode = (typeof MODES)[number];

/** What does not change while a queue is loaded. */
export type Settings = RoomLimits & {
  /** Between accounts of a shared pool. */
  weightOf(account: string): number;
};

export type Ask = Leaser & { limit: number; leaseMs: number; holder: string | null };
/** A task that was given out. */
export type Given = {
  seq: number;
  token: number;
  untilMs: number;
  attempts: number;
  type: string;
  account: string;
  deadlineMs: number | null;
  /** What its input takes. */
  bytes: number;
};
/** Who says something. `by`: the agent, where it is one; `forAgents`: whether it may speak for those that work on a task. */
export type Speaker = { by: string | null; forAgents?: boolean };
/** Who says something of a task that it works on. */
export type Held = { seq: number; token: number } & Speaker;
/** Which lease of a task it is. */
export type Lease = Pick<Held, "seq" | "token">;
export type Failing = Held & { reason: string | null; isFinal: boolean; delayMs: number | null };
export type Stand = { state: "done" | "working" | "waiting" | "dead"; untilMs: number | null };

export type Depth = {
  mode: Mode;
  /** Given out to whoever asks; after a delay; once others are done; and what is worked on. */
  waiting: number;
  delayed: number;
  blocked: number;
  leased: number;
  bytes: number;
};

/**
 * The order of one queue, in memory: which tasks are open, who has which, who is next. It reads no clock, draws no
 * lots and stores nothing. Each command is told the time and answers with the changes to be written; nobody may be told
 * the answer before they are. Where they cannot be written, this is thrown away and loaded from what was.
 */
export class Queue {
  readonly #settings: Settings;
  readonly #book: Book;
  #tookAtMs = 0;
  mode: Mode = "open";

  /** `newest`: the last place that was ever given; those of `rows` may be smaller, as ended tasks are not among them. */
  constructor(settings: Settings, newest = 0) {
    this.#settings = settings;
    this.#book = new Book((account) => settings.weightOf(account), newest);
  }

  /** The queue as it stood when these rows, all that are open, were written. */
  static load(settings: Settings, rows: Iterable<TaskRow>, newest: number, mode: Mode): Queue {
    const queue = new Queue(settings, newest);
    queue.mode = mode;
    const blocked: TaskRow[] = [];
    for (const row of rows) {
      queue.#book.insert(row);
      if (row.standing === "blocked") blocked.push(row);
    }
    // What it came after and is not open any more was completed: else it would have ended with it.
    for (const { seq, after } of blocked) queue.#book.block(seq, after);
    return queue;
  }

  /** The next place that will be given. */
  get next(): number {
    return this.#book.newest + 1;
  }
  /** When `tick` has something to do; Infinity: never. */
  get dueMs(): number {
    return this.#book.dueMs;
  }
  get depth(): Depth {
    return { mode: this.mode, ...this.#book.counts, bytes: this.#book.bytes };
  }
  get open(): number {
    return this.#book.entries.size;
  }
  get isEmpty(): boolean {
    return this.open === 0;
  }

  /** Whether a lease may find something. */
  hasFor(leaser: Leaser): boolean {
    return this.mode !== "paused" && this.#book.lanes.hasFor(leaser);
  }

  /** Types of which something waits to be given out. */
  readyTypes(): Iterable<string> {
    return this.mode === "paused" ? [] : this.#book.lanes.readyTypes();
  }

  /** Where a task stands and why nobody may be able to do it; null where it is not open. */
  look(seq: number, nowMs: number): { moving: Moving; unschedulable: string | null } | null {
    const entry = this.#book.entries.get(seq);
    if (entry === undefined) return null;
    const isWaiting = entry.standing !== "leased";
    return {
      moving: movingOf(entry),
      unschedulable: isWaiting ? this.#book.lanes.whyNobody(entry.lane, nowMs) : null,
    };
  }

  /** Since when the oldest waits that could be given out; null where nothing does. */
  oldestWaiting(): number | null {
    for (const { standing, seq } of this.#book.entries.values())
      if (standing === "waiting") return seq;
    return null;
  }

  /** The place of the oldest task there is; null where there is none. */
  oldestOpen(): number | null {
    let oldest: number | null = null;
    for (const seq of this.#book.entries.keys()) if (oldest === null || seq < oldest) oldest = seq;
    return oldest;
  }

  /** Takes tasks in, all or none. What one comes after is named by place: an open task's, or that of another of `drafts`, which come from `next` on. */
  enqueue(drafts: readonly Planned[], nowMs: number): Outcome<Result<number[], Problem>> {
    const refusal = this.#refusal(drafts, nowMs);
    if (refusal !== null) return this.#book.done(err(refusal));
    const first = this.next;
    const isNew = (seq: number) => seq >= first && seq < first + drafts.length;
    const rows = drafts.map((planned, at): TaskRow => {
      const after = planned.after.filter((seq) => isNew(seq) || this.#book.entries.has(seq));
      const standing = after.length > 0 ? "blocked" : "waiting";
      return { ...planned, ...FRESH, standing, after, seq: first + at };
    });
    for (const row of rows) this.#book.insert(row);
    for (const row of rows) {
      this.#book.block(row.seq, row.after);
      this.#book.note({ kind: "added", row });
    }
    const seqs = rows.map(({ seq }) => seq);
    return this.#book.done(ok(seqs));
  }

  /**
   * Puts back a task that had failed, as if nobody had tried: a deadline that has passed is taken off it. It waits again for
   * those that it came after, where they are open. Its next token is another one: what comes of it is told apart from before.
   */
  revive(row: TaskRow, nowMs: number): Outcome<Result<number, Problem>> {
    if (this.#book.entries.has(row.seq)) return this.#book.done(err({ code: "conflict" }));
    const refusal = this.#refusal([row], nowMs);
    if (refusal !== null) return this.#book.done(err(refusal));
    const isLate = row.deadlineMs !== null && row.deadlineMs <= nowMs;
    const { seq } = row;
    const token = row.token + 1;
    const deadlineMs = isLate ? null : row.deadlineMs;
    const after = row.after.filter((before) => this.#book.entries.has(before));
    const standing = after.length > 0 ? "blocked" : "waiting";
    const again: TaskRow = { ...row, ...FRESH, standing, token, seq, deadlineMs, after };
    this.#book.insert(again);
    this.#book.block(seq, after);
    this.#book.note({ kind: "revived", row: again });
    return this.#book.done(ok(seq));
  }

  /** The next tasks for whoever asks, each under a lease of its own. */
  lease(ask: Ask, nowMs: number): Outcome<Given[]> {
    const given: Given[] = [];
    this.#book.lanes.note(ask, nowMs);
    this.#tookAtMs = nowMs;
    if (this.mode === "paused" || this.#book.counts.waiting === 0) return this.#book.done(given);
    let bytes = 0;
    this.#book.lanes.take(ask, nowMs, (entry) => {
      bytes += entry.bytes;
      if (given.length >= ask.limit) return false;
      if (given.length > 0 && bytes > LIMITS.leasedBytesMax) return false;
      given.push(this.#give(entry, ask, nowMs));
      return true;
    });
    return this.#book.done(given);
  }

  /** Keeps a task longer, counted from now, as far as its budget goes. */
  heartbeat(held: Held, leaseMs: number, nowMs: number): Outcome<Result<Stand, Problem>> {
    const found = this.#held(held, nowMs);
    if (!found.ok) return this.#book.done(found);
    const entry = found.value;
    // What its lease took until it ran out is spent already.
    if (entry.standing !== "leased") entry.leasedAtMs = nowMs;
    entry.untilMs = nowMs + Math.min(leaseMs, left(entry, nowMs));
    this.#book.move(entry, "leased");
    return this.#book.done(ok({ state: "working", untilMs: entry.untilMs }));
  }

  complete(held: Held, nowMs: number): Outcome<Result<Stand, Problem>> {
    const found = this.#held(held, nowMs);
    if (!found.ok) return this.#book.done(found);
    spend(found.value, nowMs);
    this.#book.end(found.value, { state: "completed", cause: null, reason: null, atMs: nowMs });
    return this.#book.done(ok({ state: "done", untilMs: null }));
  }

  /** An attempt came to nothing: it is tried again after a while, unless that is in vain or was tried often enough. */
  fail(failing: Failing, nowMs: number, random: number): Outcome<Result<Stand, Problem>> {
    const found = this.#held(failing, nowMs);
    if (!found.ok) return this.#book.done(found);
    const entry = found.value;
    spend(entry, nowMs);
    const { reason, isFinal } = failing;
    const cause = isFinal ? "refused" : whySpent(entry);
    if (cause !== null) {
      this.#book.end(entry, { state: "failed", cause, reason, atMs: nowMs });
      return this.#book.done(ok({ state: "dead", untilMs: null }));
    }
    const delayMs = Math.max(failing.delayMs ?? 0, retryDelayMs(entry.attempts, random));
    entry.isHeld = false;
    entry.holder = null;
    entry.untilMs = nowMs + delayMs;
    this.#book.move(entry, "delayed");
    return this.#book.done(ok({ state: "waiting", untilMs: entry.untilMs }));
  }

  /** Ends a task, whoever works on it; what comes after it ends too. */
  cancel(seq: number, reason: string | null, nowMs: number): Outcome<Result<Stand, Problem>> {
    const entry = this.#book.entries.get(seq);
    if (entry === undefined) return this.#book.done(err(NOT_HERE));
    this.#book.end(entry, { state: "canceled", cause: "asked", reason, atMs: nowMs });
    return this.#book.done(ok({ state: "done", untilMs: null }));
  }

  /** Takes back what an agent works on, all or one: no lease of it is good any more, and none counts as an attempt. */
  recall(holder: string | null, only?: Lease): Outcome<number> {
    let recalled = 0;
    const one = only && this.#book.entries.get(only.seq);
    const held = only === undefined ? this.#book.entries.values() : one ? [one] : [];
    for (const entry of held) {
      if (!entry.isHeld || entry.holder !== holder) continue;
      if (only !== undefined && entry.token !== only.token) continue;
      if (entry.standing === "leased") entry.attempts--;
      entry.isHeld = false;
      entry.holder = null;
      this.#book.move(entry, "waiting");
      recalled++;
    }
    return this.#book.done(recalled);
  }

  /** What happens by itself: leases and delays end, deadlines pass. Bounded: `dueMs` says whether there is more. */
  tick(nowMs: number): Outcome<number> {
    const count = this.#book.whatIsDue(nowMs, (entry) => this.#fallsDue(entry, nowMs));
    return this.#book.done(count);
  }

  #fallsDue(entry: Entry, nowMs: number): void {
    const isLate = entry.deadlineMs <= nowMs;
    const wasLeased = entry.standing === "leased";
    spend(entry, Math.min(nowMs, entry.untilMs));
    const cause: EndCause | null = isLate ? "deadline" : wasLeased ? whySpent(entry) : null;
    if (cause !== null)
      return this.#book.end(entry, { state: "failed", cause, reason: null, atMs: nowMs });
    // The token of a lease that ran out stays good until somebody else is given the task: who was slow may still finish.
    this.#book.move(entry, "waiting");
  }

  #give(entry: Entry, { leaseMs, holder }: Ask, nowMs: number): Given {
    const { token } = leaseAfter(entry.token, nowMs, leaseMs);
    Object.assign(entry, { token, isHeld: true, holder, leasedAtMs: nowMs });
    entry.attempts++;
    entry.untilMs = nowMs + Math.min(leaseMs, left(entry, nowMs));
    this.#book.move(entry, "leased");
    const { seq, untilMs, attempts, lane, sharer, bytes } = entry;
    const deadlineMs = entry.deadlineMs === Infinity ? null : entry.deadlineMs;
    const [type, account] = [lane.type, sharer.account];
    return { seq, token, untilMs, attempts, type, account, deadlineMs, bytes };
  }

  /** The task, where this comes from whoever has its newest lease. */
  #held(
    { seq, token, ...speaker }: Held,
    nowMs: number,
  ): Result<Entry, Problem<"not-found" | "lease-lost">> {
    const entry = this.#book.entries.get(seq);
    if (entry === undefined) return err(NOT_HERE);
    const isTheirs = entry.isHeld && entry.token === token;
    return isTheirs && speaksFor(entry.holder, speaker) && entry.deadlineMs > nowMs
      ? ok(entry)
      : err(LEASE_LOST);
  }

  #refusal(drafts: readonly Planned[], nowMs: number): Problem | null {
    const isDraining = this.mode === "draining";
    const isTaking = nowMs - this.#tookAtMs < TAKING_MS;
    const filling = { isDraining, isTaking, ...this.#book.holding() };
    return roomFor(filling, drafts, this.#settings);
  }
}

/**
 * Whether somebody may say what becomes of a task that `holder` has (null: some key of the account): an agent only of its
 * own, an account's key of what such keys took, and of what its agents have where it may act for them.
 */
export const speaksFor = (holder: string | null, { by, forAgents = false }: Speaker): boolean =>
  holder === by || (by === null && forAgents);

/** Of its last lease: whoever took tasks as lately as this is there. */
const TAKING_MS = 60_000;
const NOT_HERE: Problem<"not-found"> = { code: "not-found" };
