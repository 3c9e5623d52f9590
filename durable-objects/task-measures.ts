import { accountGathering, gathering, type Meter } from "#domain/metrics/gathering.ts";
import type { Depth } from "#domain/scheduling/queue.ts";
import type { Change } from "#domain/scheduling/row.ts";
import { queueFrom } from "#domain/tasks/task-id.ts";

/**
 * What is measured of a shard's tasks: by pool for the platform, accounts' own pools together, and by account for each
 * account. Meters are held on to: a task's life is several changes.
 */
export class TaskMeasures {
  readonly #pool: string;
  /** Of an account's own pool. */
  readonly #own: string | null;
  readonly #meters = new Map<string, Meter>();

  constructor(shard: string) {
    const queue = queueFrom(shard);
    this.#pool = queue?.pool ?? "unknown";
    this.#own = queue?.account ?? null;
  }

  note(change: Change, nowMs: number): void {
    if (change.kind === "moved") return;
    if (change.kind !== "ended")
      return this.#count(change.kind === "added" ? "submitted" : "redriven", nowMs);
    const { state, atMs } = change.end;
    this.#count(state, nowMs);
    const { leasedAtMs } = change.moving;
    if (leasedAtMs === 0 || state === "canceled") return;
    const outcome = state === "completed" ? "ok" : "failed";
    const tookS = Math.max(0, atMs - leasedAtMs) / 1_000;
    const pool = this.#pool;
    const took = this.#held(outcome, () =>
      gathering.meter("wishub_task_duration_seconds", { pool, outcome }),
    );
    gathering.write(took, tookS, nowMs);
    const account = this.#own ?? change.account;
    const meter = () =>
      accountGathering.meter("wishub_account_task_duration_seconds", { account, pool, outcome });
    const its = this.#own === null ? meter() : this.#held(`own ${outcome}`, meter);
    accountGathering.write(its, tookS, nowMs);
  }

  #count(state: string, nowMs: number): void {
    const pool = this.#pool;
    const meter = this.#held(state, () => gathering.meter("wishub_tasks_total", { pool, state }));
    gathering.write(meter, 1, nowMs);
  }

  /** How much there is to do; of several shards and accounts, the series shows the most and the newest. */
  depth({ waiting, leased }: Depth, nowMs: number): void {
    const queue = `tasks-${this.#pool}`;
    const backlog = this.#held("backlog", () => gathering.meter("wishub_queue_backlog", { queue }));
    gathering.write(backlog, waiting, nowMs);
    const working = this.#held("leased", () => gathering.meter("wishub_tasks_leased", { queue }));
    gathering.write(working, leased, nowMs);
    const account = this.#own;
    if (account === null) return;
    const its = this.#held("own backlog", () =>
      accountGathering.meter("wishub_account_queue_backlog", { account, queue }),
    );
    accountGathering.write(its, waiting, nowMs);
  }

  /** There are as many as a pool has states and outcomes. */
  #held(name: string, make: () => Meter): Meter {
    let meter = this.#meters.get(name);
    if (meter === undefined) this.#meters.set(name, (meter = make()));
    return meter;
  }
}
