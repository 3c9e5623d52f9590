import { httpRequest } from "./lib/load.ts";
import { bullmqPerSecond } from "./lib/peers/bullmq.ts";
import { product } from "./lib/product.ts";
import { inRounds } from "./lib/rounds.ts";

// One message after the other through the mailbox of one agent: send, lease, acknowledge, each a request of its own and
// each on disk before it is answered, by 64 connections at once. --peer: beside BullMQ on Redis, where a job is added,
// run and done by a library in one process, 32 to 128 at a time.

const CONNECTIONS = 64;
const WARM_MS = 3_000;
const WINDOW_MS = 10_000;
const PEER_MS = 4_000;
const GOAL = 700;
const BODY = { task: "Find what otters eat in winter.", notes: "x".repeat(200) };

const served = await product({ gpu: false });
try {
  const id = await newAgent();
  await window(id, WARM_MS);
  const { perSecond, p50, p99, cpuMs } = await window(id, WINDOW_MS);
  say(
    `one by one over HTTP, ${CONNECTIONS} connections, one mailbox: ${perSecond.toFixed(0)} messages/s sent, leased and acknowledged (goal ${GOAL}), ` +
      `a message p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms, ${cpuMs.toFixed(3)} ms CPU`,
  );
  if (perSecond < GOAL) process.exitCode = 1;
} finally {
  await served.stop();
}
if (process.argv.includes("--peer")) {
  for (const fsync of ["always", "everysec"] as const)
    for (const concurrency of [32, CONNECTIONS, 128])
      say(
        `BullMQ, Redis with appendfsync ${fsync}, ${concurrency} at a time: ` +
          `${(await bullmqPerSecond(BODY, concurrency, fsync, PEER_MS)).toFixed(0)} jobs/s`,
      );
}

async function newAgent(): Promise<string> {
  const body = { name: "Bench", type: "query", description: "Reads.", capabilities: [] };
  const answer = await served.fetch("/v1/agents", { method: "POST", body: JSON.stringify(body) });
  return ((await answer.json()) as { id: string }).id;
}

async function window(agentId: string, durationMs: number) {
  const path = `/v1/agents/${agentId}/messages`;
  const post = (where: string, body: object) =>
    httpRequest("POST", where, served.headers, JSON.stringify(body));
  const send = post(path, { body: BODY });
  const lease = post(`${path}/lease`, { limit: 1 });
  return await inRounds(served, CONNECTIONS, durationMs, async (ask) => {
    await ask(send, "201");
    const { messages } = JSON.parse(await ask(lease, "200")) as {
      messages: { id: string; fencingToken: number }[];
    };
    const [message] = messages;
    if (message === undefined) throw new Error("a message that was sent was not given out");
    const { id, fencingToken } = message;
    await ask(post(`${path}/${id}/ack`, { fencingToken }), "200");
    return 1;
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
