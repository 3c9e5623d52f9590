import type { Entry } from "#domain/scheduling/entry.ts";
import { Heap } from "#domain/scheduling/heap.ts";
import type { Planned } from "#domain/scheduling/row.ts";
import type { Sharer, Shares } from "#domain/scheduling/share.ts";

/** What is done best where who leases is counts as if it had waited so much longer: one step of priority, no more. */
const NEAR_MS = 60_000;
/** Kinds of those who lease that are remembered, and for how long one of them counts as being there. */
const LEASERS_MAX = 1_000;
const THERE_MS = 600_000;

/** Who asks for tasks: what it does, and what it can. */
export type Leaser = {
  types: readonly string[];
  capabilities: readonly string[];
  near: string | null;
};

/** Tasks that are the same to whoever asks: of one type, needing the same, best done in the same place. */
export type Lane = {
  readonly key: string;
  readonly type: string;
  readonly requires: readonly string[];
  readonly near: string | null;
  /** By account, its tasks that wait, in their order. */
  readonly waiting: Map<Sharer, Heap<Entry>>;
  /** Open tasks of it, wherever they stand. */
  open: number;
  /** When somebody asked last who could do these. */
  askedMs: number;
};

const liesInLane = (entry: Entry, at: number): void => {
  entry.laneAt = at;
};
const goesBefore = (a: Entry, b: Entry): boolean =>
  a.rank < b.rank || (a.rank === b.rank && a.seq < b.seq);

/** What waits, found by what whoever asks can do. */
export class Lanes {
  readonly #byKey = new Map<string, Lane>();
  readonly #byType = new Map<string, Set<Lane>>();
  readonly #leasers = new Map<string, { leaser: Leaser; atMs: number }>();
  readonly #shares: Shares;

  constructor(shares: Shares) {
    this.#shares = shares;
  }

  get size(): number {
    return this.#byKey.size;
  }

  has(planned: Pick<Planned, "type" | "requires" | "near">): boolean {
    return this.#byKey.has(keyOf(planned));
  }

