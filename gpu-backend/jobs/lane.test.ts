import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { claimInput, failureInput, heartbeatInput, resultInput } from "#domain/jobs/protocol.ts";
import { ackRequest, pullRequest } from "#domain/jobs/pull.ts";
import type { WakeUp } from "#domain/jobs/wakeup.ts";
import { createMemory } from "#gpu-backend/compute/memory.ts";
import { createHttp } from "./http.ts";
import { type Lane, type LaneDeps, startLane } from "./lane.ts";

// The lane against a product and a queue over real HTTP, which check all that they are asked, and fail when told to.

type Job = { id: string; kind: string; input: unknown; traceparent?: string };
type Said = { what: string; ticket: string; body: unknown };
type Told = { spans: { spanId: string; parentId: string; name: string; isError: boolean }[] };
const TOKEN = "queue-token";
const LEASE_MS = 120;

/** A queue with Cloudflare's pull API and a product with jobs. */
class Outside {
  messages: { body: string; leased: boolean; acked: boolean }[] = [];
  readonly jobs: Job[] = [];
  /** How many claims find only jobs that are not for this backend. */
  forOthers = 0;
  readonly said: Said[] = [];
  /** The traces that requests came with, by their paths. */
  readonly traces = new Map<string, unknown>();
  /** What a request gets instead, by the end of its path; the first that is there. */
  readonly instead: { path: string; answer: number | "cut" | "garbage" | "slow" }[] = [];
  readonly wrong: string[] = [];
  #claims = 0;
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request).then((answer) => {
      if (answer === "cut") return void request.socket.destroy();
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(answer.text ?? JSON.stringify(answer.json ?? {}));
    });
  });

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
  }
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
  announce(job: Job): void {
    this.jobs.push(job);
    this.send(JSON.stringify({ v: 1, url: this.url, secret: "s3" } satisfies WakeUp));
  }
  send(text: string): void {
    const body = Buffer.from(text).toString("base64");
    this.messages.push({ body, leased: false, acked: false });
  }

  async #answer(request: IncomingMessage) {
    const path = new URL(request.url ?? "/", this.url).pathname;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const place = this.instead.findIndex((one) => path.endsWith(one.path));
    const [otherwise] = place === -1 ? [] : this.instead.splice(place, 1);
    if (otherwise?.answer === "cut") return "cut" as const;
    if (otherwise?.answer === "garbage") return { status: 200, text: "<html>" };
    if (otherwise?.answer === "slow") await sleep(200);
    else if (otherwise !== undefined) return { status: otherwise.answer as number };
    this.traces.set(path, request.headers["traceparent"]);
    const bearer = request.headers.authorization?.replace("Bearer ", "") ?? "";
    try {
      const json = this.#asked(path, bearer, text);
      return json === null ? { status: 404 } : { status: 200, json };
    } catch (error) {
      this.wrong.push(`${path}: ${String(error)}`);
      return { status: 400 };
    }
  }

  #asked(path: string, bearer: string, text: string): unknown {
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    switch (path) {
      case "/queue/messages/pull": {
        if (bearer !== TOKEN) throw new Error("another token");
        const { batch_size: count } = pullRequest.parse(body);
        const free = this.messages.filter(({ leased, acked }) => !leased && !acked).slice(0, count);
        const messages = free.map((message) => {
          message.leased = true;
          const lease_id = String(this.messages.indexOf(message));
          return { id: lease_id, body: message.body, attempts: 1, timestamp_ms: 0, lease_id };
        });
        return { success: true, errors: [], messages: [], result: { messages } };
      }
      case "/queue/messages/ack": {
        const { acks, retries } = ackRequest.parse(body);
        for (const { lease_id: id } of acks) this.#message(id).acked = true;
        for (const { lease_id: id } of retries) this.#message(id).leased = false;
        return { success: true, errors: [], messages: [], result: {} };
      }
      case "/jobs/claim": {
        if (bearer !== "s3") throw new Error("another secret");
        claimInput.parse(body);
        const job = this.forOthers > 0 ? undefined : this.jobs.shift();
        if (this.forOthers > 0) this.forOthers--;
        else if (job === undefined) return null;
        const ticket = `t${++this.#claims}`;
        return {
          job: job === undefined ? null : { ...job, attempts: 1, leaseMs: LEASE_MS, ticket },
        };
      }
      case "/jobs/heartbeat":
        heartbeatInput.parse(body);
        this.said.push({ what: "heartbeat", ticket: bearer, body });
        return { leasedUntil: new Date().toISOString(), ticket: bearer };
      case "/jobs/complete":
        this.said.push({ what: "complete", ticket: bearer, body: resultInput.parse(body) });
        return { state: "completed" };
      case "/jobs/fail":
        this.said.push({ what: "fail", ticket: bearer, body: failureInput.parse(body) });
        return { state: "submitted" };
      default:
        throw new Error("no such address");
    }
  }
  #message(leaseId: string) {
    const message = this.messages[Number(leaseId)];
    if (message === undefined) throw new Error("no such lease");
    return message;
  }
}

