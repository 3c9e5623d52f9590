import type { TaskRow } from "#domain/scheduling/row.ts";
import { WEIGHTS } from "#scripts/simulate/tasks/shard.ts";

/** By how much one account is ahead of another since both have had something to do: now, at least and at most. */
type Lead = { now: number; least: number; most: number };

const COST_MAX = 3;
const weightOf = (account: string): number => WEIGHTS[account] ?? 1;

/**
 * In any stretch of time in which two accounts always have something to do, what they get by weight differs by no more
 * than one task of each (start-time fair queueing, Goyal, Vin & Cheng 1996, theorem 1).
 */
export class Fairness {
  readonly #leads = new Map<string, Lead>();

  /** A task is given out; `left` is all that could have been, itself among it. */
  gave(row: TaskRow, left: Iterable<TaskRow>, look: (isKept: boolean, what: string) => void): void {
    const others = new Set<string>();
    for (const { account } of left) others.add(account);
    others.delete(row.account);
    for (const other of others) {
      const lead = this.#leadOf(row.account, other);
      const sign = row.account < other ? 1 : -1;
      lead.now += (sign * row.cost) / weightOf(row.account);
      lead.least = Math.min(lead.least, lead.now);
      lead.most = Math.max(lead.most, lead.now);
      const bound = COST_MAX / weightOf(row.account) + COST_MAX / weightOf(other);
      const apart = lead.most - lead.least;
      look(apart <= bound + 1e-9, `${row.account} and ${other} are ${apart} apart`);
    }
  }

  reset(): void {
    this.#leads.clear();
  }

  /** Whoever has nothing left that waits begins anew. */
  changed(open: ReadonlyMap<number, TaskRow>): void {
    if (this.#leads.size === 0) return;
    const there = new Set<string>();
    for (const { standing, account } of open.values())
      if (standing === "waiting") there.add(account);
    for (const pair of this.#leads.keys()) {
      const [a = "", b = ""] = pair.split(" ");
      if (!there.has(a) || !there.has(b)) this.#leads.delete(pair);
    }
  }

  #leadOf(a: string, b: string): Lead {
    const pair = a < b ? `${a} ${b}` : `${b} ${a}`;
    let lead = this.#leads.get(pair);
    if (lead === undefined) this.#leads.set(pair, (lead = { now: 0, least: 0, most: 0 }));
    return lead;
  }
}
