import type { Region } from "#domain/regions/regions.ts";
import { FOLLOWED_MS } from "#domain/search/leaves/follow.ts";
import { Promises, type Seen, type Tally } from "#scripts/simulate/promises.ts";
import { HOME, type Reading, SIMULATED, type Unit, World } from "#scripts/simulate/regions.ts";
import { Trouble } from "#scripts/simulate/trouble.ts";

/** Reads of one region: how many leaves answered and how many of them near, and how old what they showed was, ms. */
export type RegionReport = {
  reads: number;
  readsInCut: number;
  partial: number;
  leaves: number;
  near: number;
  agesMs: number[];
  cutAgesMs: number[];
};
export type Report = {
  seed: number;
  writes: number;
  kills: number;
  splits: number;
  fullCopies: number;
  cut: Region;
  cutMs: number;
  regions: Record<string, RegionReport>;
  promises: Tally;
  /** Some of the promises that were broken, in words. */
  broken: string[];
};

export type Play = { seed: number; lastsMs: number; units: number };

const SETTLES_IN_MS = 20_000;

type Client = { region: Region; bookmark: string | null; seen: Map<string, Seen> };

/** Plays one seed: clients, kills, splits, a cut and a heal; and says what broke a promise. */
export async function play({ seed, lastsMs, units }: Play): Promise<Report> {
  return await new Game(seed, lastsMs).run(units);
}

class Game {
  readonly #world: World;
  readonly #units = new Map<string, Unit>();
  readonly #endMs: number;
  readonly #startMs: number;
  readonly #trouble: Trouble;
  readonly #promises: Promises;
  readonly #regions: Record<string, RegionReport> = {};
  readonly #seed: number;
  #writes = 0;

  constructor(seed: number, lastsMs: number) {
    this.#seed = seed;
    this.#world = new World(seed);
    this.#trouble = new Trouble(this.#world);
    this.#promises = new Promises(this.#world, this.#trouble, this.#units);
    this.#startMs = this.#world.network.nowMs;
    this.#endMs = this.#startMs + lastsMs;
  }

  async run(units: number): Promise<Report> {
    const { network } = this.#world;
    for (const region of SIMULATED)
      for (let i = 0; i < 5; i++)
        // Two of five only read, and stay where they are.
        void this.#client(
          { region, bookmark: null, seen: new Map() },
          i < 3 ? Math.ceil(units / 12) : 0,
        );
    this.#trouble.disturb(this.#endMs);
    const span = this.#endMs - this.#startMs;
    const cut = SIMULATED[1 + Math.floor(network.random() * 3)] ?? "apac";
    const cutMs = span * 0.3;
    network.after(span * 0.35, () => this.#trouble.cut(cut, cutMs));
    for (const at of [0.15, 0.3, 0.5, 0.7, 0.8])
      network.after(span * at, () => this.#trouble.splitOne());
    await network.runUntil(this.#endMs + SETTLES_IN_MS);
    await this.#promises.settled();
    const { kills, splits, fullCopies } = this.#trouble;
    return {
      seed: this.#seed,
      writes: this.#writes,
      kills,
      splits,
      fullCopies,
      cut,
      cutMs,
      regions: this.#regions,
      promises: this.#promises.tally,
      broken: this.#promises.examples,
    };
  }

  async #client(client: Client, units: number): Promise<void> {
    const { network } = this.#world;
    const mine: Unit[] = [];
    while (network.nowMs < this.#endMs) {
      await network.wait(20 + network.random() * 400);
      const chance = network.random();
      if (units === 0) await this.#read(client, chance < 0.5 ? client.bookmark : null);
      else if (chance < 0.25 && network.isConnected(client.region, HOME))
        await this.#write(client, mine, units);
      // Agents move about, and one reader in three remembers nothing.
      else if (chance < 0.27)
        client.region = SIMULATED[Math.floor(network.random() * SIMULATED.length)] ?? client.region;
      else await this.#read(client, network.random() < 0.66 ? client.bookmark : null);
    }
  }

  async #write(client: Client, mine: Unit[], units: number): Promise<void> {
    const { network } = this.#world;
    const random = network.random;
    const live = mine.filter(({ retracted }) => !retracted);
    const old = live[Math.floor(random() * live.length)];
    const isNew = old === undefined || (live.length < units && random() >= 0.4);
    const unit = isNew ? this.#newUnit(mine) : old;
    unit.begunAtMs = network.nowMs;
    unit.doneAtMs = null;
    if (unit.version > 0 && random() < 0.35) await this.#retract(unit);
    else await this.#revise(unit);
    unit.doneAtMs = network.nowMs;
    this.#writes++;
    const { id, version, retracted } = unit;
    await network.wait(random() * 200);
    if (!network.isConnected(client.region, HOME)) return;
    client.seen.set(id, { version, gone: retracted });
    client.bookmark = this.#world.afterWrite(client.region, client.bookmark);
  }