const RERANK: Job = { id: "1", kind: "rerank", input: { query: "q", documents: ["a"] } };
const RANKED = { model: "m", results: [{ index: 0, score: 1 }] };

let outside: Outside;
let lane: Lane | undefined;
const logged: string[] = [];
beforeEach(async () => {
  logged.length = 0;
  outside = new Outside();
  await outside.listen();
});
afterEach(async () => {
  await lane?.stop();
  outside.close();
  expect(outside.wrong).toEqual([]);
});

function start(deps: Partial<LaneDeps> = {}): void {
  lane = startLane(
    {
      queueUrl: `${outside.url}/queue`,
      token: TOKEN,
      productUrl: undefined,
      parallel: 1,
      leaseMs: LEASE_MS,
      pollMs: 5,
      pollMsMax: 20,
    },
    {
      http: createHttp(fetch),
      embedder: { embed: () => new Promise(() => {}) },
      tokenise: () => [1],
      compute: () => Promise.reject(new Error("nothing to compute with")),
      memory: createMemory(1e6),
      wait: (ms, signal) => sleep(Math.min(ms, 50), undefined, { signal }),
      log: (event, { reason }) => logged.push(`${event} ${String(reason)}`),
      rerank: async () => RANKED,
      ...deps,
    },
  );
}
const heard = (what: string) =>
  vi.waitFor(() => {
    const found = outside.said.filter((one) => one.what === what);
    expect(found.length).toBeGreaterThan(0);
    return found;
  });
const spansIn = (said: Said | undefined) => (said?.body as Told | undefined)?.spans ?? [];
const allAcked = () =>
  vi.waitFor(() => expect(outside.messages.every(({ acked }) => acked)).toBe(true));

