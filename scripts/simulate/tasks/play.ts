import type { EndCause } from "#domain/scheduling/row.ts";
import { Agent } from "#scripts/simulate/tasks/agent.ts";
import { Clock } from "#scripts/simulate/tasks/clock.ts";
import { Judge, type Tally } from "#scripts/simulate/tasks/judge.ts";
import { setOpen, trouble } from "#scripts/simulate/tasks/operator.ts";
import {
  LOOKS_EVERY_MS,
  type Pool,
  poolOf,
  poolSettled,
  Tenant,
} from "#scripts/simulate/tasks/pool.ts";
import { Producer, type World } from "#scripts/simulate/tasks/producer.ts";
import { type Shard, shardOf, WEIGHTS } from "#scripts/simulate/tasks/shard.ts";

/** What came of one seed. `ends`: tasks by how they ended. */
export type Report = {
  seed: number;
  operations: number;
  agents: number;
  kills: number;
  failedWrites: number;
  tasks: number;
  ends: Record<string, number>;
  promises: Tally;
  /** Some of the promises that were broken, in words. */
  broken: string[];
};

/** Then the trouble ends. */
const OPERATIONS_MIN = 290;
const SLICE_MS = 250;
const SETTLES_MS = 900_000;
const TYPES = ["look", "read", "write"] as const;
const CAPABILITIES = ["gpu", "legal"] as const;
const PLACES = ["east", "west"] as const;

/** Plays one seed: accounts, agents, an operator, kills and bad weather; then calm, until everything has ended. */
export function play(seed: number): Report {
  const clock = new Clock(seed);
  const judge = new Judge();
  const isPlain = seed % 3 === 0;
  const count = 1 + clock.below(2);
  const first = shardOf("s0", clock);
  const shards: [Shard, ...Shard[]] = [first];
  for (let i = 1; i < count; i++) shards.push(shardOf(`s${i}`, clock));
  for (const shard of shards) judge.watch(shard, isPlain);
  const pool = poolOf(clock, judge);
  const setting = isPlain ? PLAIN : MIXED;
  const world: World = { clock, shards, judge, setting, isOver: false };
  for (const account of Object.keys(WEIGHTS)) {
    void new Producer(account, world);
    void new Tenant(account, pool, world);
  }
  const agents = agentsOf(world, isPlain);
  const kills = trouble(world, pool, agents);
  const counted = () =>
    pool.operations + shards.reduce((sum, { operations }) => sum + operations, 0);
  // What is open then takes some more, in calm.
  const coming = () => shards.reduce((sum, { live }) => sum + live.stored.open.size, 0) / 2;
  while (counted() + coming() < OPERATIONS_MIN) clock.runUntil(clock.nowMs + SLICE_MS);
  world.isOver = true;
  settle(world, pool, agents);
  for (const shard of shards) judge.settled(shard);
  poolSettled(pool, judge);
  return {
    seed,
    operations: counted(),
    agents: agents.length,
    kills: kills(),
    failedWrites: pool.failedWrites + shards.reduce((sum, one) => sum + one.failedWrites, 0),
    ...endsOf(shards),
    promises: judge.tally,
    broken: judge.examples,
  };
}

const PLAIN: World["setting"] = { types: ["look"], requires: [[]], near: [null], late: 0 };
const MIXED: World["setting"] = {
  types: [...TYPES],
  requires: [[], [], ["gpu"], ["gpu", "legal"]],
  near: [null, null, ...PLACES],
  late: 0.12,
};

function agentsOf(world: World, isPlain: boolean): Agent[] {
  const { clock } = world;
  return Array.from({ length: 3 + clock.below(3) }, (_, i) => {
    const some = <T>(all: readonly T[]) => all.filter(() => isPlain || clock.chance(0.7));
    const types = some(TYPES);
    return new Agent(
      {
        types: types.length > 0 ? types : ["look"],
        capabilities: some(CAPABILITIES),
        near: clock.oneOf([null, ...PLACES]),
        // The first works by a key of the account's: whoever is nobody in particular gives back and is late as well.
        holder: i === 0 ? null : `agent${i}`,
        slow: clock.chance(0.25) ? 6 : 0.6 + clock.random(),
      },
      world,
    );
  });
}

/** No more trouble: whatever is open now must come to its end. */
function settle({ clock, shards, judge }: World, pool: Pool, agents: readonly Agent[]): void {
  clock.calmFromMs = clock.nowMs;
  for (const shard of shards) {
    if (shard.isUp) judge.same(shard.core, shard.live);
    shard.jump();
  }
  pool.jump();
  // Whatever was killed is up again by then, and hears that it is open.
  clock.after(2_500, () => shards.forEach(setOpen));
  for (const [i, agent] of agents.entries())
    if (i < 2) agent.heal(TYPES, CAPABILITIES);
    else agent.retire();
  const endMs = clock.nowMs + SETTLES_MS;
  const isOver = () =>
    shards.every(({ durable, isUp }) => isUp && durable.stored.open.size === 0) &&
    pool.isUp &&
    pool.durable.reservations.size === 0;
  clock.runUntil(clock.nowMs + 3_000);
  while (clock.nowMs < endMs && !isOver()) clock.runUntil(clock.nowMs + LOOKS_EVERY_MS);
}

function endsOf(shards: readonly Shard[]): Pick<Report, "tasks" | "ends"> {
  const ends: Record<string, number> = {};
  let tasks = 0;
  for (const { durable } of shards)
    for (const { end } of durable.stored.ended.values()) {
      const how: EndCause | "completed" = end.cause ?? "completed";
      ends[how] = (ends[how] ?? 0) + 1;
      tasks++;
    }
  return { tasks, ends };
}