  #newUnit(mine: Unit[]): Unit {
    const unit: Unit = {
      id: `u${this.#units.size}`,
      version: 0,
      contentKey: "",
      older: new Map(),
      begunAtMs: 0,
      doneAtMs: null,
      retracted: false,
    };
    mine.push(unit);
    this.#units.set(unit.id, unit);
    return unit;
  }

  async #retract(unit: Unit): Promise<void> {
    unit.retracted = true;
    const all = [...unit.older, [unit.version, unit.contentKey] as const];
    await Promise.all(all.map(([version, contentKey]) => this.#takeOut(unit, version, contentKey)));
  }

  /** The new version is findable, and is said to be; the old one goes when every replica has heard of the new one. */
  async #revise(unit: Unit): Promise<void> {
    const { network } = this.#world;
    const random = network.random;
    const { version, contentKey } = unit;
    // Half of the revisions stay in their leaf.
    const isNear = version > 0 && random() < 0.5;
    const hash = Math.floor(random() * 256)
      .toString(16)
      .padStart(2, "0");
    unit.version = version + 1;
    unit.contentKey = `${isNear ? contentKey.slice(0, 2) : hash}-${unit.id}-${unit.version}`;
    const write = { unitId: unit.id, version: unit.version, contentKey: unit.contentKey };
    if (version > 0) unit.older.set(version, contentKey);
    await this.#world.write(write.contentKey, (leader) => leader.index(write));
    if (version === 0) return;
    network.after(FOLLOWED_MS, () => void this.#takeOut(unit, version, contentKey));
  }

  async #takeOut(unit: Unit, version: number, contentKey: string): Promise<void> {
    const claim = { unitId: unit.id, version, contentKey };
    await this.#world.write(contentKey, (leader) => leader.remove(claim));
    unit.older.delete(version);
  }

  async #read(client: Client, bookmark: string | null): Promise<void> {
    const startedMs = this.#world.network.nowMs;
    const { region } = client;
    const seen = bookmark === null ? null : new Map(client.seen);
    const reading = await this.#world.read(region, bookmark);
    this.#note(region, reading);
    this.#promises.read(region, reading, seen, startedMs);
    if (bookmark === null) return;
    client.bookmark = reading.bookmark;
    for (const [unitId, version] of reading.units) {
      const known = client.seen.get(unitId);
      if (known === undefined || version > known.version)
        client.seen.set(unitId, { version, gone: false });
    }
  }

  #note(region: Region, reading: Reading): void {
    const report = (this.#regions[region] ??= {
      reads: 0,
      readsInCut: 0,
      partial: 0,
      leaves: 0,
      near: 0,
      agesMs: [],
      cutAgesMs: [],
    });
    const isCut = this.#trouble.cutSince.has(region);
    report.reads++;
    if (isCut) report.readsInCut++;
    if (reading.isPartial) report.partial++;
    report.leaves += reading.leaves;
    report.near += reading.near;
    (isCut ? report.cutAgesMs : report.agesMs).push(reading.ageMs);
  }
}
