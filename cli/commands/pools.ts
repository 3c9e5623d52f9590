import type { Operations } from "#sdk/types.ts";
import type { Command } from "#cli/command.ts";
import { bar, padEnd, type Style } from "#cli/terminal.ts";

type Pool = Operations["GET /v1/pools"]["answer"]["items"][number];

export const listPools: Command = {
  name: "pools",
  summary: "Show the capacity of your account's pool and of the shared ones, and what uses it.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const found = await client().operation("GET /v1/pools");
    const text = found.items.map((pool) => textOf(pool, style)).join("\n");
    await terminal.out(json ? `${JSON.stringify(found)}\n` : `${text}\n`);
    return 0;
  },
};

function textOf(pool: Pool, style: Style): string {
  const { name, share, machines, capacity, reservations, working, waiting, forecast } = pool;
  const used = `${padEnd(`${Math.round(share * 100)} %`, 6)}`;
  const lines = [
    `${style(padEnd(name, 8), "cyan")} ${bar(share, 20)} ${used} ${reservations} reservations, ${working} tasks worked on, ${waiting} waiting`,
    `  machines: ${machines.ready} ready, ${machines.starting} starting, ${machines.leaving} leaving, at most ${machines.max}; ` +
      `${capacity.cpuMilli / 1_000} cores, ${capacity.gpuMilli / 1_000} GPUs, ${capacity.memoryMiB} MiB`,
  ];
  if (forecast !== null)
    lines.push(
      `  in ${forecast.inMs / 1_000} s it will want ${forecast.machines.toFixed(1)} machines`,
    );
  if (pool.refusesBelow > 0)
    lines.push(`  too full: priorities below ${pool.refusesBelow} are refused`);
  return lines.join("\n");
}
