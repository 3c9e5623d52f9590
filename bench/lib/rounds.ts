import { Client, percentiles } from "./load.ts";
import { cpuMsBelow } from "./processes.ts";
import type { Product } from "./product.ts";

/** Sends a request and refuses any other status; the body of the answer. */
export type AskFor = (request: Buffer, status: string) => Promise<string>;

/** `cpuMs`: of workerd, for each thing that was done. Times of a whole round, in ms. */
export type Rounds = { perSecond: number; cpuMs: number; p50: number; p95: number; p99: number };

/** Connections that do rounds of requests one after the other; a round answers how many things it did. */
export async function inRounds(
  served: Product,
  connections: number,
  durationMs: number,
  round: (ask: AskFor) => Promise<number>,
): Promise<Rounds> {
  const { hostname, port } = new URL(served.url);
  const latencies: number[] = [];
  let done = 0;
  const before = cpuMsBelow(served.pid, "workerd");
  const startedAt = performance.now();
  const connection = async () => {
    const client = await Client.open(hostname, Number(port));
    const ask: AskFor = async (request, status) => {
      const got = await client.ask(request);
      if (got !== status) throw new Error(`${got} in the place of ${status}: ${client.body}`);
      return client.body;
    };
    while (performance.now() - startedAt < durationMs) {
      const at = performance.now();
      const count = await round(ask);
      done += count; // after the round: `+=` would add to what was there before it
      latencies.push(performance.now() - at);
    }
    client.close();
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpuMs = (cpuMsBelow(served.pid, "workerd") - before) / done;
  latencies.sort((a, b) => a - b);
  return { perSecond: done / seconds, cpuMs, ...percentiles(latencies) };
}
