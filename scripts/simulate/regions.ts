import { mergedHits } from "#domain/search/leaves/merge-hits.ts";
import {
  type Bookmark,
  bookmarkFrom,
  bookmarkText,
  CLOCKS_APART_MS,
  seenAfter,
  seenByClock,
} from "#domain/regions/bookmark.ts";
import type { Region } from "#domain/regions/regions.ts";
import { type Behind, readLeaf, replicaFor } from "#domain/regions/replicas.ts";
import { type Machine, Network, Unreachable } from "#scripts/simulate/network.ts";
import { isIn, Leader, type Range, Replica, type ShardAnswer } from "#scripts/simulate/shards.ts";

export const HOME: Region = "weur";
export const SIMULATED: readonly Region[] = [HOME, "enam", "apac", "sam"];

/** One way, ms: about what a message takes between these places. */
const DISTANCES: Record<string, number> = {
  "enam weur": 45,
  "apac weur": 110,
  "sam weur": 100,
  "apac enam": 90,
  "enam sam": 60,
  "apac sam": 150,
};
const REPLICA_TIMEOUT_MS = 700;
const LEADER_TIMEOUT_MS = 1_200;
const HOT_REPLICAS = 1;

export type Unit = {
  id: string;
  version: number;
  contentKey: string;
  /** Versions that were replaced and are still to be taken out. */
  older: Map<number, string>;
  /** When the last write of it began and, once it did, ended at all leaders. */
  begunAtMs: number;
  doneAtMs: number | null;
  retracted: boolean;
};
export type Reading = {
  units: Map<string, number>;
  isPartial: boolean;
  missing: number;
  bookmark: string;
  /** Units that one shard showed twice. */
  doubled: string[];
  /** Leaves that answered, those of them that lie in the reader's region, and how old the oldest state was, ms. */
  leaves: number;
  near: number;
  ageMs: number;
};

/** Four regions: leaders in one of them, replicas in all, and an edge in each that reads and writes for its clients. */
export class World {
  readonly network: Network;
  readonly leaders = new Map<string, Leader>();
  readonly replicas = new Map<string, Replica>();
  readonly edges = new Map<Region, { machine: Machine; leaves: Range[] }>();
  readonly writer: Machine;
  #writerLeaves: Range[];

  constructor(seed: number) {
    this.network = new Network(seed, (random) => ({
      lost: 0.02,
      doubled: 0.03,
      delayMs: (from, to) =>
        (from === to ? 1 : (DISTANCES[[from, to].sort().join(" ")] ?? 60)) *
        (1 + random() ** 4 * 3),
    }));
    const root: Range = { name: "root", from: 0, to: 256 };
    this.writer = this.machine(HOME);
    this.#writerLeaves = [root];
    this.leaders.set(root.name, new Leader(this.network, root, this.machine(HOME)));
    for (const region of SIMULATED)
      this.edges.set(region, { machine: this.machine(region), leaves: [root] });
  }

  /** No two clocks are further apart than bookmarks allow for. */
  machine(region: string): Machine {
    const skewMs = (this.network.random() - 0.5) * CLOCKS_APART_MS;
    return { region, isUp: true, lives: 0, skewMs };
  }

  leader(name: string): Leader {
    const leader = this.leaders.get(name);
    if (leader === undefined) throw new Error(`there is no leaf ${name}`);
    return leader;
  }

  replica(name: string, leaf: string, region: Region): Replica {
    let replica = this.replicas.get(name);
    if (replica === undefined) {
      replica = new Replica(this.network, this.leader(leaf), this.machine(region));
      this.replicas.set(name, replica);
    }
    return replica;
  }

  split(leaf: Leader): void {
    const { name, from, to } = leaf.range;
    const middle = (from + to) >> 1;
    if (leaf.moved !== null || middle === from) return;
    const children = [
      { name: `${name}a`, from, to: middle },
      { name: `${name}b`, from: middle, to },
    ].map((range) => new Leader(this.network, range, this.machine(HOME)));
    for (const child of children) this.leaders.set(child.range.name, child);
    leaf.split(children);
  }

