/** One event that a webhook wants. `offset` is where it lies in its lane: a partition of a topic. */
export type Wanted = { offset: number; id: string; type: string; body: string };
export type Taken = Wanted & { lane: string };
/** The lane whose keys go on in this one, and the last offset at which it had them (domain/topics/partitions.ts). */
export type Follows = { lane: string; offset: number };

type Lane = {
  follows: Follows | null;
  /** Up to here everything was read, wanted or not; and up to here there is something, as far as is known. */
  readTo: number;
  latest: number;
  queue: Wanted[];
  /** Under way, by offset. */
  open: Set<number>;
  stored: number;
};

/**
 * What a webhook reads and has under way, lane by lane. Pure: it is told what was read and what became of it, and says
 * how far each lane is done, so that whoever begins there again misses nothing.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  #turn = 0;

  /** `position`: the last offset that was done with. */
  add(name: string, position: number, follows: Follows | null): void {
    if (this.#lanes.has(name)) return;
    this.#lanes.set(name, {
      follows,
      readTo: position,
      latest: Infinity,
      queue: [],
      open: new Set(),
      stored: position,
    });
  }

  drop(name: string): void {
    this.#lanes.delete(name);
  }

  has(name: string): boolean {
    return this.#lanes.has(name);
  }

  names(): string[] {
    return [...this.#lanes.keys()];
  }

  /** There may be more than was known. */
  stale(): void {
    for (const lane of this.#lanes.values()) lane.latest = Infinity;
  }

  /** Lanes of which something is to be read now, and from where. In order: a lane waits for the one it goes on from. */
  wanting(inOrder: boolean, isHeld: (lane: string) => boolean): { lane: string; after: number }[] {
    return [...this.#lanes]
      .filter(([, lane]) => lane.queue.length === 0 && lane.readTo < lane.latest)
      .filter(([, lane]) => !inOrder || this.#mayBegin(lane, isHeld))
      .map(([name, lane]) => ({ lane: name, after: lane.readTo }));
  }

  readTo(name: string): number {
    return this.#lanes.get(name)?.readTo ?? 0;
  }

  /** Whether something can be read, or handed out, now. */
  isReady(inOrder: boolean, isHeld: (lane: string) => boolean): boolean {
    if (this.wanting(inOrder, isHeld).length > 0) return true;
    return [...this.#lanes].some(
      ([name, lane]) =>
        lane.queue.length > 0 && (!inOrder || (lane.open.size === 0 && !isHeld(name))),
    );
  }

  /** Whether there may be anything that was not read, or not handed out. */
  isBehind(): boolean {
    return [...this.#lanes.values()].some(
      ({ queue, readTo, latest }) => queue.length > 0 || readTo < latest,
    );
  }

  /** What was read after where it was to be read from: those that are wanted, the last offset read, the last there is. */
  read(name: string, wanted: readonly Wanted[], next: number, latest: number): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return;
    lane.queue.push(...wanted);
    lane.readTo = Math.max(lane.readTo, next);
    lane.latest = Math.max(latest, lane.readTo);
  }

  /** Up to `max`, lanes in turns. In order: one of a lane at a time, and none while the lane is held. */
  take(max: number, inOrder: boolean, isHeld: (lane: string) => boolean): Taken[] {
    const taken: Taken[] = [];
    const all = [...this.#lanes];
    let idle = 0;
    for (; taken.length < max && idle < all.length; this.#turn++) {
      const [name, lane] = all[this.#turn % all.length] ?? [];
      if (name === undefined || lane === undefined) break;
      const isFree = !inOrder || (lane.open.size === 0 && !isHeld(name));
      const next = isFree ? lane.queue.shift() : undefined;
      idle = next === undefined ? idle + 1 : 0;
      if (next === undefined) continue;
      lane.open.add(next.offset);
      taken.push({ ...next, lane: name });
    }
    return taken;
  }

  /** It arrived, or what is to become of it is stored elsewhere. */
  done(name: string, offset: number): void {
    this.#lanes.get(name)?.open.delete(offset);
  }

  /** It was not tried, and comes first. */
  back({ lane: name, ...wanted }: Taken): void {
    const lane = this.#lanes.get(name);
    if (lane?.open.delete(wanted.offset) !== true) return;
    lane.queue.unshift(wanted);
    lane.queue.sort((a, b) => a.offset - b.offset);
  }

  /** The last offset up to which everything is done. */
  position(name: string): number {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return 0;
    const [next] = lane.queue;
    const first = Math.min(next?.offset ?? Infinity, ...lane.open);
    return Math.min(lane.readTo, first - 1);
  }

  /** Positions that have changed since they were asked for last. */
  moved(): [lane: string, position: number][] {
    const moved: [string, number][] = [];
    for (const [name, lane] of this.#lanes) {
      const position = this.position(name);
      if (position === lane.stored) continue;
      lane.stored = position;
      moved.push([name, position]);
    }
    return moved;
  }

  #mayBegin({ follows }: Lane, isHeld: (lane: string) => boolean): boolean {
    if (follows === null || !this.#lanes.has(follows.lane)) return true;
    return this.position(follows.lane) >= follows.offset && !isHeld(follows.lane);
  }
}
