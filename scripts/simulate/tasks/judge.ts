import type { Ask, Given, Held, Queue } from "#domain/scheduling/queue.ts";
import type { Change, TaskRow } from "#domain/scheduling/row.ts";
import type { Result } from "#domain/shared/result.ts";
import { Fairness } from "#scripts/simulate/tasks/fairness.ts";
import type { Shard, ShardDisk, Written } from "#scripts/simulate/tasks/shard.ts";

/** What is promised, and how often each promise was looked at and broken. */
export const PROMISES = {
  lost: "a task that was taken is there until it has ended, and ends",
  twice: "a task ends once, and is done once",
  fenced: "a lease has a token newer than any before it, and nobody else's word counts",
  order:
    "nothing stands before what is as urgent, as old and as near; nobody who could work is idle",
  fair: "accounts that have something to do get by their weights, to within a task of each",
  kept: "what is in memory is what is on the disk, also after a kill",
  reserved: "no machine is overbooked, and no reservation outlives its lease",
} as const;
export type Promised = keyof typeof PROMISES;
export type Tally = Record<Promised, { checked: number; broken: number }>;

const EXAMPLES_MAX = 5;
/** Nine steps of a minute, and what being near is worth: nothing that is older is overtaken by what is so much younger. */
const OVERTAKEN_MS = 600_000;

/** Looks at what the queues do, by what they wrote down and by what they told; it knows nothing of how they decide. */
export class Judge {
  readonly tally = Object.fromEntries(
    Object.keys(PROMISES).map((name) => [name, { checked: 0, broken: 0 }]),
  ) as Tally;
  readonly examples: string[] = [];
  readonly #fairness = new Map<Shard, Fairness>();
  readonly #newest = new Map<string, number>();
  readonly #done = new Set<string>();
  readonly #promised = new Map<Shard, Set<number>>();

  check(promised: Promised, isKept: boolean, example: () => string): void {
    const tally = this.tally[promised];
    tally.checked++;
    if (isKept) return;
    tally.broken++;
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(`${promised}: ${example()}`);
  }

  /** `isPlain`: every agent can do everything, so that shares are what decides. */
  watch(shard: Shard, isPlain: boolean): void {
    this.#promised.set(shard, new Set());
    if (isPlain) {
      const fairness = new Fairness();
      this.#fairness.set(shard, fairness);
      shard.onChanged = ({ stored }) => fairness.changed(stored.open);
    }
    shard.onWritten = (change, disk) => this.#written(shard, change, disk);
    shard.onLoaded = (queue, disk) => {
      this.#fairness.get(shard)?.reset();
      this.same(queue, disk);
      this.#allThere(shard);
    };
  }

  enqueued(seqs: number[] | null, rows: readonly Change[], { mode, stored }: ShardDisk): void {
    const added = rows.filter(({ kind }) => kind === "added").length;
    if (seqs === null) this.check("lost", added === 0, () => "refused and yet taken");
    if (mode === "draining")
      this.check("order", added === 0, () => "taken by a queue that is draining");
    if (added === 0) return;
    const isNew = seqs?.every((seq) => !stored.open.has(seq) && !stored.ended.has(seq));
    this.check("twice", isNew === true, () => `${seqs?.join()}: a place given twice`);
  }

  /** Somebody was told that these are taken. */
  promised(shard: Shard, seqs: readonly number[]): void {
    for (const seq of seqs) this.#promised.get(shard)?.add(seq);
  }

