import { httpRequest } from "./lib/load.ts";
import { product } from "./lib/product.ts";
import { inRounds } from "./lib/rounds.ts";

// Events appended to one partition of agent.events over HTTP, each answered once it is on disk: one a request by 64
// connections, then 500 a request; and all of them read again as a stream, from rows and sealed segments alike.

const APPENDS = [
  { batch: 1, connections: 64, goal: 2_000 },
  { batch: 500, connections: 8, goal: 20_000 },
];
const REPLAY_GOAL = 100_000;
const WARM_MS = 3_000;
const WINDOW_MS = 10_000;
const PATH = "/v1/topics/agent.events/events";
/** One key, so that one partition takes them all. */
const EVENT = {
  type: "custom.measured",
  key: "one",
  data: { reading: 17.25, note: "x".repeat(80) },
};

const served = await product({ gpu: false });
try {
  for (const { batch, connections, goal } of APPENDS) {
    const body = batch === 1 ? EVENT : { events: Array.from({ length: batch }, () => EVENT) };
    const request = httpRequest("POST", PATH, served.headers, JSON.stringify(body));
    const append = async (durationMs: number) =>
      await inRounds(served, connections, durationMs, async (ask) => {
        await ask(request, "201");
        return batch;
      });
    await append(WARM_MS);
    const { perSecond, p50, p99, cpuMs } = await append(WINDOW_MS);
    say(
      `${batch} a request over HTTP, ${connections} connections, one partition: ${perSecond.toFixed(0)} events/s appended (goal ${goal}), ` +
        `a request p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms, ${(cpuMs * 1_000).toFixed(1)} µs CPU an event`,
    );
    if (perSecond < goal) process.exitCode = 1;
  }
  await replay("read again at once, what is not sealed yet as rows");
  // Segments are sealed by alarms, which follow.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  await replay("read again from segments");
} finally {
  await served.stop();
}

async function replay(what: string): Promise<void> {
  const startedAt = performance.now();
  const answer = await served.fetch(PATH, { headers: { Accept: "application/x-ndjson" } });
  let events = 0;
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) events++;
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const perSecond = events / seconds;
  say(
    `${what}: ${events} events, ${(bytes / 1e6).toFixed(0)} MB, ${perSecond.toFixed(0)} events/s (goal ${REPLAY_GOAL})`,
  );
  if (perSecond < REPLAY_GOAL) process.exitCode = 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
