import {
  answerFollower,
  type FollowAnswer,
  type FollowLog,
  type FollowState,
  isLookDue,
  keyOf,
  looksAgainInMs,
  mayAnswer,
  NOTHING_YET,
  type RecordKey,
  takeOver,
} from "#domain/search/leaves/follow.ts";
import type { Behind } from "#domain/regions/replicas.ts";
import { decideIndex, decideRemoval, type UnitRecord } from "#domain/search/leaves/versions.ts";
import type { Machine, Network } from "#scripts/simulate/network.ts";

/** A unit's version with the content it has; the first hex digits of the key route it. */
export type Write = { unitId: string; version: number; contentKey: string };
export type Range = { name: string; from: number; to: number };
type Carried = { record: UnitRecord };
export type ShardAnswer =
  | { kind: "done"; units: Map<string, number>; doubled: string[]; asOfMs?: number; seenMs: number }
  | { kind: "moved"; to: Range[] };
type Followed = { kind: "done"; value: FollowAnswer<Carried> } | { kind: "moved"; to: Range[] };

const PAGE = 5;
const LOG_MAX = 40;
/** Longer than any message is under way. */
const REMOVALS_KEPT_MS = 10_000;

/** The records of a shard, in memory; what it holds survives a crash of its machine. */
class Records {
  readonly #all = new Map<string, UnitRecord>();

  at = (unitId: string, contentKey: string) => this.#all.get(`${unitId} ${contentKey}`);
  records = (unitId: string) => this.sorted().filter((record) => record.unitId === unitId);
  live = () => this.sorted().filter(({ slot }) => slot !== null);
  sorted = () => [...this.#all.values()].sort((a, b) => (isAfter(keyOf(a), keyOf(b)) ? 1 : -1));
  recordsAfter = (unitId: string, contentKey: string, limit: number) =>
    this.sorted()
      .filter((record) => isAfter(keyOf(record), [unitId, contentKey]))
      .slice(0, limit);
  save = (record: UnitRecord) =>
    void this.#all.set(`${record.unitId} ${record.contentKey}`, record);
  clear = () => this.#all.clear();
  forget = ({ unitId, contentKey }: UnitRecord) => void this.#all.delete(`${unitId} ${contentKey}`);

  /** What a search finds, and the units that it would find twice. */
  found(): { units: Map<string, number>; doubled: string[] } {
    const units = new Map<string, number>();
    const doubled: string[] = [];
    for (const { unitId, version } of this.live()) {
      if (units.has(unitId)) doubled.push(unitId);
      units.set(unitId, version);
    }
    return { units, doubled };
  }
}

const isAfter = (a: RecordKey, b: RecordKey): boolean =>
  a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
const hashOf = (contentKey: string): number => Number.parseInt(contentKey.slice(0, 2), 16);
export const isIn = (range: Range, contentKey: string): boolean =>
  hashOf(contentKey) >= range.from && hashOf(contentKey) < range.to;

/** A leader: takes writes as SearchShard does, keeps a log of them, and may split. */
export class Leader {
  readonly range: Range;
  readonly machine: Machine;
  readonly records = new Records();
  moved: Range[] | null = null;
  readonly #network: Network;
  #log: { id: string; floor: number; newest: number } | null = null;
  readonly #changed = new Map<string, { key: RecordKey; sequence: number }>();
  #logs = 0;
  #changedAtMs = 0;
  readonly #removedAtMs = new Map<string, number>();

  constructor(network: Network, range: Range, machine: Machine) {
    this.range = range;
    this.machine = machine;
    this.#network = network;
  }

  index({ unitId, version, contentKey }: Write): Followed | { kind: "ok" } {
    if (this.moved !== null) return { kind: "moved", to: this.moved };
    const records = this.records.records(unitId);
    const decision = decideIndex(records, { version, contentKey }, 3);
    if (!decision.store) return { kind: "ok" };
    const removedThrough = this.records.at(unitId, contentKey)?.removedThrough ?? 0;
    for (const old of decision.replaced) this.#takeOut(old);
    this.#save({ unitId, contentKey, version, level: 3, slot: 0, passages: 1, removedThrough });
    return { kind: "ok" };
  }

  remove(claim: Write): Followed | { kind: "ok" } {
    if (this.moved !== null) return { kind: "moved", to: this.moved };
    for (const record of decideRemoval(this.records.records(claim.unitId), claim))
      this.#takeOut(record);
    const record = this.records.at(claim.unitId, claim.contentKey) ?? {
      ...claim,
      level: 0,
      slot: null,
      passages: 0,
      removedThrough: 0,
    };
    if (record.removedThrough < claim.version)
      this.#save({ ...record, removedThrough: claim.version });
    return { kind: "ok" };
  }

