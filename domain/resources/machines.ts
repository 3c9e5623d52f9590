import type { Seen, Wanted } from "#domain/resources/provider.ts";
import type { Changes, Machine, Reservation } from "#domain/resources/rows.ts";
import { fits, minus, NOTHING, plus, shareOf, type Units } from "#domain/resources/units.ts";

/** The machines of one pool, all alike, and what is reserved on each. */
export class Machines {
  readonly #each: Units;
  readonly #all: Map<string, Machine>;
  readonly #used = new Map<string, Units>();

  constructor(each: Units, machines: readonly Machine[]) {
    this.#each = each;
    this.#all = new Map(machines.map((one) => [one.id, one]));
  }

  get list(): Machine[] {
    return [...this.#all.values()];
  }
  get staying(): Machine[] {
    return this.list.filter(({ isLeaving }) => !isLeaving);
  }
  get ready(): number {
    return this.list.filter(({ isReady }) => isReady).length;
  }
  /** What the provider shall have; what is leaving is among it while anything is reserved there. */
  get wanted(): Wanted[] {
    return this.list.map(({ id, sinceMs }) => ({ id, sinceMs }));
  }

  take({ machineId, units }: Reservation): void {
    this.#used.set(machineId, plus(this.usedOn(machineId), units));
  }

  giveBack({ machineId, units }: Reservation): void {
    if (!this.#all.has(machineId)) return; // it went with what was reserved on it
    this.#used.set(machineId, minus(this.usedOn(machineId), units));
  }

  usedOn(id: string): Units {
    return this.#used.get(id) ?? NOTHING;
  }

  /** The fullest that has room, so that others can empty (best fit). */
  bestFor(units: Units): Machine | null {
    let best: { machine: Machine; share: number } | null = null;
    for (const machine of this.#all.values()) {
      if (!machine.isReady || machine.isLeaving) continue;
      const used = this.usedOn(machine.id);
      if (!fits(units, minus(this.#each, used))) continue;
      const share = shareOf(used, this.#each);
      if (best === null || share > best.share) best = { machine, share };
    }
    return best?.machine ?? null;
  }

  /** Takes the provider at its word; answers the machines that were ready and are gone. */
  believe(seen: readonly Seen[], changes: Changes): string[] {
    const known = new Map(seen.map((one) => [one.id, one]));
    const lost: string[] = [];
    for (const machine of this.#all.values()) {
      const found = known.get(machine.id);
      if (found === undefined && machine.isReady) {
        this.#set(machine.id, null, changes);
        lost.push(machine.id);
      } else if (found !== undefined && found.isReady !== machine.isReady)
        this.#set(machine.id, { ...machine, isReady: found.isReady }, changes);
    }
    return lost;
  }

  /** What was leaving stays, before any is started. Answers the number of the newest. */
  add(count: number, newest: number, nowMs: number, changes: Changes): number {
    let missing = count;
    for (const machine of this.#all.values()) {
      if (missing === 0) return newest;
      if (!machine.isLeaving) continue;
      this.#set(machine.id, { ...machine, isLeaving: false }, changes);
      missing--;
    }
    for (let one = 1; one <= missing; one++) {
      const id = `m${newest + one}`;
      // The first ones are there before the pool is.
      const sinceMs = newest === 0 ? 0 : nowMs;
      this.#set(id, { id, sinceMs, isReady: false, isLeaving: false }, changes);
    }
    return newest + missing;
  }

  /** Those that are not ready yet leave first, then the emptiest. */
  letGo(count: number, changes: Changes): void {
    const shareOn = ({ id, isReady }: Machine) =>
      isReady ? shareOf(this.usedOn(id), this.#each) : -1;
    const emptiest = this.staying.sort((a, b) => shareOn(a) - shareOn(b));
    for (const machine of emptiest.slice(0, count))
      this.#set(machine.id, { ...machine, isLeaving: true }, changes);
  }

  /** Gives back what is leaving and empty. */
  sweep(changes: Changes): void {
    for (const { id, isLeaving } of this.#all.values())
      if (isLeaving && shareOf(this.usedOn(id), this.#each) === 0) this.#set(id, null, changes);
  }

  #set(id: string, machine: Machine | null, changes: Changes): void {
    if (machine === null) {
      this.#all.delete(id);
      this.#used.delete(id);
    } else this.#all.set(id, machine);
    changes.machines.set(id, machine);
  }
}