  /** What the edge of a region answers a client that echoes a bookmark, or none. */
  async read(region: Region, echoed: string | null): Promise<Reading> {
    const edge = this.edges.get(region);
    if (edge === undefined) throw new Error(`there is no edge in ${region}`);
    const bookmark = echoed === null ? null : this.parsed(edge.machine, echoed);
    const into: Gathered = {
      answers: [],
      seenMs: 0,
      missing: 0,
      isStale: false,
      near: 0,
      ageMs: 0,
    };
    await Promise.all(edge.leaves.map((leaf) => this.#gather(region, leaf, bookmark, into)));
    const hits = mergedHits(into.answers.map(hitsOf), 10_000);
    return {
      units: new Map(hits.map(({ unitId, version }) => [unitId, version])),
      isPartial: into.missing > 0 || into.isStale,
      missing: into.missing,
      bookmark: bookmarkText({ seenMs: seenAfter(bookmark, into.seenMs) }),
      doubled: into.answers.flatMap(({ doubled }) => doubled),
      leaves: into.answers.length,
      near: into.near,
      ageMs: into.ageMs,
    };
  }

  parsed(machine: Machine, text: string): Bookmark {
    const read = bookmarkFrom(text, this.network.clockOf(machine));
    if (!read.ok) throw new Error(`the bookmark ${text} was refused`);
    return read.value;
  }

  async #gather(
    region: Region,
    leaf: Range,
    bookmark: Bookmark | null,
    into: Gathered,
  ): Promise<void> {
    const edge = this.edges.get(region);
    if (edge === undefined) return;
    const { machine } = edge;
    const atLeastMs = bookmark?.seenMs ?? 0;
    const chosen = replicaFor(
      { name: leaf.name, isPublic: true, home: HOME },
      { region, atLeastMs },
      (name) => (name.includes("@") ? 0 : HOT_REPLICAS),
      this.network.random(),
    );
    const replica =
      chosen === null ? null : this.replica(chosen.name, leaf.name, chosen.near as Region);
    const leader = this.leader(leaf.name);
    try {
      const { answer, isStale } = await readLeaf<ShardAnswer>(
        replica && ((hasAsked) => this.#ask(machine, replica, atLeastMs, hasAsked)),
        () => this.network.call(machine, leader.machine, () => leader.search(), LEADER_TIMEOUT_MS),
        () => this.network.clockOf(machine),
      );
      into.isStale ||= isStale;
      if (answer.kind === "done") {
        into.answers.push(answer);
        into.seenMs = Math.max(into.seenMs, answer.seenMs);
        const { asOfMs } = answer;
        if (asOfMs !== undefined || region === HOME) into.near++;
        if (asOfMs !== undefined)
          into.ageMs = Math.max(into.ageMs, this.network.clockOf(machine) - asOfMs);
        return;
      }
      edge.leaves = withMoved(edge.leaves, leaf.name, answer.to);
      await Promise.all(answer.to.map((child) => this.#gather(region, child, bookmark, into)));
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      into.missing++;
    }
  }

  #ask(
    from: Machine,
    replica: Replica,
    atLeastMs: number,
    hasAskedLeader: boolean,
  ): Promise<ShardAnswer | Behind> {
    return this.network.call(
      from,
      replica.machine,
      () => replica.read(atLeastMs, hasAskedLeader),
      REPLICA_TIMEOUT_MS,
    );
  }

  /** Carries a change to the leader of its content until it is acknowledged, as a queue's consumer does. */
  async write(contentKey: string, change: (leader: Leader) => ReturnType<Leader["index"]>) {
    for (;;) {
      const leaf = this.#writerLeaves.find((range) => isIn(range, contentKey));
      if (leaf === undefined) throw new Error(`no leaf takes ${contentKey}`);
      const leader = this.leader(leaf.name);
      const answer = await this.network
        .call(this.writer, leader.machine, () => change(leader), LEADER_TIMEOUT_MS)
        .catch(() => null);
      if (answer?.kind === "ok") return;
      if (answer?.kind === "moved")
        this.#writerLeaves = withMoved(this.#writerLeaves, leaf.name, answer.to);
    }
  }

  /** What a client holds after its write was acknowledged to it. */
  afterWrite(region: Region, before: string | null): string {
    const machine = this.edges.get(region)?.machine ?? this.writer;
    const seenMs = seenByClock(this.network.clockOf(machine));
    const held = before === null ? null : this.parsed(machine, before);
    return bookmarkText({ seenMs: seenAfter(held, seenMs) });
  }

  stop(machine: Machine, forMs: number, then: () => void): void {
    if (!machine.isUp) return;
    machine.isUp = false;
    machine.lives++;
    this.network.after(forMs, () => {
      machine.isUp = true;
      then();
    });
  }
}

type Gathered = {
  answers: Extract<ShardAnswer, { kind: "done" }>[];
  seenMs: number;
  missing: number;
  isStale: boolean;
  near: number;
  ageMs: number;
};

const withMoved = (leaves: readonly Range[], name: string, to: readonly Range[]): Range[] =>
  leaves.flatMap((leaf) => (leaf.name === name ? to : [leaf]));

const hitsOf = ({ units }: { units: Map<string, number> }) =>
  [...units].map(([unitId, version]) => ({
    unitId,
    version,
    title: "",
    snippet: "",
    score: 1,
    level: "L3" as const,
  }));
