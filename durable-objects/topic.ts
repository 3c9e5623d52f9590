import { DurableObject } from "cloudflare:workers";
import { log } from "#domain/observability/log.ts";
import { groupCommit } from "#domain/shared/group-commit.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { bytesOf, type EventItem } from "#domain/topics/event.ts";
import type { Commit, Parents } from "#domain/topics/groups.ts";
import { textsOf } from "#domain/topics/lines.ts";
import { NO_LOAD, type Parent, partitionOf, withCall } from "#domain/topics/partitions.ts";
import {
  optionsOf,
  partitionFrom,
  type PartitionName,
  partitionNameOf,
  type TopicOptions,
} from "#domain/topics/topics.ts";
import {
  type Assigned,
  type GroupView,
  type Joining,
  type Standing,
  TopicGroups,
} from "#objects/topic-groups.ts";
import { TopicFollowers } from "#objects/topic-followers.ts";
import { TopicKeeping } from "#objects/topic-keeping.ts";
import { type Beginning, type Split, TopicLayout } from "#objects/topic-layout.ts";
import { TopicListeners } from "#objects/topic-listeners.ts";
import { TopicLog } from "#objects/topic-log.ts";
import type { Found } from "#objects/topic-tables.ts";
import { CROWDED, TopicWaiters } from "#objects/topic-waiters.ts";

/** One row of SQLite takes 2 MB; what is counted here is the most that the texts may take. */
const GROUP = {
  itemsMax: 4_096,
  bytesMax: 1_800_000,
  waitingMax: LIMITS.topicWaitingMax,
  gathersFirst: true,
} as const;
/** What whoever listens is handed; of more than that it hears, and reads it. */
const NEWS = { limit: 256, bytesMax: 131_072 };
/** Whoever was answered by one write needs about this long to be there for the next. */
const GATHER_MS = 1;
/** When what failed is tried again. */
const HELD_UP_MS = 10_000;
const BUSY = err<Problem<"overloaded">>({ code: "overloaded", retryAfterS: 1 });

type Item = EventItem & { bytes: number };
/** Where events lie, in their order; null where they belong elsewhere, as `count` says, or the partition has not begun. */
export type Placed = { placed: number[] | null; count: number };
export type PartitionState = { earliest: number; latest: number; bytes: number };

/**
 * One partition of a topic: the only writer of its events. What many append at once is one row, and nobody is answered
 * before it is on disk. The first partition also knows the others, and the groups that read the topic. Made by the first
 * event: who only reads makes nothing. Named by `partitionNameOf`.
 */
