import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Ask, Queue, type Settings } from "#domain/scheduling/queue.ts";
import type { Planned } from "#domain/scheduling/row.ts";
import { percentiles } from "./load.ts";

/** One decision in a full queue: a lease, and the completion of what it gave, with a new task in its place. */
export type Decisions = { p50: number; p99: number; max: number; bytesPerTask: number };

const TYPES = 20;
const CAPABILITIES = 12;
const AT_MS = 1_800_000_000_000;

/** `accounts`: how many share the queue, each with as much to do. `limit`: tasks of one lease. */
export function decisions(
  waiting: number,
  agents: number,
  accounts: number,
  limit: number,
): Decisions {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const settings: Settings = {
    weightOf: () => 1,
    tasksMax: 2 * waiting,
    bytesMax: Number.MAX_SAFE_INTEGER,
    accountTasksMax: 2 * waiting,
    accountBytesMax: Number.MAX_SAFE_INTEGER,
  };
  const queue = new Queue(settings);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < waiting; n += 100)
    queue.enqueue(
      Array.from({ length: 100 }, (_, i) => planned(n + i, accounts)),
      AT_MS + n,
    );
  collect();
  const bytesPerTask = (process.memoryUsage().heapUsed - before) / waiting;
  const asks = Array.from({ length: agents }, (_, agent) => ask(agent, limit));
  const took: number[] = [];
  let n = waiting;
  for (let round = 0; round < 5_000; round++) {
    const nowMs = AT_MS + waiting + round;
    const asking = asks[round % agents] as Ask;
    const startedAt = performance.now();
    queue.tick(nowMs);
    const { answer } = queue.lease(asking, nowMs);
    took.push(performance.now() - startedAt);
    for (const { seq, token } of answer) queue.complete({ seq, token, by: null }, nowMs);
    queue.enqueue(
      answer.map(() => planned(n++, accounts)),
      nowMs,
    );
  }
  took.sort((a, b) => a - b);
  return { ...percentiles(took), max: took.at(-1) ?? Number.NaN, bytesPerTask };
}

const planned = (n: number, accounts: number): Planned => ({
  account: `a0_${String(n % accounts).padStart(16, "0")}`,
  type: `work.${n % TYPES}`,
  requires: n % 3 === 0 ? [] : [`can-${n % CAPABILITIES}`],
  near: null,
  priority: n % 10,
  cost: 1,
  createdAtMs: AT_MS + n,
  deadlineMs: n % 5 === 0 ? AT_MS + 86_400_000 : null,
  attemptsMax: 5,
  budgetMs: null,
  after: [],
  bytes: 300,
});

const ask = (agent: number, limit: number): Ask => ({
  types: [0, 1, 2, 3].map((i) => `work.${(agent + i) % TYPES}`),
  capabilities: [0, 1, 2, 3].map((i) => `can-${(agent + i) % CAPABILITIES}`),
  near: null,
  limit,
  leaseMs: 30_000,
  holder: `agent-${agent}`,
});