  search(): ShardAnswer {
    return this.moved === null
      ? { kind: "done", ...this.records.found(), seenMs: this.#changedAtMs }
      : { kind: "moved", to: this.moved };
  }

  follow(asked: FollowState): Followed {
    if (this.moved !== null) return { kind: "moved", to: this.moved };
    const held = { ...this.records, carry: (record: UnitRecord) => ({ record }) };
    const nowMs = this.#network.clockOf(this.machine);
    return { kind: "done", value: answerFollower(this.#followLog(), held, asked, nowMs, PAGE) };
  }

  /** What an online split comes to: both halves have everything, and from then on this shard points at them. */
  split(children: readonly Leader[]): void {
    for (const record of this.records.sorted())
      for (const child of children)
        if (isIn(child.range, record.contentKey)) child.records.save(record);
    this.moved = children.map(({ range }) => range);
    for (const child of children) {
      child.#changedAtMs = this.#changedAtMs;
      for (const [key, atMs] of this.#removedAtMs) child.#removedAtMs.set(key, atMs);
    }
    this.records.clear();
  }

  /** Whoever followed has to copy again, and finds nothing of what was removed long ago. */
  dropLog(): void {
    this.#log = null;
    this.#changed.clear();
    const sinceMs = this.#network.nowMs - REMOVALS_KEPT_MS;
    for (const record of this.records.sorted())
      if (record.slot === null && (this.#removedAtMs.get(keyOf(record).join(" ")) ?? 0) < sinceMs)
        this.records.forget(record);
  }

  #takeOut(record: UnitRecord): void {
    const removedThrough = Math.max(record.removedThrough, record.version);
    this.#save({ ...record, slot: null, removedThrough });
  }

  #save(record: UnitRecord): void {
    this.records.save(record);
    if (record.slot === null) this.#removedAtMs.set(keyOf(record).join(" "), this.#network.nowMs);
    this.#changedAtMs = this.#network.clockOf(this.machine);
    if (this.#log === null) return;
    const key = keyOf(record);
    this.#changed.delete(key.join(" "));
    this.#changed.set(key.join(" "), { key, sequence: ++this.#log.newest });
    const [oldest] = this.#changed;
    if (this.#changed.size <= LOG_MAX || oldest === undefined) return;
    this.#log.floor = oldest[1].sequence;
    this.#changed.delete(oldest[0]);
  }

  #followLog(): FollowLog {
    return {
      kept: () => this.#log,
      begin: () => (this.#log = { id: `log-${++this.#logs}`, floor: 0, newest: 0 }),
      since: (sequence, limit) =>
        [...this.#changed.values()].filter((entry) => entry.sequence > sequence).slice(0, limit),
    };
  }
}

const PULL_MS = 600;

/** A replica: follows its leader over the network, and answers in its place. */
export class Replica {
  readonly machine: Machine;
  readonly leader: Leader;
  readonly records = new Records();
  state: FollowState = NOTHING_YET;
  moved: Range[] | null = null;
  readonly #network: Network;
  #lastReadMs = -Infinity;
  #heardAtMs: number;
  #failures = 0;
  #isLooking = false;

  constructor(network: Network, leader: Leader, machine: Machine) {
    this.#network = network;
    this.leader = leader;
    this.machine = machine;
    this.#heardAtMs = network.nowMs;
  }

  async read(atLeastMs: number, hasAskedLeader = false): Promise<ShardAnswer | Behind> {
    this.#lastReadMs = this.#network.nowMs;
    this.#keepLooking();
    const reader = { atLeastMs, hasAskedLeader };
    const clock = () => this.#network.clockOf(this.machine);
    const isDue = this.moved === null && this.#failures === 0 && !hasAskedLeader;
    if (isDue && isLookDue(this.state, reader, clock())) {
      const { asOfMs } = this.state;
      this.#pull();
      await Promise.race([this.#network.wait(PULL_MS / 2), this.#caughtUpSince(asOfMs)]);
    }
    if (this.moved !== null) return { kind: "moved", to: this.moved };
    const heard = { atMs: this.#heardAtMs + this.machine.skewMs, failures: this.#failures };
    if (!mayAnswer(this.state, reader, heard, clock())) return { kind: "behind" };
    const { asOfMs, newestMs } = this.state;
    return { kind: "done", ...this.records.found(), asOfMs, seenMs: newestMs };
  }

  restart(): void {
    this.#isLooking = false;
    this.#failures = 0;
    this.#heardAtMs = this.#network.nowMs;
    this.#keepLooking();
  }

  async #caughtUpSince(asOfMs: number): Promise<void> {
    for (let i = 0; i < 10 && this.moved === null && this.state.asOfMs <= asOfMs; i++)
      await this.#network.wait(30);
  }

  /** What the object's alarm does. Two pulls may be under way at once, and answers come twice: `takeOver` sorts it out. */
  #keepLooking(): void {
    if (this.#isLooking || this.moved !== null) return;
    this.#isLooking = true;
    const life = this.machine.lives;
    const look = (): void => {
      if (this.machine.lives !== life || this.moved !== null) return;
      const again = looksAgainInMs(this.#network.nowMs - this.#lastReadMs, this.#failures);
      if (again === null) {
        this.#isLooking = false;
        return;
      }
      this.#pull();
      this.#network.after(again, look);
    };
    look();
  }

  #pull(): void {
    const asked = this.state;
    const life = this.machine.lives;
    let isAnswered = false;
    this.#network.send(
      this.machine,
      this.leader.machine,
      () => this.leader.follow(asked),
      (answer) => {
        isAnswered = true;
        this.#heardAtMs = this.#network.nowMs;
        this.#failures = 0;
        if (answer.kind === "moved") {
          this.moved = answer.to;
          this.records.clear();
          return;
        }
        const next = takeOver(this.#held, this.state, asked, answer.value);
        if (next === null) return;
        this.state = next;
        const isDone = answer.value.kind === "changes" && answer.value.isAll;
        if (!isDone) this.#pull();
      },
    );
    this.#network.after(PULL_MS, () => {
      if (!isAnswered && this.machine.lives === life) this.#failures++;
    });
  }

  readonly #held = {
    records: (unitId: string) => this.records.records(unitId),
    liveBetween: (after: RecordKey, to: RecordKey | null, limit: number) =>
      this.records
        .live()
        .filter((record) => isAfter(keyOf(record), after))
        .filter((record) => to === null || !isAfter(keyOf(record), to))
        .slice(0, limit),
    adopt: (units: readonly Carried[], gone: readonly UnitRecord[]) => {
      for (const { record } of units) this.records.save(record);
      for (const record of gone) this.records.save({ ...record, slot: null });
    },
  };
}
