import type { Clock } from "#scripts/simulate/tasks/clock.ts";

/** What an object keeps, in memory and on disk, and how the one follows from the other: a thin shell's whole knowledge. */
export type Kind<Core, Disk, Change> = {
  empty(): Disk;
  copyOf(disk: Disk): Disk;
  load(disk: Disk): Core;
  write(disk: Disk, change: Change): void;
  /** When the alarm is to ring, on the object's own clock; Infinity: not at all. */
  dueMs(core: Core, nowMs: number): number;
  wake(core: Core, nowMs: number): { answer: unknown; changes: Change };
};

type Run<Core, Disk, Change, A> = {
  run(core: Core, nowMs: number, disk: Disk): { answer: A; changes: Change };
  /** Looks at an answer before its changes are written; `disk` is what was there before. */
  check?: (answer: A, disk: Disk, nowMs: number, changes: Change) => void;
  /** Called once it lies on the disk for good. */
  told?: (answer: A) => void;
};
type Asked<Core, Disk, Change> = Run<Core, Disk, Change, unknown>;

const GATHERS_MS = 3;
const SKEW_MS = 2_000;

/**
 * One object as the platform runs it: what is asked for together is done in one transaction, answers leave once it lies
 * on the disk, and a kill takes with it whatever does not, the memory included. Its clock is off, and jumps.
 */
export class Host<Core, Disk, Change> {
  readonly name: string;
  readonly #clock: Clock;
  readonly #kind: Kind<Core, Disk, Change>;
  core: Core;
  /** As the living object sees its storage, and what of it survives a kill. */
  live: Disk;
  durable: Disk;
  isUp = true;
  lives = 1;
  operations = 0;
  failedWrites = 0;
  #skewMs = 0;
  #asked: Asked<Core, Disk, Change>[] = [];
  #syncedMs = 0;
  #ringsMs = Infinity;
  /** Told of each change once it is there for good. */
  onWritten: (change: Change, disk: Disk) => void = () => {};
  /** Told of the storage after each operation. */
  onChanged: (disk: Disk) => void = () => {};
  onLoaded: (core: Core, disk: Disk) => void = () => {};

  constructor(name: string, clock: Clock, kind: Kind<Core, Disk, Change>) {
    this.name = name;
    this.#clock = clock;
    this.#kind = kind;
    this.live = kind.empty();
    this.durable = kind.empty();
    this.core = kind.load(this.live);
    this.#skew();
    this.#plan();
  }

  get nowMs(): number {
    return Math.floor(this.#clock.nowMs + this.#skewMs);
  }

  /** A request that has come by message; whoever sent it hears nothing where the object is down. */
  ask<A>(asked: Run<Core, Disk, Change, A>): void {
    if (!this.isUp) return;
    this.operations++;
    this.#put(asked as Asked<Core, Disk, Change>);
  }

  kill(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.lives++;
    this.#asked = [];
    this.#ringsMs = Infinity;
    this.#clock.after(20 + 2_000 * this.#clock.random(), () => {
      this.isUp = true;
      this.#skew();
      this.#load(this.#kind.copyOf(this.durable));
    });
  }

  /** What a time server does to a clock. */
  jump(): void {
    this.#skew();
    this.#plan();
  }

  #put(asked: Asked<Core, Disk, Change>): void {
    if (this.#asked.push(asked) > 1) return;
    const { lives } = this;
    this.#clock.after(GATHERS_MS * this.#clock.random(), () => {
      if (this.lives === lives) this.#transact();
    });
  }

  #transact(): void {
    const group = this.#asked;
    this.#asked = [];
    const { isCalm } = this.#clock;
    if (!isCalm && this.#clock.chance(0.01)) {
      for (const { run } of group) run(this.core, this.nowMs, this.live);
      this.failedWrites++;
      // Rolled back, and told to nobody; what is in memory has gone too far.
      return this.#load(this.live);
    }
    const done = group.map(({ run, check, told }) => {
      const { answer, changes } = run(this.core, this.nowMs, this.live);
      check?.(answer, this.live, this.nowMs, changes);
      this.#kind.write(this.live, changes);
      this.onChanged(this.live);
      return { changes, told: () => told?.(answer) };
    });
    this.#plan();
    const { lives } = this;
    // In the order of the transactions.
    this.#syncedMs = Math.max(this.#syncedMs, this.#clock.nowMs + 1 + 6 * this.#clock.random());
    this.#clock.after(this.#syncedMs - this.#clock.nowMs, () => {
      if (this.lives !== lives) return;
      for (const { changes, told } of done) {
        this.#kind.write(this.durable, changes);
        this.onWritten(changes, this.durable);
        told();
      }
    });
  }

  #load(disk: Disk): void {
    this.live = disk;
    this.core = this.#kind.load(disk);
    this.#ringsMs = Infinity;
    this.onLoaded(this.core, disk);
    this.#plan();
  }

  #skew(): void {
    const { isCalm } = this.#clock;
    this.#skewMs = isCalm ? 0 : SKEW_MS * (2 * this.#clock.random() - 1);
  }

  /** An alarm outlives its object; it may ring early or twice, and then finds nothing to do. */
  #plan(): void {
    const dueMs = this.#kind.dueMs(this.core, this.nowMs);
    if (!this.isUp || dueMs >= this.#ringsMs) return;
    this.#ringsMs = dueMs;
    const { lives } = this;
    this.#clock.after(Math.max(1, dueMs - this.nowMs), () => {
      if (this.lives !== lives || this.#ringsMs !== dueMs) return;
      this.#ringsMs = Infinity;
      if (this.#kind.dueMs(this.core, this.nowMs) > this.nowMs) return this.#plan();
      this.#put({ run: (core, nowMs) => this.#kind.wake(core, nowMs) });
    });
  }
}
