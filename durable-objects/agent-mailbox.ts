import type { LeaseInput } from "#domain/mailbox/model.ts";
import type { Draft } from "#domain/mailbox/message.ts";
import type { Hop } from "#domain/delegation/hop.ts";
import type { Leased, Placed, Settled, Settlement } from "#domain/mailbox/outcome.ts";
import { groupCommit } from "#domain/shared/group-commit.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { MailboxReading } from "#objects/mailbox-reading.ts";
import { type Gone, MailboxRows, UPKEEP_EVERY_MS } from "#objects/mailbox-rows.ts";
import { HELD } from "#objects/mailbox-tables.ts";

const GROUP = {
  itemsMax: 256,
  bytesMax: 8_000_000,
  waitingMax: 2_000,
  gathersFirst: true,
} as const;
const OP_BYTES = 500;
const UPKEEP = "mailboxUpkeepMs";
const BUSY: Problem<"overloaded"> = { code: "overloaded", retryAfterS: 1 };

type Op = { bytes: number; run(rows: MailboxRows, nowMs: number): void };

/**
 * The mailbox of one agent: what many ask for at once is done in one transaction, and a lease that finds nothing may wait
 * for what comes. It sets no timer but for those who wait, and an alarm a day while it holds anything.
 */
export class AgentMailbox {
  readonly #storage: DurableObjectStorage;
  readonly #rows: MailboxRows;
  readonly #write: (ops: Op[]) => Promise<true | null>;
  /** Who waits for a message, in the order they came. */
  readonly #waiting = new Set<() => void>();
  readonly #gone: Gone[] = [];
  #hopsOf: (seqs: readonly number[]) => ReadonlyMap<number, Hop> = () => new Map();
  readonly #listeners = new Set<() => void>();

  readonly reading: MailboxReading;
  /** When to look after what is kept; null while nothing is. */
  #upkeepMs: number | null;
  readonly #wake: () => void;

