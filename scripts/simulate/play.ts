import type { Region } from "#domain/regions/regions.ts";
import { STALE_MS } from "#domain/search/follow.ts";
import { HOME, SIMULATED, type Unit, World } from "#scripts/simulate/regions.ts";
import { Trouble } from "#scripts/simulate/trouble.ts";

export type Report = {
  seed: number;
  writes: number;
  reads: number;
  readsInCut: number;
  fullCopies: number;
  leaves: number;
  /** Where a unit's old version had left one leaf before a replica had its new one from another. */
  betweenLeaves: number;
  broken: string[];
};

export type Play = { seed: number; lastsMs: number; units: number };

const CONNECTED_WITHIN_MS = 5_000;
/** A replica in use is at most this far behind what its leader held when it was cut off. */
const BEHIND_AT_CUT_MS = 3_000;
const SETTLES_IN_MS = 20_000;

type Client = { region: Region; bookmark: string | null; seen: Map<string, Seen> };
type Seen = { version: number; gone: boolean };

/** Plays one seed: clients, crashes, splits, a cut and a heal; and says what broke a promise. */
export async function play({ seed, lastsMs, units }: Play): Promise<Report> {
  return await new Game(seed, lastsMs).run(units);
}

class Game {
  readonly #world: World;
  readonly #units = new Map<string, Unit>();
  readonly #endMs: number;
  readonly #startMs: number;
  readonly #report: Report;
  readonly #trouble: Trouble;

