import { DurableObject } from "cloudflare:workers";
import { type Ask, type Depth, type Lease, type Mode, Queue } from "#domain/scheduling/queue.ts";
import { OWN_QUEUE, SHARED_QUEUE } from "#domain/tasks/queue-settings.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import {
  type Once,
  type TaskDraft,
  type TaskHeld,
  type TaskLeased,
  type TaskPlaced,
  type TaskSettled,
  type TaskShown,
} from "#domain/tasks/record.ts";
import type { CallbackGivenUp } from "#domain/tasks/callback.ts";
import type { TaskSettlement } from "#domain/tasks/settlement.ts";
import { queueFrom } from "#domain/tasks/task-id.ts";
import type { QueueDepth } from "#domain/tasks/depth.ts";
import type { TaskPage, TaskPageAsked } from "#domain/tasks/listing.ts";
import type { Mark, TaskNews } from "#domain/tasks/news.ts";
import type { Subscription } from "#domain/tasks/subscription.ts";
import { redrivable } from "#objects/task-pages.ts";
import { TaskReading } from "#objects/task-reading.ts";
import { TASK_TELLING_STEPS, TaskTelling } from "#objects/task-telling.ts";
import type { Load } from "#domain/tasks/shards.ts";
import { migrate } from "#objects/migrate.ts";
import { TaskCommands } from "#objects/task-commands.ts";
import { TaskPool } from "#objects/task-pool.ts";
import { TaskEnded } from "#objects/task-ended.ts";
import { BUSY, LATER, type Op, OP_BYTES, taskGroup } from "#objects/task-group.ts";
import { TaskRows } from "#objects/task-rows.ts";
import { MODE, modeIn, TaskSiblings } from "#objects/task-siblings.ts";
import { TaskSeen } from "#objects/task-seen.ts";
import { TASK_STEP } from "#objects/task-tables.ts";
import { ownLink } from "#objects/tracing.ts";
import { TaskWaiters } from "#objects/task-waiters.ts";
import { TaskWakeUps } from "#objects/task-wakeups.ts";

/** Append-only. */
const STEPS = [TASK_STEP, ...TASK_TELLING_STEPS];
const NOT_HERE: Problem<"not-found"> = { code: "not-found" };
/**
 * One shard of a queue of tasks. What is open lies in memory, decided on by domain/scheduling; what many ask for at once
 * is stored in one transaction, and nobody is answered before it is. Where that fails, memory is loaded again.
 */
