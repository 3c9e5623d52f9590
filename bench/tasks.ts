import { bullmqPerSecond } from "./lib/peers/bullmq.ts";
import { pgBossPerSecond, postgresFolder } from "./lib/peers/pgboss.ts";
import { decisions } from "./lib/decisions.ts";
import { product } from "./lib/product.ts";
import { INPUT, taskLoad } from "./lib/task-load.ts";

// Tasks through one account's queue over HTTP: made, leased, completed, each a request of its own and each on disk
// before it is answered, by 64 connections at once; then a hundred a request. And what a decision takes in a full queue.
// --peer: beside BullMQ on Redis, where a job is added, run and done, and pg-boss on PostgreSQL.

const CONNECTIONS = 64;
const WARM_MS = 3_000;
const WINDOW_MS = 10_000;
const GOALS = { 1: 1_000, 100: 10_000 } as const;
const BATCH_CONNECTIONS = 8;
const DECISION_MS_MAX = 5;
const PEER_MS = 4_000;

const served = await product({ gpu: false });
try {
  for (const batch of [1, 100] as const) {
    const connections = batch === 1 ? CONNECTIONS : BATCH_CONNECTIONS;
    await taskLoad(served, connections, batch, WARM_MS);
    const { perSecond, p50, p99, cpuMs } = await taskLoad(served, connections, batch, WINDOW_MS);
    say(
      `${batch} a request over HTTP, ${connections} connections, one queue: ${perSecond.toFixed(0)} tasks/s made, leased and ` +
        `completed (goal ${GOALS[batch]}), all three requests p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms, ${cpuMs.toFixed(3)} ms CPU a task`,
    );
    if (perSecond < GOALS[batch]) process.exitCode = 1;
  }
} finally {
  await served.stop();
}

for (const accounts of [1, 1_000]) {
  const { p50, p99, bytesPerTask } = decisions(100_000, 1_000, accounts, 1);
  say(
    `a decision with 100,000 tasks waiting of ${accounts} account(s) and 1,000 agents: p50 ${p50.toFixed(3)} p99 ${p99.toFixed(3)} ms ` +
      `(goal ${DECISION_MS_MAX}), ${bytesPerTask.toFixed(0)} bytes of memory a waiting task`,
  );
  if (p99 > DECISION_MS_MAX) process.exitCode = 1;
}

if (process.argv.includes("--peer")) {
  for (const fsync of ["always", "everysec"] as const) {
    const perSecond = await bullmqPerSecond(INPUT, CONNECTIONS, fsync, PEER_MS);
    say(
      `BullMQ, Redis with appendfsync ${fsync}, ${CONNECTIONS} at a time by a library in one process: ${perSecond.toFixed(0)} jobs/s`,
    );
  }
  const postgres = postgresFolder();
  if (postgres === null) say("pg-boss: PostgreSQL is not installed (Debian: postgresql)");
  else
    for (const [connections, batch] of [
      [CONNECTIONS, 1],
      [BATCH_CONNECTIONS, 100],
    ] as const) {
      const perSecond = await pgBossPerSecond(postgres, INPUT, connections, batch, PEER_MS);
      say(
        `pg-boss, PostgreSQL, ${batch} at a time by ${connections} connections of a library: ${perSecond.toFixed(0)} jobs/s`,
      );
    }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