  constructor(seed: number, lastsMs: number) {
    this.#world = new World(seed);
    this.#trouble = new Trouble(this.#world);
    this.#startMs = this.#world.network.nowMs;
    this.#endMs = this.#startMs + lastsMs;
    this.#report = {
      seed,
      writes: 0,
      reads: 0,
      readsInCut: 0,
      fullCopies: 0,
      leaves: 0,
      betweenLeaves: 0,
      broken: [],
    };
  }

  async run(units: number): Promise<Report> {
    const { network } = this.#world;
    const random = network.random;
    for (const region of SIMULATED)
      for (let i = 0; i < 5; i++)
        // Two of five only read, and stay where they are.
        void this.#client(
          { region, bookmark: null, seen: new Map() },
          i < 3 ? Math.ceil(units / 12) : 0,
        );
    this.#trouble.disturb(this.#endMs);
    const span = this.#endMs - this.#startMs;
    const cut = SIMULATED[1 + Math.floor(random() * 3)] ?? "apac";
    network.after(span * 0.35, () => this.#trouble.cut(cut, span * 0.3));
    for (const at of [0.15, 0.3, 0.5, 0.7, 0.8])
      network.after(span * at, () => this.#trouble.splitOne());
    await network.runUntil(this.#endMs + SETTLES_IN_MS);
    await this.#checkSettled();
    this.#report.fullCopies = this.#trouble.fullCopies;
    this.#report.leaves = [...this.#world.leaders.values()].filter(
      ({ moved }) => moved === null,
    ).length;
    return this.#report;
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
    const unit =
      old !== undefined && (live.length >= units || random() < 0.4)
        ? old
        : {
            id: `u${this.#units.size}`,
            version: 0,
            contentKey: "",
            lately: [],
            begunAtMs: 0,
            doneAtMs: null,
            retracted: false,
          };
    if (unit.version === 0) {
      mine.push(unit);
      this.#units.set(unit.id, unit);
    }
    unit.begunAtMs = network.nowMs;
    unit.doneAtMs = null;
    const { id: unitId, version, contentKey } = unit;
    if (version > 0 && random() < 0.35) {
      unit.retracted = true;
      const claim = { unitId, version, contentKey };
      await this.#world.write(contentKey, (leader) => leader.remove(claim));
    } else {
      // Half of the revisions stay in their leaf.
      const hash = version > 0 && random() < 0.5 ? contentKey.slice(0, 2) : undefined;
      const next =
        hash ??
        Math.floor(random() * 256)
          .toString(16)
          .padStart(2, "0");
      unit.version = version + 1;
      unit.contentKey = `${next}-${unitId}-${unit.version}`;
      unit.lately = [...unit.lately.slice(-9), unit.contentKey];
      const write = { unitId, version: unit.version, contentKey: unit.contentKey };
      await this.#world.write(write.contentKey, (leader) => leader.index(write));
      if (version > 0)
        await this.#world.write(contentKey, (leader) =>
          leader.remove({ unitId, version, contentKey }),
        );
    }
    unit.doneAtMs = network.nowMs;
    this.#report.writes++;
    await network.wait(network.random() * 200);
    if (!network.isConnected(client.region, HOME)) return;
    client.seen.set(unitId, { version: unit.version, gone: unit.retracted });
    client.bookmark = this.#world.afterWrite(client.region, client.bookmark);
  }

  async #read(client: Client, bookmark: string | null): Promise<void> {
    const startedMs = this.#world.network.nowMs;
    const { region } = client;
    const seen = new Map(client.seen);
    const isCut = this.#trouble.cutSince.has(region);
    const reading = await this.#world.read(region, bookmark);
    this.#report.reads++;
    if (isCut && this.#trouble.cutSince.has(region)) {
      this.#report.readsInCut++;
      if (bookmark === null) this.#checkCutRead(region, reading.units, reading.missing);
    }
    if (bookmark !== null && !reading.isPartial)
      this.#checkSeen(region, seen, reading.units, startedMs);
    this.#checkRetracted(region, reading.units, startedMs);
    if (bookmark === null) return;
    client.bookmark = reading.bookmark;
    for (const [unitId, version] of reading.units) {
      const known = client.seen.get(unitId);
      if (known === undefined || version > known.version)
        client.seen.set(unitId, { version, gone: false });
    }
  }

  /** Whoever echoes a bookmark sees nothing older than what they have seen. */
  #checkSeen(
    region: Region,
    seen: Map<string, Seen>,
    units: Map<string, number>,
    startedMs: number,
  ): void {
    for (const [unitId, { version, gone }] of seen) {
      const found = units.get(unitId);
      if (gone ? found === undefined : found !== undefined && found >= version) continue;
      const unit = this.#units.get(unitId);
      if (unit === undefined || (found === undefined && unit.retracted)) continue;
      // Its versions are in two leaves, which are read at two moments: no bookmark makes one of them.
      const isRecent = (unit.doneAtMs ?? Infinity) > this.#oldestShown(region, startedMs);
      if (isRecent && this.#world.isApart(unit.lately)) {
        this.#report.betweenLeaves++;
        continue;
      }
      this.#broken(`${unitId} was seen at ${version}${gone ? ", gone" : ""}, then at ${found}`);
    }
  }

  /** The oldest moment that a read may show of one leaf beside the newest of another. */
  #oldestShown(region: Region, startedMs: number): number {
    const oldest = startedMs - STALE_MS - 1_000;
    const isCut =
      this.#trouble.cutSince.has(region) || (this.#trouble.healedAt.get(region) ?? 0) > oldest;
    return isCut
      ? Math.min(oldest, (this.#trouble.cutAt.get(region) ?? oldest) - STALE_MS)
      : oldest;
  }

  #checkRetracted(region: Region, units: Map<string, number>, startedMs: number): void {
    const sinceMs = startedMs - CONNECTED_WITHIN_MS;
    const wasCut =
      this.#trouble.cutSince.has(region) || (this.#trouble.healedAt.get(region) ?? 0) > sinceMs;
    if (wasCut) return;
    for (const unitId of units.keys()) {
      const unit = this.#units.get(unitId);
      if (!unit?.retracted || unit.doneAtMs === null || unit.doneAtMs > sinceMs) continue;
      const downMs = Math.max(
        ...[...this.#world.leaders.values()].map(
          ({ machine }) => this.#trouble.downUntil.get(machine) ?? 0,
        ),
      );
      // A leader that was down is as good as cut off; with several leaves any of them may be the one.
      if (downMs > sinceMs) continue;
      this.#broken(
        `${unitId} is found in ${region} ${startedMs - unit.doneAtMs} ms after it was retracted`,
      );
    }
  }

  /** A region that is cut off goes on reading what it had. */
  #checkCutRead(region: Region, units: Map<string, number>, missing: number): void {
    const { network, replicas, edges } = this.#world;
    const sinceMs = (this.#trouble.cutSince.get(region) ?? 0) - BEHIND_AT_CUT_MS;
    const known = edges.get(region)?.leaves ?? [];
    const mine = known.map(({ name }) => replicas.get(`${name}@${region}`));
    const wereReady = mine.every(
      (replica) =>
        replica !== undefined &&
        replica.state.asOfMs > sinceMs &&
        (this.#trouble.downUntil.get(replica.machine) ?? 0) <
          Math.min(sinceMs, network.nowMs - 3_000),
    );
    if (!wereReady) return;
    if (missing > 0)
      this.#broken(`${missing} leaves were missing in ${region} while it was cut off`);
    for (const unit of this.#units.values()) {
      const isOld = unit.doneAtMs !== null && Math.max(unit.doneAtMs, unit.begunAtMs) < sinceMs;
      if (isOld && !unit.retracted && units.get(unit.id) !== unit.version)
        this.#broken(`${unit.id} was lost in ${region} while it was cut off`);
    }
  }

  /** After the heal every region, and every replica by itself, has what the leaders have: nothing lost, nothing twice. */
  async #checkSettled(): Promise<void> {
    const expected = new Map(
      [...this.#units.values()]
        .filter(({ retracted }) => !retracted)
        .map(({ id, version }) => [id, version]),
    );
    const { network } = this.#world;
    let partial = 0;
    const readings = SIMULATED.flatMap((region) =>
      Array.from({ length: 4 }, () =>
        network.wait(network.random() * 4_000).then(() => this.#world.read(region, null)),
      ).map((reading) =>
        reading.then((read) => {
          if (!read.isPartial) this.#checkSame(region, read.units, expected);
          else if (++partial > SIMULATED.length) this.#broken(`${region} does not answer in full`);
        }),
      ),
    );
    const all = Promise.all(readings);
    await network.runUntil(network.nowMs + 15_000);
    await all;
    for (const [name, replica] of this.#world.replicas) {
      if (replica.moved !== null || replica.state.asOfMs === 0) continue;
      if (replica.leader.moved !== null) continue;
      // Asks once more for replicas that have slept since, which have not looked.
      const asked = replica.read(0);
      await network.runUntil(network.nowMs + 10_000);
      await asked;
      this.#checkSame(name, replica.records.found(), replica.leader.records.found());
    }
  }

  #checkSame(where: string, found: Map<string, number>, expected: Map<string, number>): void {
    for (const [unitId, version] of expected)
      if (found.get(unitId) !== version)
        this.#broken(`${where} has ${unitId} at ${found.get(unitId)} instead of ${version}`);
    for (const unitId of found.keys())
      if (!expected.has(unitId)) this.#broken(`${where} has ${unitId}, which is gone`);
  }

  #broken(promise: string): void {
    this.#report.broken.push(promise);
  }
}