  /** A lease, as it was decided; `disk` is what was there before it. */
  leased(shard: Shard, ask: Ask, given: readonly Given[], disk: ShardDisk, nowMs: number): void {
    const { open, ended } = disk.stored;
    const left = new Set<TaskRow>();
    for (const row of open.values()) if (isFor(row, ask, nowMs)) left.add(row);
    for (const { seq, token, untilMs, attempts } of given) {
      const row = open.get(seq);
      const name = () => `${shard.name} ${seq} (token ${token})`;
      this.check("order", row !== undefined && left.has(row), () => `${name()} was not for them`);
      if (row === undefined) continue;
      this.check("fenced", token > row.token, () => `${name()} after ${row.token}`);
      this.check("fenced", untilMs <= nowMs + ask.leaseMs, () => `${name()} lasts too long`);
      this.check(
        "twice",
        attempts <= row.attemptsMax && attempts === row.attempts + 1,
        () => `${name()} attempt ${attempts} of ${row.attemptsMax}`,
      );
      this.check(
        "order",
        row.after.every((one) => ended.get(one)?.end.state === "completed"),
        () => `${name()} before what it comes after`,
      );
      const passed = [...left].find((other) => standsBefore(other, row, ask.near));
      this.check("order", passed === undefined, () => `${name()} before ${passed?.seq}`);
      this.#fairness.get(shard)?.gave(row, left, (isKept, what) => {
        this.check("fair", isKept, () => `${name()} ${what}`);
      });
      left.delete(row);
    }
    if (disk.mode === "paused")
      this.check("order", given.length === 0, () => `${shard.name} is paused and gives`);
    else if (given.length < ask.limit)
      this.check(
        "order",
        left.size === 0,
        () => `${shard.name} gave ${given.length} and kept ${left.size}`,
      );
  }

  /** Somebody was told that they have these. */
  gave(shard: Shard, given: readonly Given[]): void {
    for (const { seq, token } of given) {
      const name = `${shard.name} ${seq}`;
      const before = this.#newest.get(name) ?? 0;
      this.check("fenced", token > before, () => `${name}: ${token} was told after ${before}`);
      this.#newest.set(name, token);
    }
  }

  /** Whoever has the newest lease is heard, and nobody else. */
  said(
    shard: Shard,
    { seq, token, by }: Held,
    answer: Result<unknown, unknown>,
    { stored }: ShardDisk,
    nowMs: number,
  ): void {
    const row = stored.open.get(seq);
    const isTheirs =
      row !== undefined &&
      row.isHeld &&
      row.token === token &&
      row.holder === by &&
      (row.deadlineMs === null || row.deadlineMs > nowMs);
    const name = () =>
      `${shard.name} ${seq}: token ${token} ${answer.ok ? "was" : "was not"} heard`;
    this.check("fenced", answer.ok === isTheirs, name);
    const newest = this.#newest.get(`${shard.name} ${seq}`) ?? 0;
    if (answer.ok) this.check("fenced", token >= newest, () => `${name()}, after ${newest}`);
  }

  /** Somebody was told that it is done. */
  completed(shard: Shard, { seq, token }: Held): void {
    const name = `${shard.name} ${seq}`;
    this.check("twice", !this.#done.has(name), () => `${name} was done again (token ${token})`);
    this.#done.add(name);
  }

  /** Memory against storage, task by task. */
  same(queue: Queue, { stored, mode }: ShardDisk): void {
    const { waiting, delayed, blocked, leased } = queue.depth;
    const all = waiting + delayed + blocked + leased;
    this.check("kept", all === stored.open.size && queue.mode === mode, () => "counts differ");
    for (const row of stored.open.values()) {
      const kept = queue.look(row.seq, 0)?.moving;
      const isSame =
        kept !== undefined &&
        kept.standing === row.standing &&
        kept.token === row.token &&
        kept.isHeld === row.isHeld &&
        kept.holder === row.holder &&
        kept.untilMs === row.untilMs &&
        kept.attempts === row.attempts &&
        kept.spentMs === row.spentMs;
      this.check("kept", isSame, () => `${JSON.stringify(kept)} in memory of ${row.seq}`);
    }
  }

  /** After all has come to rest. */
  settled(shard: Shard): void {
    const { stored } = shard.durable;
    this.#allThere(shard);
    this.check("lost", stored.open.size === 0, () => {
      const [row] = stored.open.values();
      return `${shard.name}: ${stored.open.size} are open for ever, as ${JSON.stringify(row)}`;
    });
    for (const [seq, { end, row }] of stored.ended) {
      const name = `${shard.name} ${seq}`;
      const isDone = end.state === "completed";
      this.check("twice", isDone === this.#done.has(name), () => `${name} ${end.state}`);
      if (end.cause === "attempts")
        this.check("lost", row.attempts >= row.attemptsMax, () => `${name} was given up early`);
      if (end.cause === "deadline")
        this.check("lost", row.deadlineMs !== null, () => `${name} had no deadline`);
    }
  }

  #allThere(shard: Shard): void {
    const { open, ended } = shard.durable.stored;
    for (const seq of this.#promised.get(shard) ?? [])
      this.check("lost", open.has(seq) || ended.has(seq), () => `${shard.name} ${seq} is gone`);
  }

  #written(shard: Shard, { rows }: Written, { stored }: ShardDisk): void {
    for (const change of rows) {
      if (change.kind !== "ended") continue;
      const found = stored.ended.get(change.seq);
      this.check(
        "twice",
        found?.end === change.end,
        () => `${shard.name} ${change.seq} ended again`,
      );
    }
  }
}

function isFor(row: TaskRow, { types, capabilities }: Ask, nowMs: number): boolean {
  return (
    row.standing === "waiting" &&
    types.includes(row.type) &&
    row.requires.every((one) => capabilities.includes(one)) &&
    (row.deadlineMs === null || row.deadlineMs > nowMs)
  );
}

/** Of one account: as urgent, as old and as near, and older in its queue; or so old that nothing may overtake it. */
function standsBefore(one: TaskRow, given: TaskRow, near: string | null): boolean {
  if (one === given || one.account !== given.account) return false;
  const isNear = ({ near: there }: TaskRow) => there !== null && there === near;
  const isAsNear = isNear(one) || !isNear(given);
  const isAsGood =
    one.priority >= given.priority && one.createdAtMs <= given.createdAtMs && isAsNear;
  const isBetter =
    one.priority > given.priority ||
    one.createdAtMs < given.createdAtMs ||
    (isNear(one) && !isNear(given)) ||
    one.seq < given.seq;
  return (isAsGood && isBetter) || given.createdAtMs - one.createdAtMs > OVERTAKEN_MS;
}