describe("a lane of jobs", () => {
  it("pulls, claims, does it once and says so", async () => {
    outside.announce(RERANK);
    start();
    const done = await heard("complete");
    expect(done).toMatchObject([{ ticket: "t1", body: { result: RANKED } }]);
    await allAcked();
    expect(lane?.state()).toMatchObject({ done: 1, failed: 0, lost: 0 });
  });

  it("goes on with a job's trace in all that it asks, and tells what it did; of no other it tells nothing", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    outside.announce({ ...RERANK, traceparent });
    start({ rerank: () => sleep(60).then(() => RANKED) });
    const [done] = await heard("complete");
    const spans = spansIn(done);
    expect(spans.map(({ name, isError }) => [name, isError])).toEqual([
      ["rerank", false],
      ["job rerank", false],
    ]);
    expect(spans[0]?.parentId).toBe(spans[1]?.spanId);
    expect(spans[1]?.parentId).toBe("00f067aa0ba902b7");
    expect([...outside.traces]).toEqual(
      expect.arrayContaining([
        ["/jobs/claim", undefined],
        ["/jobs/heartbeat", traceparent],
        ["/jobs/complete", traceparent],
      ]),
    );
    outside.announce(RERANK);
    const [, silent] = await vi.waitFor(() => {
      const all = outside.said.filter(({ what }) => what === "complete");
      expect(all).toHaveLength(2);
      return all;
    });
    expect(spansIn(silent)).toEqual([]);
    expect(outside.traces.get("/jobs/complete")).toBeUndefined();
  });

  it("tells what failed, too", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    outside.announce({ ...RERANK, traceparent });
    start({ rerank: () => Promise.reject(new Error("the endpoint is away")) });
    const [failed] = await heard("fail");
    expect(spansIn(failed).map(({ isError }) => isError)).toEqual([true, true]);
  });

  it("is done with what is no message, and with a message for which there is no job", async () => {
    for (const odd of ["{", "{}", '{"v":1,"url":"file:///etc","secret":"x"}', ""])
      outside.send(odd);
    outside.send(JSON.stringify({ v: 1, url: outside.url, secret: "s3" }));
    start();
    await allAcked();
    expect(outside.said).toEqual([]);
  });

  it.each(["cut", "garbage", 500, 503, 429] as const)(
    "goes on where the queue or the product answers %s for a while",
    async (answer) => {
      for (const path of ["pull", "ack", "complete", "complete", "heartbeat"])
        outside.instead.push({ path, answer });
      outside.announce(RERANK);
      start({ rerank: () => sleep(60).then(() => RANKED) });
      expect(await heard("complete")).toHaveLength(1);
    },
    10_000,
  );

  it("gives the message back where the product cannot say what there is to do", async () => {
    outside.instead.push({ path: "claim", answer: 503 });
    outside.announce(RERANK);
    start();
    expect(await heard("complete")).toHaveLength(1);
  });

  it("gives the message back where none of the jobs that wait is for it", async () => {
    outside.forOthers = 2;
    outside.announce(RERANK);
    start();
    expect(await heard("complete")).toHaveLength(1);
  });

  it("keeps its lease while it works, and lets go at once of what it lost", async () => {
    const aborted = Promise.withResolvers<void>();
    outside.announce(RERANK);
    start({
      rerank: (_, signal) =>
        new Promise((_done, failed) => {
          signal.addEventListener("abort", () => {
            aborted.resolve();
            failed(signal.reason as Error);
          });
        }),
    });
    await heard("heartbeat");
    outside.instead.push({ path: "heartbeat", answer: 409 });
    await aborted.promise;
    await vi.waitFor(() => expect(lane?.state()).toMatchObject({ lost: 1, running: 0 }));
    expect(outside.said.map(({ what }) => what)).not.toContain("fail");
  });

  it("says nothing more of a job whose result nobody wants", async () => {
    for (const answer of [409, 404, 401, 400]) {
      outside.instead.push({ path: "complete", answer });
      outside.announce(RERANK);
    }
    start();
    await vi.waitFor(() => expect(lane?.state()).toMatchObject({ lost: 3, failed: 1 }));
    expect(outside.said).toEqual([]);
  });

  it("says why an attempt failed, and whether another is in vain", async () => {
    outside.announce({ ...RERANK, kind: "kmeans", input: { collection: "nobody's" } });
    outside.announce(RERANK);
    start({ rerank: () => Promise.reject(new Error("the endpoint is away")) });
    await vi.waitFor(() => expect(lane?.state()).toMatchObject({ failed: 2 }));
    expect(outside.said.map(({ body }) => body)).toMatchObject([
      { final: true },
      { final: false, reason: "the endpoint is away" },
    ]);
  });

  it("gives back what it is at when it is told to stop, and pulls nothing more", async () => {
    outside.announce(RERANK);
    start({
      rerank: (_, signal) =>
        new Promise((_done, failed) =>
          signal.addEventListener("abort", () => failed(signal.reason as Error)),
        ),
    });
    await heard("heartbeat");
    await lane?.stop();
    expect(outside.said.at(-1)).toMatchObject({
      what: "fail",
      body: { final: false, reason: "the backend is shutting down" },
    });
    outside.announce(RERANK);
    await sleep(60);
    expect(outside.messages.at(-1)).toMatchObject({ leased: false });
  });
});
