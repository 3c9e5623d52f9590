import { shardOf } from "#domain/metrics/series.ts";
import { addCounts, type Caller, type Counts, hourOf, type UseRow } from "./use.ts";

/** Accounts are spread over so many lanes; a lane's accounts always lie in one partition of the log. */
export const LANES = 16;
export const laneOf = (accountId: string): number => shardOf(accountId, LANES);

/**
 * What one isolate counted of one lane since it told last. `seq` counts an isolate's batches of a lane from 1, so that
 * whoever reads one twice knows it. `madeAtMs`: when it was made.
 */
export type UsageBatch = {
  isolate: string;
  lane: number;
  seq: number;
  madeAtMs: number;
  uses: UseRow[];
};

/** Rows of one batch: some 100 bytes each, and an event may have 64 kB. */
export const ROWS_MAX = 400;
/** Kinds of uses that one isolate holds before it tells; what is more is not billed, and counted as dropped. */
const HELD_MAX = 20_000;

type Held = Counts & { accountId: string; caller: Caller; operation: string; hourMs: number };
/** Of an account, by operation: one for each kind of caller and hour, which are few. */
type HeldOf = Map<string, Held[]>;

/** What an isolate has metered and not told yet. It reads no clock and draws no lots. */
export class UsageGathering {
  #held = new Map<string, HeldOf>();
  #kinds = 0;
  readonly #seqs = Array.from({ length: LANES }, () => 0);
  dropped = 0;

  add(accountId: string, caller: Caller, operation: string, counts: Counts, nowMs: number): void {
    const hourMs = hourOf(nowMs);
    let account = this.#held.get(accountId);
    const held = account?.get(operation);
    const known = held?.find((one) => one.caller === caller && one.hourMs === hourMs);
    if (known !== undefined) return addCounts(known, counts);
    if (this.#kinds >= HELD_MAX) {
      this.dropped += counts.calls;
      return;
    }
    this.#kinds++;
    const made = { accountId, caller, operation, hourMs, ...counts };
    if (account === undefined) this.#held.set(accountId, (account = new Map()));
    if (held === undefined) account.set(operation, [made]);
    else held.push(made);
  }

  get isEmpty(): boolean {
    return this.#kinds === 0;
  }

  /** All that was not told yet, in batches to be handed over, again and again until they are taken. */
  take(isolate: string, nowMs: number): UsageBatch[] {
    const all = [...this.#held.values()].flatMap((account) => [...account.values()].flat());
    const byLane = Map.groupBy(all, ({ accountId }) => laneOf(accountId));
    this.#held = new Map();
    this.#kinds = 0;
    return [...byLane].flatMap(([lane, its]) => {
      const batches: UsageBatch[] = [];
      for (let at = 0; at < its.length; at += ROWS_MAX) {
        const seq = (this.#seqs[lane] ?? 0) + 1;
        this.#seqs[lane] = seq;
        const uses = its.slice(at, at + ROWS_MAX).map(rowOf);
        batches.push({ isolate, lane, seq, madeAtMs: nowMs, uses });
      }
      return batches;
    });
  }
}

const rowOf = ({ accountId, caller, operation, hourMs, calls, failed, units }: Held): UseRow => [
  accountId,
  caller,
  operation,
  hourMs,
  calls,
  failed,
  units,
];

/** The one of this isolate. */
export const usageGathering = new UsageGathering();