  /** `wake` is called whenever something of the object may fall due sooner than before. */
  constructor(storage: DurableObjectStorage, wake: () => void, nowMs: () => number = Date.now) {
    this.#storage = storage;
    this.#wake = wake;
    this.#upkeepMs = storage.kv.get<number>(UPKEEP) ?? null;
    this.reading = new MailboxReading(storage.sql);
    this.#rows = new MailboxRows(storage.sql, (...gone) => {
      for (const tell of this.#gone) tell(...gone);
    });
    this.#write = groupCommit(
      GROUP,
      async (ops) => this.#writeAll(ops, nowMs()),
      // One turn: whoever has come meanwhile shares the write to disk, which is most of what a message costs.
      () => scheduler.wait(0),
    );
  }

  /** Called whenever there is something to be given out that was not there before. */
  onReady(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether a lease may find something now, and when one may again. */
  get hasReady(): boolean {
    return this.#rows.hasReady;
  }
  get readyMs(): number {
    return this.#rows.dueMs;
  }

  async put(drafts: readonly Draft[]): Promise<Result<Placed, Problem>[]> {
    const bytes = drafts.reduce((sum, draft) => sum + OP_BYTES + draft.bytes, 0);
    const placed = await this.#do(bytes, (rows, nowMs) =>
      drafts.map((draft) => rows.put(draft, nowMs)),
    );
    return placed ?? drafts.map(() => err(BUSY));
  }

  async settle(all: readonly Settlement[]): Promise<Result<Settled, Problem>[]> {
    const settled = await this.#do(OP_BYTES * all.length, (rows, nowMs) =>
      all.map((one) => rows.settle(one, nowMs)),
    );
    return settled ?? all.map(() => err(BUSY));
  }

  /** The next messages; with `waitMs` the first to come in that time where there are none. */
  async lease({ limit, leaseMs, waitMs }: LeaseInput): Promise<Result<Leased[], Problem>> {
    const endsAtMs = Date.now() + waitMs;
    for (;;) {
      const leased = await this.#do(OP_BYTES * limit, (rows, nowMs) =>
        rows.lease(limit, leaseMs, nowMs),
      );
      if (leased === null) return err(BUSY);
      const leftMs = endsAtMs - Date.now();
      if (leased.length > 0) return ok(this.#withHops(leased));
      if (leftMs <= 0) return ok(leased);
      // What came behind it in the same transaction woke nobody.
      if (this.#rows.hasReady) continue;
      if (this.#waiting.size >= LIMITS.pollsMax)
        return err({ code: "too-many-requests", detail: "too many wait here", retryAfterS: 1 });
      await this.#something(Math.min(leftMs, Math.max(this.#rows.dueMs - Date.now(), 1)));
    }
  }

  /** Asked for the delegations under which messages came. */
  whoDelegated(hopsOf: (seqs: readonly number[]) => ReadonlyMap<number, Hop>): void {
    this.#hopsOf = hopsOf;
  }

  #withHops(leased: Leased[]): Leased[] {
    const hops = this.#hopsOf(leased.map(({ seq }) => seq));
    if (hops.size === 0) return leased;
    return leased.map((one) => ({ ...one, hop: hops.get(one.seq) ?? null }));
  }

  async drop(seq: number): Promise<Result<null, Problem>> {
    return (await this.#do(OP_BYTES, (rows) => rows.drop(seq))) ?? err(BUSY);
  }

  /** How many dead letters were put back. */
  async redrive(seqs: readonly number[] | null): Promise<Result<number, Problem>> {
    const redriven = await this.#do(OP_BYTES, (rows, nowMs) => rows.redrive(seqs, nowMs));
    return redriven === null ? err(BUSY) : ok(redriven);
  }

  dueMs(): number | null {
    return this.#upkeepMs;
  }

  async work(): Promise<void> {
    await this.#do(OP_BYTES, (rows, nowMs) => this.#lookAgain(rows.upkeep(nowMs)));
  }

  #lookAgain(atMs: number | null): true {
    this.#upkeepMs = atMs;
    if (atMs === null) this.#storage.kv.delete(UPKEEP);
    else this.#storage.kv.put(UPKEEP, atMs);
    return true;
  }

  /** Ends when there may be something, or when the time is over. */
  async #something(forMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, forMs);
    this.#waiting.add(resolve);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }

  /** How many messages are being worked on. */
  leases(nowMs: number): number {
    return this.#storage.sql
      .exec<{ n: number }>(
        `SELECT count(*) AS n FROM message WHERE state = ${HELD} AND token > 0 AND until_ms > ?`,
        nowMs,
      )
      .one().n;
  }

  /** Takes everything back that is being worked on: it waits to be given out again, and no lease is good any more. */
  recall(): void {
    this.#storage.transactionSync(() => this.#rows.recall());
  }

  /** Called for each message that is done with or dead, inside the transaction that made it so. */
  whenGone(gone: Gone): void {
    this.#gone.push(gone);
  }

  /** Work on the messages and on what else lies in the object, all in one transaction; null where too much waits. */
  async within<T>(bytes: number, work: (rows: MailboxRows, nowMs: number) => T): Promise<T | null> {
    return await this.#do(OP_BYTES + bytes, work);
  }

  async #do<T>(bytes: number, work: (rows: MailboxRows, nowMs: number) => T): Promise<T | null> {
    let done: { value: T } | null = null;
    const run = (rows: MailboxRows, nowMs: number) => {
      done = { value: work(rows, nowMs) };
    };
    const written = await this.#write([{ bytes, run }]);
    return written === null ? null : ((done as { value: T } | null)?.value ?? null);
  }

  #writeAll(ops: readonly Op[], nowMs: number): true {
    let ended = { ready: 0, isSooner: false };
    const dueMs = this.#upkeepMs;
    try {
      ended = this.#storage.transactionSync(() => {
        this.#rows.begin(nowMs);
        for (const op of ops) op.run(this.#rows, nowMs);
        if (this.#upkeepMs === null && this.#rows.keepsSomething())
          this.#lookAgain(nowMs + UPKEEP_EVERY_MS);
        return this.#rows.end();
      });
    } catch (error) {
      this.#rows.forget();
      this.#upkeepMs = dueMs;
      throw error;
    }
    const { ready, isSooner } = ended;
    if (isSooner || (dueMs === null && this.#upkeepMs !== null)) this.#wake();
    if (ready > 0) this.#tell(ready);
    // Whoever waits for what falls due does so for less long now.
    if (isSooner) this.#tellWaiting(this.#waiting.size);
    return true;
  }

  #tell(ready: number): void {
    for (const listener of this.#listeners) listener();
    this.#tellWaiting(ready);
  }

  #tellWaiting(atMost: number): void {
    let left = atMost;
    for (const wake of this.#waiting) {
      if (left-- <= 0) break;
      this.#waiting.delete(wake);
      wake();
    }
  }
}
