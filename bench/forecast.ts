import { readFileSync } from "node:fs";
import { say } from "#scripts/launch/say.ts";
import { SCALING } from "#domain/resources/scaling.ts";
import { dataFile } from "./lib/data.ts";
import { type Job, playPool } from "./lib/scaled-pool.ts";

// Two recorded hours of production load (Azure LLM inference, 2023) against a pool that takes a minute to start a
// machine: how long a job waits when capacity follows the load, and when it follows the forecast. Same rules, same run.

const POOL = { slotsPerMachine: 4, startsInS: 60, stepS: 10 };
const RULE = { ...SCALING, machinesMin: 2, machinesMax: 64 };
/** What the first jobs meet is an empty pool, whoever scales it. */
const WARM_S = 300;
/** Tokens a second that one slot reads and writes. */
const READS = 5_000;
const WRITES = 40;

const POLICIES = {
  reactive: { rule: RULE, foresees: false },
  "reactive, aims at 35 %": { rule: { ...RULE, aimAt: 0.35 }, foresees: false },
  "reactive, gives none back": { rule: { ...RULE, inBelow: 0 }, foresees: false },
  "with the forecast": { rule: RULE, foresees: true },
};

for (const trace of ["code", "conv"]) {
  const file = dataFile("workloads", "azure-llm", `AzureLLMInferenceTrace_${trace}.csv`);
  if (file === null) {
    say(`${trace}: skipped, the recorded load is not here (workloads/azure-llm of WISHUB_DATA)`);
    continue;
  }
  const jobs = recorded(file);
  say(`${trace}: ${jobs.length} jobs in an hour`);
  for (const [name, policy] of Object.entries(POLICIES)) {
    const { delays, machineHours } = playPool({ jobs, ...POOL, ...policy });
    const warm = delays.filter(({ atS }) => atS >= WARM_S).map(({ waitedS }) => waitedS);
    const sorted = warm.toSorted((a, b) => a - b);
    const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
    const mean = warm.reduce((sum, one) => sum + one, 0) / warm.length;
    say(
      `  ${name.padEnd(26)} waits ${mean.toFixed(2).padStart(5)} s in the mean, p95 ${at(0.95).padStart(5)}, p99 ${at(0.99).padStart(5)}, longest ${at(1).padStart(5)}   ${machineHours.toFixed(1).padStart(5)} machine hours`,
    );
  }
}

function recorded(file: string): Job[] {
  const rows = readFileSync(file, "utf8").trim().split("\n").slice(1);
  const jobs = rows.map((row) => {
    const [time = "", read, written] = row.split(",");
    return {
      atS: Date.parse(`${time.slice(0, 23).replace(" ", "T")}Z`) / 1_000,
      takesS: Number(read) / READS + Number(written) / WRITES,
    };
  });
  const startS = jobs[0]?.atS ?? 0;
  return jobs.map(({ atS, takesS }) => ({ atS: atS - startS, takesS }));
}
