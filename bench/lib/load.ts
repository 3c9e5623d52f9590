import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What a load gave: latencies in ms, sorted; answers by status. */
export type Load = {
  seconds: number;
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  statuses: Record<string, number>;
};

type Plan = {
  url: string;
  connections: number;
  /** The n-th request whole, head and body; null ends that connection. */
  request: (n: number) => Buffer | null;
  /** Stops asking after this long. */
  durationMs?: number;
};

export function httpRequest(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = "",
): Buffer {
  const lines = Object.entries({ host: "127.0.0.1", ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const length =
    body === "" && method === "GET" ? "" : `content-length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}${length}\r\n${body}`);
}

/**
 * Closed-loop load over kept-alive connections, one request in flight on each. Written on bare sockets, because a
 * client that costs as much CPU as the server would measure itself.
 */
export async function load({ url, connections, request, durationMs }: Plan): Promise<Load> {
  const { hostname, port } = new URL(url);
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  let next = 0;
  const startedAt = performance.now();
  const ends = startedAt + (durationMs ?? Number.POSITIVE_INFINITY);
  const worker = async () => {
    const client = await Client.open(hostname, Number(port));
    for (
      let bytes = request(next++);
      bytes !== null && performance.now() < ends;
      bytes = request(next++)
    ) {
      const askedAt = performance.now();
      const status = await client.ask(bytes);
      latencies.push(performance.now() - askedAt);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    client.close();
  };
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - startedAt) / 1_000;
  latencies.sort((a, b) => a - b);
  return { seconds, perSecond: latencies.length / seconds, ...percentiles(latencies), statuses };
}

export function percentiles(sorted: number[]): { p50: number; p95: number; p99: number } {
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

export const loadLine = (name: string, { perSecond, p50, p95, p99, statuses }: Load): string =>
  `${name.padEnd(52)} ${perSecond.toFixed(0).padStart(6)} req/s   p50 ${p50.toFixed(1)}  p95 ${p95.toFixed(1)}  p99 ${p99.toFixed(1)} ms  ${JSON.stringify(statuses)}`;

/** One kept-alive HTTP/1.1 connection that reads answers with a length or in chunks. */
export class Client {
  /** Of the last answer; with what frames its chunks where it has no length. */
  body = "";
  #socket: Socket;
  #received: Buffer[] = [];
  #size = 0;
  #answered: ((status: string) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#failed?.(error));
    socket.on("close", () => this.#failed?.(new Error("the connection closed")));
  }

  static async open(host: string, port: number): Promise<Client> {
    const socket = connect(port, host);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Client(socket);
  }

  async ask(bytes: Buffer): Promise<string> {
    return await new Promise<string>((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#failed = null;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#size += chunk.length;
    const all = this.#received.length === 1 ? chunk : Buffer.concat(this.#received, this.#size);
    this.#received = [all];
    const headEnd = all.indexOf("\r\n\r\n");
    if (headEnd === -1) return;
    const head = all.toString("latin1", 0, headEnd).toLowerCase();
    const length = /content-length: (\d+)/.exec(head)?.[1];
    const whole =
      length === undefined
        ? !head.includes("transfer-encoding: chunked") ||
          all.subarray(-5).equals(Buffer.from("0\r\n\r\n"))
        : all.length >= headEnd + 4 + Number(length);
    if (!whole) return;
    this.#received = [];
    this.#size = 0;
    this.body = all.toString("utf8", headEnd + 4);
    this.#answered?.(head.slice(9, 12));
  }
}

/** Asks until `done` says so; gives up loudly. */
export async function until(
  done: () => Promise<boolean>,
  timeoutMs: number,
  everyMs = 50,
): Promise<void> {
  const ends = performance.now() + timeoutMs;
  while (!(await done())) {
    if (performance.now() > ends) throw new Error(`waited ${timeoutMs} ms in vain`);
    await delay(everyMs);
  }
}