export class Topic extends DurableObject<Env> {
  readonly #name: PartitionName;
  readonly #waiters = new TopicWaiters(LIMITS.topicWaitersMax);
  readonly #write: (items: Item[]) => Promise<Map<string, number> | null>;
  #log: TopicLog;
  #keeping: TopicKeeping;
  #layout: TopicLayout;
  #groups: TopicGroups;
  #listeners: TopicListeners;
  readonly #followers: TopicFollowers;
  #load = NO_LOAD;
  #waitingBytes = 0;
  /** When the alarm will ring, as far as is known. */
  #armedMs = Infinity;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const name = partitionFrom(ctx.id.name ?? "");
    if (name === null) throw new Error("a topic's object is named by its partition");
    this.#name = name;
    this.#log = new TopicLog(ctx.storage, name.partition);
    this.#keeping = new TopicKeeping(ctx, env, this.#log, name);
    this.#layout = this.#newLayout();
    this.#groups = this.#newGroups();
    this.#listeners = this.#newListeners();
    this.#followers = new TopicFollowers({
      kv: ctx.storage.kv,
      isMade: () => this.#log.isMade,
      make: () => this.#log.make(),
      latest: () => this.#log.latest,
      wake: (follower) => env.DELIVERY.getByName(follower).wake(),
    });
    this.#write = groupCommit(
      GROUP,
      async (items) => this.#append(items),
      // Whoever comes meanwhile shares the write to disk, which is most of what an append costs.
      () => scheduler.wait(GATHER_MS),
    );
  }

  /**
   * Appends events of a topic that the caller takes to have `count` partitions. Where some go elsewhere the caller hands
   * all of them over again: what is here already stays as it is.
   */
  async append(count: number, items: EventItem[]): Promise<Result<Placed, Problem<"overloaded">>> {
    const { meta } = this.#log;
    const isOurs = (hash: number) =>
      partitionOf(hash, this.#log.meta.count) === this.#name.partition;
    const elsewhere = ok({ placed: null, count: Math.max(meta.count, 1) });
    if (meta.count === 0) return ok({ placed: null, count: 0 });
    if (count !== meta.count && !items.every(({ hash }) => isOurs(hash))) return elsewhere;
    const sized = items.map((item) => ({ ...item, bytes: bytesOf(item) }));
    const bytes = sized.reduce((sum, one) => sum + one.bytes, 0);
    if (this.#waitingBytes + bytes > LIMITS.topicWaitingBytesMax && this.#waitingBytes > 0)
      return BUSY;
    this.#waitingBytes += bytes;
    // A partition that grew while they waited has taken none of those that are not its own any more.
    const places = await this.#write(sized).finally(() => (this.#waitingBytes -= bytes));
    if (places === null) return BUSY;
    const placed = items.map(({ id }) => places.get(id) ?? 0);
    if (placed.includes(0)) return ok({ placed: null, count: this.#log.meta.count });
    this.#took(bytes);
    return ok({ placed, count: this.#log.meta.count });
  }

  /**
   * The first events after an offset; with `waitMs` those that come in that time where there are none. Who waits as
   * `waiter` waits no more for what it asked before.
   */
  async read(
    after: number,
    asked: { limit: number; bytesMax: number },
    waitMs = 0,
    waiter?: string,
  ): Promise<Result<Found, Problem<"too-many-requests">>> {
    const found = this.#log.read(after, asked);
    if (waitMs === 0 || found.events > 0 || found.segment !== null) return ok(found);
    if (after + 1 < found.earliest) return ok(found);
    if ((await this.#waiters.wait(waitMs, waiter)) === "full") return CROWDED;
    return ok(this.#log.read(after, asked));
  }

  /** Tells the object with streams of this name from now on, until it says that nobody there wants it. */
  listen(name: string): Result<null, Problem<"overloaded">> {
    return this.#listeners.add(name);
  }

  state(): PartitionState {
    const { meta, latest, segments, rowBytes } = this.#log;
    const bytes = segments.reduce((sum, one) => sum + one.bytes, rowBytes);
    return { earliest: meta.earliest, latest, bytes };
  }

  /**
   * Has a `Delivery` object woken once by the next event after an offset. False where it has to look again: there is more,
   * or the topic has not as many partitions as it thinks.
   */
  follow(name: string, after: number, count: number): boolean {
    const { parents, growingTo } = this.#layout;
    const isAsKnown = parents.length === count && growingTo === null;
    if (this.#name.partition === 0 && !isAsKnown) return false;
    return this.#followers.add(name, after);
  }

  async offsetAt(timeMs: number): Promise<number> {
    return await this.#keeping.offsetAt(timeMs);
  }

  /** Of a topic that is held: nothing below the offset is needed any more. */
  async release(offset: number): Promise<void> {
    if (offset <= this.#log.meta.released || offset > this.#log.latest + 1) return;
    this.#log.change({ released: offset });
    await this.#arm();
  }

  /** What the account says of the topic; each partition is told. */
  async configure(options: TopicOptions): Promise<void> {
    this.#log.change({ options });
    this.#armedMs = Infinity; // what was due by the old ones is not what is due now
    await this.#arm();
  }
  options(): TopicOptions {
    return this.#log.meta.options ?? optionsOf(this.#name.topic);
  }

  /** Of the first partition: what each one goes on from. */
  parents(): (Parent | null)[] {
    return [...this.#layout.parents];
  }

  /** Of the first partition: doubles the partitions where there still are `from`. */
  async grow(from: number): Promise<void> {
    if (!this.#layout.wants(from, Date.now())) return;
    await this.#arm(); // should this be cut off
    await this.#goOn();
    this.ctx.waitUntil(this.#listeners.tell(this.#log.latest));
  }

  /** Stops taking the keys that another partition goes on with, of a topic that grows to `count`. */
  split(count: number): Split {
    const { meta, latest } = this.#log;
    const known = meta.splits[count];
    if (known === undefined)
      this.#log.change({ count, splits: { ...meta.splits, [count]: latest } });
    this.#waiters.wakeAll();
    const { options } = meta;
    return { offset: known ?? latest, recent: this.#log.recentIds(), options };
  }

  /** Begins where another partition stopped. */
  begin({ count, parent, recent, options }: Beginning): void {
    if (this.#log.meta.count > 0) return;
    this.ctx.storage.transactionSync(() => {
      this.#log.inherit(recent);
      this.#log.change({ count, parent, options });
    });
  }

  /** Of the first partition, as are all that are about groups. Null: there is none, and nobody said where it begins. */
  joinGroup(name: string, member: Joining, begins: number[] | null) {
    return this.#groups.join(name, member, begins, Date.now());
  }
  async heardOfMember(name: string, member: Standing, waitMs = 0) {
    return await this.#groups.heardWithin(name, member, waitMs);
  }
  commit(
    name: string,
    member: Standing,
    offsets: Commit[],
  ): Result<Assigned, Problem<"group-rebalanced">> {
    return this.#groups.commit(name, member, offsets, Date.now());
  }
  leaveGroup(name: string, id: string): void {
    this.#groups.leave(name, id, Date.now());
  }
  removeGroup(name: string): boolean {
    return this.#groups.remove(name);
  }
  groups(): GroupView[] {
    return this.#groups.list(Date.now());
  }

  /** Removes everything of it, in the object store too. */
  async remove(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#armedMs = Infinity;
    this.#followers.forget();
    this.#log = new TopicLog(this.ctx.storage, this.#name.partition);
    this.#keeping = new TopicKeeping(this.ctx, this.env, this.#log, this.#name);
    this.#layout = this.#newLayout();
    this.#groups = this.#newGroups();
    this.#listeners = this.#newListeners();
    await this.#keeping.removeAll();
  }

  /** Each for itself: where one cannot be done, the others are, and it is tried again however often that failed. */
  override async alarm(): Promise<void> {
    this.#armedMs = Infinity;
    const nowMs = Date.now();
    let isDone = true;
    for (const work of [
      async () => await (this.#layout.growingTo === null ? undefined : this.#goOn()),
      async () => await this.#followers.work(nowMs),
      async () => await this.#keeping.seal(),
      async () => await this.#keeping.retain(nowMs),
    ])
      await work().catch((error: unknown) => {
        log("error", "topic-held-up", { topic: this.ctx.id.name, error: String(error) });
        isDone = false;
      });
    if (isDone) return await this.#arm();
    this.#armedMs = nowMs + HELD_UP_MS;
    await this.ctx.storage.setAlarm(this.#armedMs);
  }

  /** Where each of the events lies that are this partition's; the others are left out. */
  #append(items: readonly Item[]): Map<string, number> {
    const { count } = this.#log.meta;
    const before = this.#log.latest;
    const own = items.filter(({ hash }) => partitionOf(hash, count) === this.#name.partition);
    try {
      const placed = this.ctx.storage.transactionSync(() => this.#log.append(own, Date.now()));
      this.#waiters.wakeAll();
      // Whoever repeats itself may not have been heard: then nobody was told either.
      if (own.length > 0) this.ctx.waitUntil(this.#listeners.tell(before));
      if (this.#followers.dueMs < Infinity) this.ctx.waitUntil(this.#wakeFollowers());
      // In the same turn, so that no event is stored without the alarm that will end it.
      const isDue = this.#keeping.isSealDue && this.#armedMs > Date.now();
      if (isDue || this.#armedMs === Infinity) this.ctx.waitUntil(this.#arm());
      return new Map(own.map(({ id }, i) => [id, placed[i] ?? 0]));
    } catch (thrown) {
      this.#log.forget();
      throw thrown;
    }
  }

  /** The alarm is set in the same turn, should this be cut off. */
  async #wakeFollowers(): Promise<void> {
    await Promise.all([this.#arm(), this.#followers.work(Date.now())]);
  }

  async #goOn(): Promise<void> {
    await this.#layout.goOn();
    // They follow partitions that they do not know of yet.
    await this.#followers.work(Date.now(), true);
  }

  /** After an append: where there are many of them, the topic grows. */
  #took(bytes: number): void {
    const { load, isMuch } = withCall(this.#load, bytes, Date.now());
    this.#load = load;
    if (isMuch) this.ctx.waitUntil(this.#wish());
  }

  async #wish(): Promise<void> {
    const { count } = this.#log.meta;
    const first = this.env.TOPIC.getByName(partitionNameOf({ ...this.#name, partition: 0 }));
    // What fails is tried again as long as it is busy.
    await (this.#name.partition === 0 ? this.grow(count) : first.grow(count)).catch(() => {});
  }

  /** Awake when something is to be done; where nothing ever will be, never. */
  async #arm(): Promise<void> {
    const nowMs = Date.now();
    const growMs = this.#layout.growingTo === null ? Infinity : nowMs + 5_000;
    const wakeMs = this.#followers.dueMs === Infinity ? Infinity : nowMs + 1_000;
    const dueMs = Math.min(this.#keeping.dueAtMs(nowMs), growMs, wakeMs);
    if (dueMs === Infinity || dueMs >= this.#armedMs) return;
    this.#armedMs = dueMs;
    await this.ctx.storage.setAlarm(Math.max(1, dueMs));
  }

  #newLayout(): TopicLayout {
    return new TopicLayout({
      name: this.#name,
      env: this.env,
      storage: this.ctx.storage,
      make: () => this.#log.make(),
      isMade: () => this.#log.isMade,
      split: (count) => this.split(count),
    });
  }

  #newListeners(): TopicListeners {
    const { topic, partition } = this.#name;
    return new TopicListeners({
      sql: this.ctx.storage.sql,
      make: () => this.#log.make(),
      isMade: () => this.#log.isMade,
      ring: async (name, news) => await this.env.STREAM.getByName(name).ring(news),
      mayHear: async (askers) => await this.env.OPERATIONS.mayAllHear(askers),
      news: (after) => {
        const { latest, meta } = this.#log;
        const found = this.#log.read(after, NEWS);
        const isAll = found.lines !== null && found.next === latest;
        const events = isAll && found.lines !== null ? textsOf(found.lines) : null;
        return { topic, partition, count: meta.count, after, last: latest, events };
      },
    });
  }

  #newGroups(): TopicGroups {
    return new TopicGroups({
      sql: this.ctx.storage.sql,
      make: () => this.#log.make(),
      isMade: () => this.#log.isMade,
      parents: (): Parents => this.#layout.parents,
    });
  }
}