  /** The lane of such a task, made where there is none. */
  of(planned: Pick<Planned, "type" | "requires" | "near">): Lane {
    const key = keyOf(planned);
    let lane = this.#byKey.get(key);
    if (lane === undefined) {
      const { type, requires, near } = planned;
      lane = { key, type, requires, near, waiting: new Map(), open: 0, askedMs: 0 };
      for (const { leaser, atMs } of this.#leasers.values())
        if (leaser.types.includes(type) && canDo(leaser, lane))
          lane.askedMs = Math.max(lane.askedMs, atMs);
      this.#byKey.set(key, lane);
      const alike = this.#byType.get(type);
      if (alike === undefined) this.#byType.set(type, new Set([lane]));
      else alike.add(lane);
    }
    return lane;
  }

  /** Lets a lane go that nothing open is of. */
  leave(lane: Lane): void {
    if (lane.open > 0) return;
    this.#byKey.delete(lane.key);
    const alike = this.#byType.get(lane.type);
    alike?.delete(lane);
    if (alike?.size === 0) this.#byType.delete(lane.type);
  }

  add(entry: Entry): void {
    this.#shares.enter(entry.sharer);
    const { waiting } = entry.lane;
    let heap = waiting.get(entry.sharer);
    if (heap === undefined) waiting.set(entry.sharer, (heap = new Heap(goesBefore, liesInLane)));
    heap.push(entry);
  }

  remove(entry: Entry): void {
    const { lane, sharer, laneAt } = entry;
    const heap = lane.waiting.get(sharer);
    if (heap === undefined || laneAt === -1) return;
    heap.remove(laneAt);
    if (heap.size === 0) lane.waiting.delete(sharer);
  }

  /** Notes who asks, so that it can be said of a task that nobody there can do it. */
  note(leaser: Leaser, nowMs: number): void {
    const key = [leaser.types.join(), ...leaser.capabilities].join("\0");
    this.#leasers.delete(key);
    this.#leasers.set(key, { leaser, atMs: nowMs });
    if (this.#leasers.size > LEASERS_MAX)
      for (const oldest of this.#leasers.keys()) {
        this.#leasers.delete(oldest);
        break;
      }
  }

  *readyTypes(): Iterable<string> {
    for (const [type, lanes] of this.#byType)
      for (const { waiting } of lanes)
        if (waiting.size > 0) {
          yield type;
          break;
        }
  }

  /** Whether something waits that the leaser can do. */
  hasFor(leaser: Leaser): boolean {
    return this.#open(leaser).some(({ waiting }) => waiting.size > 0);
  }

  /**
   * Takes out the next tasks that the leaser can do, as long as `take` says: the account that had the least by its share
   * comes first, and of its tasks the one that stands first.
   */
  take(leaser: Leaser, nowMs: number, take: (entry: Entry) => boolean): void {
    const order = new Heap<Candidate>(comesBefore);
    for (const candidate of this.#candidates(leaser, nowMs)) order.push(candidate);
    const late: Entry[] = [];
    for (let next = order.pop(); next !== undefined; next = order.pop()) {
      const heads = first(next.lanes);
      const entry = heads?.heap.peek();
      if (heads === undefined || entry === undefined) continue;
      const isLate = entry.deadlineMs <= nowMs;
      if (!isLate && !take(entry)) break;
      this.remove(entry);
      if (isLate) late.push(entry);
      else this.#shares.charge(entry.sharer, entry.cost);
      if (heads.heap.size === 0) next.lanes.splice(next.lanes.indexOf(heads), 1);
      if (next.lanes.length > 0) order.push(next);
    }
    // Until they are ended they wait: a clock that is put back makes them good again.
    for (const entry of late) this.add(entry);
  }

  /** Why nobody who asked lately could do a task of this lane; null where somebody could. */
  whyNobody(lane: Lane, nowMs: number): string | null {
    if (nowMs - lane.askedMs < THERE_MS && lane.askedMs > 0) return null;
    let asksForType = false;
    for (const { leaser, atMs } of this.#leasers.values()) {
      if (nowMs - atMs >= THERE_MS || !leaser.types.includes(lane.type)) continue;
      asksForType = true;
      if (canDo(leaser, lane)) return null;
    }
    return asksForType
      ? `nobody who asked for tasks of the type ${lane.type} in the last ten minutes has all of: ${lane.requires.join(", ")}`
      : `nobody has asked for tasks of the type ${lane.type} in the last ten minutes`;
  }

  #open(leaser: Leaser): Lane[] {
    const lanes: Lane[] = [];
    for (const type of leaser.types)
      for (const lane of this.#byType.get(type) ?? []) if (canDo(leaser, lane)) lanes.push(lane);
    return lanes;
  }

  #candidates(leaser: Leaser, nowMs: number): Iterable<Candidate> {
    const found = new Map<Sharer, Candidate>();
    for (const lane of this.#open(leaser)) {
      lane.askedMs = nowMs;
      const lead = lane.near !== null && lane.near === leaser.near ? NEAR_MS : 0;
      for (const [sharer, heap] of lane.waiting) {
        const heads: Heads = { heap, lead };
        const candidate = found.get(sharer);
        if (candidate === undefined) found.set(sharer, { sharer, lanes: [heads] });
        else candidate.lanes.push(heads);
      }
    }
    return found.values();
  }
}

type Heads = { heap: Heap<Entry>; lead: number };
type Candidate = { sharer: Sharer; lanes: Heads[] };

const comesBefore = (a: Candidate, b: Candidate): boolean => a.sharer.pass < b.sharer.pass;
/** The lane whose first task stands before all others. */
function first(lanes: readonly Heads[]): Heads | undefined {
  let best: Heads | undefined;
  for (const one of lanes) if (best === undefined || isBefore(one, best)) best = one;
  return best;
}

function isBefore(a: Heads, b: Heads): boolean {
  const [x, y] = [a.heap.peek(), b.heap.peek()];
  if (x === undefined || y === undefined) return x !== undefined;
  const [i, j] = [x.rank - a.lead, y.rank - b.lead];
  return i < j || (i === j && x.seq < y.seq);
}

const canDo = ({ capabilities }: Leaser, { requires }: Lane): boolean =>
  requires.every((one) => capabilities.includes(one));

/** Joined by what no name may hold. */
const keyOf = ({ type, requires, near }: Pick<Planned, "type" | "requires" | "near">): string =>
  [type, near ?? "", ...requires].join("\0");
