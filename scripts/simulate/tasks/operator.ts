import { redriven } from "#domain/scheduling/redrive.ts";
import type { Change } from "#domain/scheduling/row.ts";
import type { Mode } from "#domain/scheduling/queue.ts";
import type { Agent } from "#scripts/simulate/tasks/agent.ts";
import type { Pool } from "#scripts/simulate/tasks/pool.ts";
import type { World } from "#scripts/simulate/tasks/producer.ts";
import type { Shard } from "#scripts/simulate/tasks/shard.ts";

/** Kills, clocks that jump, and an operator who pauses, drains, recalls and redrives. Answers how to count the kills. */
export function trouble(world: World, pool: Pool, agents: readonly Agent[]): () => number {
  const { clock, shards, judge } = world;
  let kills = 0;
  const killShard = () => {
    const shard = clock.oneOf(shards);
    if (!shard.isUp) return;
    judge.same(shard.core, shard.live);
    shard.kill();
    kills++;
  };
  const killAgent = () => {
    agents[clock.below(agents.length)]?.kill();
    kills++;
  };
  // There, and soon back again.
  const jump = (shard: Shard) => {
    shard.jump();
    clock.after(600 * clock.random(), () => shard.jump());
  };
  const acts = [
    killShard,
    killShard,
    killAgent,
    killAgent,
    () => pool.kill(),
    () => setMode(world, "paused"),
    () => setMode(world, "draining"),
    () => recall(world, `agent${clock.below(agents.length)}`),
    () => redrive(world),
    () => redrive(world),
  ] as const;
  const act = () =>
    clock.after(1_800 * clock.random(), () => {
      if (world.isOver) return;
      clock.oneOf(acts)();
      if (clock.chance(0.5)) jump(clock.oneOf(shards));
      act();
    });
  act();
  // Whatever chance decides, each seed has a kill in the middle of its work.
  clock.after(3_000 + 3_000 * clock.random(), killShard);
  return () => kills;
}

export const setOpen = (shard: Shard): void => written(shard, "open");

const written = (shard: Shard, mode: Mode): void =>
  shard.ask({
    run: (queue) => {
      queue.mode = mode;
      return { answer: null, changes: { rows: [], mode } };
    },
  });

function setMode({ clock, shards }: World, mode: Mode): void {
  const shard = clock.oneOf(shards);
  written(shard, mode);
  clock.after(1_500 * clock.random(), () => setOpen(shard));
}

function recall({ clock, shards }: World, holder: string): void {
  clock.oneOf(shards).ask({
    run: (queue) => {
      const { answer, changes } = queue.recall(holder);
      return { answer, changes: { rows: changes } };
    },
  });
}

const REDRIVEN = 3;

function redrive({ clock, shards }: World): void {
  clock.oneOf(shards).ask({
    run: (queue, nowMs, { stored }) => {
      const failed = [...stored.ended.values()].filter(({ end }) => end.state === "failed");
      const rows: Change[] = [];
      const answer = redriven(
        queue,
        failed.slice(0, REDRIVEN).map(({ row }) => row),
        {
          cameToNothing: (seq) => (stored.ended.get(seq)?.end.state ?? "completed") !== "completed",
          store: (changes) => rows.push(...changes),
        },
        nowMs,
      );
      return { answer, changes: { rows } };
    },
  });
}
