import type { Region } from "#domain/regions/regions.ts";
import { type Reading, SIMULATED, type Unit, type World } from "#scripts/simulate/regions.ts";
import type { Trouble } from "#scripts/simulate/trouble.ts";

/** What four regions promise, and how often each promise was looked at and broken. */
export const PROMISES = {
  lost: "a unit that was written is found everywhere in the end",
  doubled: "no shard shows a unit twice, and nothing that is gone comes back",
  unfindable: "a unit is found 5 s after its write, and a region that is cut off keeps what it had",
  older: "whoever echoes a bookmark sees nothing older than what they have seen",
  kept: "a retracted unit has left every region 5 s later",
} as const;
export type Promised = keyof typeof PROMISES;
export type Tally = Record<Promised, { checked: number; broken: number }>;

export type Seen = { version: number; gone: boolean };

const CONNECTED_WITHIN_MS = 5_000;
/** A replica in use is at most this far behind what its leader held when it was cut off. */
const BEHIND_AT_CUT_MS = 3_000;
const EXAMPLES_MAX = 5;

/** Looks at what is read. An answer that says itself that something may be missing or old is taken at its word. */
export class Promises {
  readonly tally: Tally = {
    lost: { checked: 0, broken: 0 },
    doubled: { checked: 0, broken: 0 },
    unfindable: { checked: 0, broken: 0 },
    older: { checked: 0, broken: 0 },
    kept: { checked: 0, broken: 0 },
  };
  readonly examples: string[] = [];
  readonly #world: World;
  readonly #trouble: Trouble;
  readonly #units: ReadonlyMap<string, Unit>;

  constructor(world: World, trouble: Trouble, units: ReadonlyMap<string, Unit>) {
    this.#world = world;
    this.#trouble = trouble;
    this.#units = units;
  }

  #check(promised: Promised, isKept: boolean, example: () => string): void {
    const tally = this.tally[promised];
    tally.checked++;
    if (isKept) return;
    tally.broken++;
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(`${promised}: ${example()}`);
  }

  /** A read that began at `startedMs`; `seen` is what its reader had seen, null where no bookmark was echoed. */
  read(region: Region, reading: Reading, seen: Map<string, Seen> | null, startedMs: number): void {
    this.#check("doubled", reading.doubled.length === 0, () => reading.doubled.join(", "));
    if (this.#trouble.cutSince.has(region) && seen === null) this.#whileCut(region, reading);
    if (reading.isPartial) return;
    if (seen !== null) this.#nothingOlder(seen, reading);
    if (this.#isCutLately(region, startedMs)) return;
    for (const unit of this.#units.values()) {
      const { id, doneAtMs, begunAtMs, version, retracted } = unit;
      if (doneAtMs === null || doneAtMs < begunAtMs || doneAtMs > startedMs - CONNECTED_WITHIN_MS)
        continue;
      const found = reading.units.get(id);
      const where = () => `${id} in ${region}, ${Math.round(startedMs - doneAtMs)} ms after`;
      if (retracted) this.#check("kept", found === undefined, where);
      else
        this.#check(
          "unfindable",
          found === version,
          () => `${where()}: ${found} instead of ${version}`,
        );
    }
  }

  #isCutLately(region: Region, startedMs: number): boolean {
    const { cutSince, healedAt } = this.#trouble;
    return cutSince.has(region) || (healedAt.get(region) ?? 0) > startedMs - CONNECTED_WITHIN_MS;
  }

  #nothingOlder(seen: Map<string, Seen>, { units }: Reading): void {
    for (const [unitId, { version, gone }] of seen) {
      const found = units.get(unitId);
      // Of a unit on its way out each version leaves its own leaf: `kept` says how soon all have.
      const isLeaving = !gone && this.#units.get(unitId)?.retracted === true;
      const isShown = found !== undefined;
      const isKept = isLeaving || (gone ? !isShown : isShown && found >= version);
      const before = `${version}${gone ? ", gone" : ""}`;
      this.#check("older", isKept, () => `${unitId} was seen at ${before}, then at ${found}`);
    }
  }

  /** A region that is cut off goes on reading what it had. */
  #whileCut(region: Region, { units, missing }: Reading): void {
    const { network, replicas, edges } = this.#world;
    const sinceMs = (this.#trouble.cutSince.get(region) ?? 0) - BEHIND_AT_CUT_MS;
    const known = edges.get(region)?.leaves ?? [];
    const wereReady = known.every(({ name }) => {
      const replica = replicas.get(`${name}@${region}`);
      if (replica === undefined || replica.state.asOfMs <= sinceMs) return false;
      const downMs = this.#trouble.downUntil.get(replica.machine) ?? 0;
      return downMs < Math.min(sinceMs, network.nowMs - 3_000);
    });
    if (!wereReady) return;
    this.#check("unfindable", missing === 0, () => `${missing} leaves in ${region}, cut off`);
    for (const { id, doneAtMs, begunAtMs, retracted, version } of this.#units.values()) {
      if (retracted || doneAtMs === null || Math.max(doneAtMs, begunAtMs) >= sinceMs) continue;
      this.#check("unfindable", units.get(id) === version, () => `${id} in ${region}, cut off`);
    }
  }

  /** After the heal every region, and every replica by itself, has what the leaders have: nothing lost, nothing twice. */
  async settled(): Promise<void> {
    const { network } = this.#world;
    const expected = new Map(
      [...this.#units.values()]
        .filter(({ retracted }) => !retracted)
        .map(({ id, version }) => [id, version]),
    );
    let partial = 0;
    const readings = SIMULATED.flatMap((region) =>
      Array.from({ length: 4 }, async () => {
        await network.wait(network.random() * 4_000);
        const reading = await this.#world.read(region, null);
        if (!reading.isPartial) this.#same(region, reading.units, expected);
        // A lost message may cost a leaf once; not every time.
        else if (++partial > SIMULATED.length)
          this.#check("lost", false, () => `${region} does not answer in full`);
      }),
    );
    const all = Promise.all(readings);
    await network.runUntil(network.nowMs + 15_000);
    await all;
    for (const [name, replica] of this.#world.replicas) {
      const { leader } = replica;
      if (replica.moved !== null || leader.moved !== null || replica.state.asOfMs === 0) continue;
      // Asks once more for replicas that have slept since, which have not looked.
      const asked = replica.read(0);
      await network.runUntil(network.nowMs + 10_000);
      await asked;
      this.#same(name, replica.records.found().units, leader.records.found().units);
    }
  }

  #same(where: string, found: Map<string, number>, expected: Map<string, number>): void {
    for (const [unitId, version] of expected) {
      const has = found.get(unitId);
      this.#check(
        "lost",
        has === version,
        () => `${where} has ${unitId} at ${has}, not ${version}`,
      );
    }
    for (const unitId of found.keys())
      this.#check("doubled", expected.has(unitId), () => `${where} has ${unitId}, which is gone`);
  }
}