export class TaskQueue extends DurableObject<Env> {
  readonly #own: string | null;
  readonly #rows: TaskRows;
  readonly #commands: TaskCommands;
  readonly #telling: TaskTelling;
  readonly #reading: TaskReading;
  readonly #waiters = new TaskWaiters();
  /** Of a pool of heavy jobs, which backends pull. */
  readonly #wakeUps: TaskWakeUps | null;
  readonly #pool: TaskPool;
  readonly #siblings: TaskSiblings;
  readonly #write: (ops: Op[]) => Promise<true | null>;
  #queue: Queue | null = null;
  readonly #ended: TaskEnded;
  /** When the alarm will ring, as far as is known. */
  #armedMs = Infinity;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { storage } = ctx;
    const name = queueFrom(ctx.id.name ?? "");
    this.#own = name?.account ?? null;
    this.#wakeUps = name?.pool === "gpu" ? new TaskWakeUps(storage, env, name) : null;
    this.#pool = new TaskPool(env, ctx.id.name ?? "");
    this.#siblings = new TaskSiblings(ctx, env, name);
    this.#rows = new TaskRows(storage, this.#own);
    const recall = (agentId: string, only?: Lease) => void this.recall(agentId, only);
    const needs = { sql: storage.sql, env, queue: name, rows: this.#rows };
    this.#telling = new TaskTelling({ ...needs, recall });
    const seen = new TaskSeen(storage.sql);
    this.#commands = new TaskCommands(this.#rows, seen, this.#telling, this.#own, this.#pool);
    const opened = () => (this.#isMade() ? this.#open() : null);
    const [commands, telling] = [this.#commands, this.#telling];
    this.#reading = new TaskReading({ ...needs, own: this.#own, commands, telling, opened });
    this.#ended = new TaskEnded(storage, this.#rows, (seqs) => this.#telling.purged(seqs));
    this.#write = taskGroup((ops) => this.#writeAll(ops));
  }

  /**
   * Takes tasks in, all or none; those that came before under the same key are answered again. `placed` is null where
   * what has a key goes to another shard, as `load` says.
   */
  async create(
    drafts: TaskDraft[],
    once: Once | null,
  ): Promise<Result<{ placed: TaskPlaced[] | null; load: Load }, Problem>> {
    if (await this.#siblings.isElsewhere(once)) return ok({ placed: null, load: this.load() });
    const refusal = this.#pool.refusal(drafts, Date.now());
    if (refusal !== null) return err(refusal);
    const bytes = drafts.reduce((sum, draft) => sum + OP_BYTES + draft.bytes, 0);
    const trace = ownLink();
    const placed = await this.#do(bytes, (queue, nowMs) =>
      this.#commands.create(queue, { drafts, once, trace }, nowMs),
    );
    if (placed === null) return err(BUSY);
    return placed.ok ? ok({ placed: placed.value, load: this.load() }) : placed;
  }

  /** What was made here under a key; null where nothing was. */
  async known(drafts: number, once: Once): Promise<Result<TaskPlaced[], Problem> | null> {
    if (!this.#isMade()) return null;
    return await this.#do(OP_BYTES, (queue, nowMs) =>
      this.#commands.known(queue, drafts, once, nowMs),
    );
  }

  /**
   * The next tasks for whoever asks; with `waitMs` the first to come in that time where there are none. `look`: none
   * here, but that shard may have some, which whoever had heard so much as `news` (Load) did not know.
   */
  async lease(
    ask: Ask,
    waitMs: number,
    news?: number,
  ): Promise<Result<{ tasks: TaskLeased[]; look: number | null; load: Load }, Problem>> {
    const endsAtMs = Date.now() + waitMs;
    for (;;) {
      const tasks = await this.#do(
        OP_BYTES * ask.limit,
        (queue, nowMs) => this.#commands.lease(queue, ask, nowMs) ?? LATER,
      );
      if (tasks === null) return err(BUSY);
      if (tasks === LATER) continue;
      const leftMs = endsAtMs - Date.now();
      if (tasks.length > 0 || leftMs <= 0) return ok({ tasks, look: null, load: this.load() });
      // What came behind it in the same transaction woke nobody.
      if (this.#open().hasFor(ask)) continue;
      if (this.#waiters.size >= LIMITS.taskPollsMax)
        return err({ code: "too-many-requests", detail: "too many wait here", retryAfterS: 1 });
      // Whoever knows of one shard only is told of the others first.
      const known = news === undefined ? this.#siblings.other : this.#waiters.since(ask, news);
      const look = known ?? (await this.#waiters.forOne(ask, leftMs));
      if (look !== null) return ok({ tasks: [], look, load: this.load() });
    }
  }

  /** The next job for a backend that comes with a wake-up's secret, which is good for one; null: none of those that wait is for it. */
  async claim(secret: string, ask: Ask): Promise<Result<TaskLeased | null, Problem>> {
    const wakeUps = this.#wakeUps;
    if (wakeUps === null || !this.#isMade()) return err(NOT_HERE);
    const claimed = await this.#do(OP_BYTES, (queue, nowMs): Result<TaskLeased | null, Problem> => {
      if (!wakeUps.holds(secret)) return err(NOT_HERE);
      const [task = null] = this.#commands.lease(queue, { ...ask, limit: 1 }, nowMs) ?? [];
      const isSpent = task !== null || queue.depth.waiting === 0;
      if (isSpent) wakeUps.spend(secret);
      return isSpent && task === null ? err(NOT_HERE) : ok(task);
    });
    return claimed ?? err(BUSY);
  }

  /** What whoever has this lease works on. `isDone`: they have said so already. */
  held(seq: number, token: number): Result<TaskHeld, Problem> {
    return this.#isMade() ? this.#commands.held(seq, token) : err(NOT_HERE);
  }

  load(): Load {
    const { news } = this.#waiters;
    return { open: this.#queue?.open ?? 0, shards: this.#siblings.shards, news };
  }

  /** Another shard of the pool has tasks of these types. */
  heard(shard: number, types: string[]): void {
    this.#waiters.lookAt(shard, types);
  }
  /** `mode`: that of a shard that is new. */
  async setShards(shards: number, mode: Mode | null): Promise<void> {
    this.#siblings.shards = shards;
    if (mode !== null && mode !== modeIn(this.ctx.storage)) await this.setMode(mode);
  }
  async grow(from: number): Promise<number> {
    return await this.#siblings.grow(from, () => modeIn(this.ctx.storage));
  }

  /** What those who work on tasks say of them, each in its place. */
  async settle(all: TaskSettlement[]): Promise<Result<TaskSettled, Problem>[]> {
    const bytes = all.reduce(
      (sum, { said }) => sum + OP_BYTES + (said.how === "complete" ? said.result.length : 0),
      0,
    );
    const settled = await this.#do(bytes, (queue, nowMs) =>
      all.map((one) => this.#commands.settle(queue, one, nowMs)),
    );
    return settled ?? all.map(() => err(BUSY));
  }

  /** Ends a task whatever it does; one that has ended stays as it is. */
  async cancel(
    seq: number,
    account: string | null,
    reason: string | null,
  ): Promise<Result<TaskSettled, Problem>> {
    const canceled = await this.#do(OP_BYTES, (queue, nowMs) =>
      this.#commands.cancel(queue, seq, { account, reason }, nowMs),
    );
    return canceled ?? err(BUSY);
  }

  show(seq: number, account: string | null): TaskShown | null {
    return this.#reading.show(seq, account);
  }

  /** What is new of a task since a mark, waiting so long for some; null where it is not there, or too many wait. */
  async news(seq: number, account: string, after: Mark, waitMs: number): Promise<TaskNews | null> {
    return await this.#telling.news(seq, () => this.show(seq, account), after, waitMs);
  }

  page(asked: TaskPageAsked): TaskPage {
    return this.#reading.page(asked);
  }
  outcome(seq: number, account: string | null): ReturnType<TaskReading["outcome"]> {
    return this.#reading.outcome(seq, account);
  }
  contents(seq: number, account: string): ReturnType<TaskReading["contents"]> {
    return this.#reading.contents(seq, account);
  }

  depth(): Depth {
    return this.#isMade() ? this.#open().depth : new Queue(SHARED_QUEUE).depth;
  }

  /** The same of one account, where several share the queue. */
  depthOf(account: string): QueueDepth {
    return this.#reading.depthOf(account) ?? { ...this.depth(), failed: 0, oldestMs: null };
  }

  /** Puts failed tasks of an account back: these, or the oldest. Answers how many. */
  async redrive(account: string, seqs: number[] | null): Promise<Result<number, Problem>> {
    const { sql } = this.ctx.storage;
    const redriven = await this.#do(OP_BYTES * LIMITS.tasksPerCallMax, (queue, nowMs) =>
      this.#commands.redrive(queue, redrivable(sql, this.#own, account, seqs), nowMs),
    );
    return redriven ?? err(BUSY);
  }

  /** Callbacks of tasks here were given up; false where that could not be stored. */
  async callbacksGivenUp(all: CallbackGivenUp[]): Promise<boolean> {
    return (await this.#do(OP_BYTES * all.length, () => this.#telling.gaveUp(all))) ?? false;
  }

  /** Takes back what an agent has, all or under one lease; it does not count as an attempt. `null`: whoever is no agent. */
  async recall(holder: string | null, only?: Lease): Promise<void> {
    if (this.#isMade())
      await this.#do(OP_BYTES, (queue) => this.#commands.recall(queue, holder, only));
  }

  /** Which tasks an agent is sent; null: none any more. False where too many are sent some. */
  async subscribe(agentId: string, subscription: Subscription | null): Promise<boolean> {
    const set = () => this.#telling.subscribe(agentId, subscription);
    return (await this.#do(OP_BYTES, set)) ?? false;
  }

  subscription(agentId: string): Subscription | null {
    if (!this.#isMade()) return null;
    this.#open();
    return this.#telling.subscription(agentId);
  }

  /** Whether a long result may come from whoever says so. */
  async expectResult(
    held: Omit<TaskSettlement, "said">,
    prefix: string,
  ): Promise<Result<null, Problem>> {
    const expected = await this.#do(OP_BYTES, (queue) =>
      this.#commands.expectResult(queue, held, prefix),
    );
    return expected ?? err(BUSY);
  }

  async setMode(mode: Mode): Promise<void> {
    await this.#do(OP_BYTES, (queue) => {
      queue.mode = mode;
      this.ctx.storage.kv.put(MODE, mode);
    });
    this.#waiters.wake(Infinity, (leaser) => this.#open().hasFor(leaser));
  }

  /** Leases and delays end, deadlines pass, and what ended long ago is forgotten. */
  override async alarm(): Promise<void> {
    this.#armedMs = Infinity;
    if (!this.#isMade()) return;
    do await this.#do(0, () => null);
    while (this.#open().dueMs <= Date.now());
    await this.#wakeUps?.send(Date.now());
    await this.#telling.work(Date.now());
    this.#ended.upkeep(this.#open(), Date.now());
    await this.#pool.tell(this.#open().depth, Date.now());
    await this.#arm();
  }

  async #do<T>(bytes: number, work: (queue: Queue, nowMs: number) => T): Promise<T | null> {
    let done: { value: T } | null = null;
    const run = (queue: Queue, nowMs: number) => {
      done = { value: work(queue, nowMs) };
    };
    const askedMs = Date.now();
    const written = await this.#write([{ bytes, run }]);
    const open = this.#queue?.open ?? 0;
    // The shards that came later would not know of those who are sent tasks.
    if (!this.#telling.sends) this.#siblings.answered(Date.now() - askedMs, open, Date.now());
    return written === null ? null : ((done as { value: T } | null)?.value ?? null);
  }

  #writeAll(ops: readonly Op[]): true {
    const queue = this.#open();
    const nowMs = Date.now();
    this.#commands.begin(nowMs);
    try {
      this.ctx.storage.transactionSync(() => {
        this.#commands.apply(queue.tick(nowMs));
        for (const op of ops) op.run(queue, nowMs);
        this.#commands.push(queue, nowMs);
        this.#ended.makeRoom(queue, nowMs);
        this.#wakeUps?.note(queue.mode === "paused" ? 0 : queue.depth.waiting, nowMs);
      });
    } catch (error) {
      this.#queue = null;
      this.#wakeUps?.forget();
      throw error;
    }
    this.#ended.count += this.#commands.ended;
    this.#telling.stored();
    this.#waiters.wake(this.#commands.ready, (leaser) => queue.hasFor(leaser));
    if (this.#commands.ready > 0) this.#siblings.hasReady(queue.readyTypes());
    this.ctx.waitUntil(this.#arm());
    this.ctx.waitUntil(this.#pool.tell(queue.depth, nowMs));
    return true;
  }

  #open(): Queue {
    if (this.#queue !== null) return this.#queue;
    migrate(this.ctx.storage, STEPS);
    this.#wakeUps?.open();
    this.#ended.count = this.#rows.countEnded();
    const settings = this.#own === null ? SHARED_QUEUE : OWN_QUEUE;
    const open = [...this.#rows.open()];
    this.#queue = Queue.load(settings, open, this.#rows.newest(), modeIn(this.ctx.storage));
    this.#telling.load(open);
    return this.#queue;
  }

  /** Whoever only asks makes no tables. */
  #isMade(): boolean {
    return this.#queue !== null || this.ctx.storage.kv.get("schemaVersion") !== undefined;
  }

  /** Rings when something falls due; it is set only where that is sooner than it would ring. */
  async #arm(): Promise<void> {
    const upkeepMs = this.#ended.dueMs(Date.now());
    const sendMs = this.#wakeUps?.dueMs() ?? Infinity;
    const { dueMs: nextMs, depth } = this.#open();
    const toldMs = this.#telling.dueMs(Date.now());
    const dueMs = Math.max(1, Math.min(nextMs, sendMs, this.#pool.dueMs(depth), toldMs, upkeepMs));
    if (dueMs >= this.#armedMs) return;
    this.#armedMs = dueMs;
    await this.ctx.storage.setAlarm(dueMs);
  }
}
