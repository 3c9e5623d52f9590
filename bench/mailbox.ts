import { Client, httpRequest, percentiles } from "./lib/load.ts";
import { cpuMsBelow } from "./lib/processes.ts";
import { bullmqPerSecond } from "./lib/peers/bullmq.ts";
import { product } from "./lib/product.ts";

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
  const { perSecond, p50, p99, cpu } = await window(id, WINDOW_MS);
  say(
    `one by one over HTTP, ${CONNECTIONS} connections, one mailbox: ${perSecond.toFixed(0)} messages/s sent, leased and acknowledged (goal ${GOAL}), ` +
      `a message p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms, ${cpu.toFixed(3)} ms CPU`,
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
  const { hostname, port } = new URL(served.url);
  const latencies: number[] = [];
  const before = cpuMsBelow(served.pid, "workerd");
  const startedAt = performance.now();
  const connection = async () => {
    const client = await Client.open(hostname, Number(port));
    const ask = async (bytes: Buffer, status: string) => {
      const got = await client.ask(bytes);
      if (got !== status) throw new Error(`${got} in the place of ${status}: ${client.body}`);
    };
    while (performance.now() - startedAt < durationMs) {
      const at = performance.now();
      await ask(send, "201");
      await ask(lease, "200");
      const { messages } = JSON.parse(client.body) as {
        messages: { id: string; fencingToken: number }[];
      };
      const [message] = messages;
      if (message === undefined) throw new Error("a message that was sent was not given out");
      const { id, fencingToken } = message;
      await ask(post(`${path}/${id}/ack`, { fencingToken }), "200");
      latencies.push(performance.now() - at);
    }
    client.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpu = (cpuMsBelow(served.pid, "workerd") - before) / latencies.length;
  latencies.sort((a, b) => a - b);
  return { perSecond: latencies.length / seconds, cpu, ...percentiles(latencies) };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
