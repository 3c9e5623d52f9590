import { setTimeout as delay } from "node:timers/promises";
import { readEvents } from "#sdk/events.ts";
import { percentiles } from "./lib/load.ts";
import { cpuMsBelow } from "./lib/processes.ts";
import { type Product, product } from "./lib/product.ts";
import { madeAgents } from "./lib/session-load.ts";
import { BareSocket } from "./lib/socket.ts";

// Events of the served product as they happen: how long one takes from the request that tells of it to whoever follows by
// server-sent events, and from there to thousands of subscribed WebSockets.

const asked = process.argv.find((one) => one.startsWith("--sockets="));
const SOCKETS = asked === undefined ? 5_000 : Number(asked.slice(10));
const GOALS = { sseP95Ms: 50, fanOutP99Ms: 500 };
const READERS = 10;
const TOLD = 300;
const TELL_EVERY_MS = 30;
const FANS = 15;
/** Longer than a credential is trusted without being asked again, so that each fan-out pays for that. */
const FAN_EVERY_MS = 6_000;
const STREAMS_A_PRINCIPAL = 32;
const OPENING = 16;
const PATH = "/v1/topics/agent.events/events";

const say = (line: string) => process.stdout.write(`${line}\n`);
const served = await product({ gpu: false });
try {
  const sse = await followedBy(served, READERS);
  await tell(served, 0); // what is the first of its kind takes longer
  await delay(1_000);
  sse.latencies.length = 0;
  for (let n = 1; n <= TOLD; n++) {
    await Promise.all([tell(served, n), delay(TELL_EVERY_MS)]);
  }
  await delay(1_000);
  sse.stop();
  const { p50, p95, p99 } = percentiles(sse.latencies.toSorted((a, b) => a - b));
  say(
    `${TOLD} events, ${READERS} readers by server-sent events: ${sse.latencies.length} told, request to reader p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (goal p95 ${GOALS.sseP95Ms} ms)`,
  );
  if (p95 > GOALS.sseP95Ms || sse.latencies.length !== TOLD * READERS) process.exitCode = 1;
  await fansOut(served);
} finally {
  await served.stop();
}

/** When an event was told of: on the clock that all readers here share. */
async function tell({ fetch }: Product, n: number): Promise<void> {
  const body = JSON.stringify({ type: "custom.measured", data: { n, atMs: performance.now() } });
  const answer = await fetch(PATH, { method: "POST", body });
  if (answer.status !== 201) throw new Error(await answer.text());
}

async function followedBy({ fetch }: Product, readers: number) {
  const latencies: number[] = [];
  const over = new AbortController();
  for (let i = 0; i < readers; i++) {
    const answer = await fetch("/v1/events?topic=agent.events", { signal: over.signal });
    const { body } = answer;
    if (body === null) throw new Error(`${answer.status}`);
    void (async () => {
      for await (const { data } of readEvents(body)) latencies.push(latencyOf(data));
    })().catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
    });
  }
  return { latencies, stop: () => over.abort() };
}

function latencyOf(text: string): number {
  return performance.now() - Number(/"atMs":([\d.]+)/.exec(text)?.[1]);
}

async function fansOut(to: Product): Promise<void> {
  const keys: string[] = [];
  for (const id of await madeAgents(to, Math.ceil(SOCKETS / STREAMS_A_PRINCIPAL))) {
    const body = JSON.stringify({ name: "live", scopes: ["events"] });
    const made = await to.fetch(`/v1/agents/${id}/keys`, { method: "POST", body });
    if (made.status !== 201) throw new Error(await made.text());
    keys.push(((await made.json()) as { apiKey: string }).apiKey);
  }
  let latencies: number[] = [];
  let subscribed = 0;
  const sockets: BareSocket[] = [];
  const startedAt = performance.now();
  const open = async () => {
    for (let n = sockets.length; n < SOCKETS; n = sockets.length) {
      const key = keys[Math.floor(n / STREAMS_A_PRINCIPAL)] ?? "";
      let seen = 0;
      const opening = BareSocket.open(
        `${to.url}/v1/stream`,
        { authorization: `Bearer ${key}` },
        (text) => {
          if (++seen % 16 === 0) saw(n, seen);
          if (text.includes('"type":"events"')) latencies.push(latencyOf(text));
          else if (text.includes('"position"')) subscribed++;
          else if (!text.includes('"welcome"')) throw new Error(text);
        },
      );
      // The place is taken before the socket is there.
      sockets.push(undefined as unknown as BareSocket);
      const socket = await opening;
      sockets[n] = socket;
      socket.send(JSON.stringify({ type: "subscribe", id: "s", topics: ["agent.events"] }));
    }
  };
  const saw = (n: number, frames: number) =>
    sockets[n]?.send(JSON.stringify({ type: "seen", frames }));
  await Promise.all(Array.from({ length: OPENING }, open));
  while (subscribed < SOCKETS) await delay(100);
  const seconds = (performance.now() - startedAt) / 1_000;
  say(`${SOCKETS} sockets of ${keys.length} principals subscribed in ${seconds.toFixed(1)} s`);
  const all: number[] = [];
  const last: number[] = [];
  const cpu: number[] = [];
  for (let n = 0; n < FANS; n++) {
    await delay(FAN_EVERY_MS);
    latencies = [];
    const before = cpuMsBelow(to.pid, "workerd");
    await tell(to, n);
    for (let waited = 0; latencies.length < SOCKETS && waited < 10_000; waited += 50)
      await delay(50);
    if (latencies.length !== SOCKETS) throw new Error(`${latencies.length} of ${SOCKETS} heard it`);
    all.push(...latencies);
    last.push(Math.max(...latencies));
    cpu.push(cpuMsBelow(to.pid, "workerd") - before);
  }
  for (const socket of sockets) socket.close();
  const { p50, p95, p99 } = percentiles(all.toSorted((a, b) => a - b));
  const medianOf = (some: readonly number[]) =>
    (some.toSorted((a, b) => a - b)[Math.floor(some.length / 2)] ?? 0).toFixed(0);
  say(
    `one event to ${SOCKETS} sockets, ${FANS} times: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms (goal p99 ${GOALS.fanOutP99Ms} ms), in half of them the last one ${medianOf(last)} ms, ${medianOf(cpu)} ms of CPU`,
  );
  if (p99 > GOALS.fanOutP99Ms) process.exitCode = 1;
}
