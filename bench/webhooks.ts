import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { run } from "#scripts/launch/run.ts";
import { product } from "./lib/product.ts";

// 10,000 events to two webhooks of the served product: a receiver on this machine verifies each delivery by the
// specification's library. One endpoint refuses every fifth event at its first attempt; the other one, which asks for
// their order, every thousandth, as each holds up all that come after it. Then the same number on a virtual clock, where a
// fifth of all attempts fails and each of them has its time, in order and not (tests/webhook-sent.test.ts); `--served`: not
// that.

const EVENTS = 10_000;
const PER_CALL = 500;
const IN_TIME_MS = 180_000;
const LOOKS_EVERY_MS = 50;
const OUTER_QUARTILE = 0.75;

type Body = { data: { n: number } };

/** An endpoint: what came, in its order, of whatever it was sent. */
class Endpoint {
  readonly came: number[] = [];
  readonly #known = new Set<number>();
  readonly #tried = new Set<string>();
  readonly #refusesEvery: number;
  secret = "";
  attempts = 0;
  forged = 0;
  threeQuartersMs = 0;
  allMs = 0;

  constructor(refusesEvery: number) {
    this.#refusesEvery = refusesEvery;
  }

  take(headers: Record<string, string>, text: string): number {
    this.attempts++;
    let n: number;
    try {
      ({ n } = (new Webhook(this.secret).verify(text, headers) as Body).data);
    } catch {
      this.forged++;
      return 401;
    }
    const id = headers["webhook-id"] ?? "";
    const isFirst = !this.#tried.has(id);
    this.#tried.add(id);
    if (isFirst && n % this.#refusesEvery === 0) return 503;
    if (this.#known.has(n)) return 204;
    this.#known.add(n);
    this.came.push(n);
    if (this.came.length === EVENTS * OUTER_QUARTILE) this.threeQuartersMs = Date.now();
    this.allMs = Date.now();
    return 204;
  }
}

const endpoints = { "/free": new Endpoint(5), "/ordered": new Endpoint(1_000) };
const server = createServer((request, response) => void answer(request, response));
await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
const address = server.address();
if (address === null || typeof address === "string") throw new Error("no port");
const url = `http://127.0.0.1:${address.port}`;

const served = await product({ gpu: false, env: { WISHUB_EGRESS_ALLOW: url } });
try {
  for (const [path, endpoint] of Object.entries(endpoints)) {
    const ordered = path === "/ordered";
    const made = { url: `${url}${path}`, events: ["custom.*"], ordered };
    ({ secret: endpoint.secret } = await post<{ secret: string }>("/v1/webhooks", made));
  }
  const beganMs = Date.now();
  for (let from = 0; from < EVENTS; from += PER_CALL) {
    const numbers = Array.from({ length: PER_CALL }, (_, i) => from + i);
    const events = numbers.map((n) => ({ id: `bench-${n}`, type: "custom.bench", data: { n } }));
    await post("/v1/topics/agent.events/events", { events });
  }
  const all = Object.values(endpoints);
  while (all.some(({ came }) => came.length < EVENTS) && Date.now() - beganMs < IN_TIME_MS)
    await new Promise((done) => setTimeout(done, LOOKS_EVERY_MS));
  for (const [path, endpoint] of Object.entries(endpoints)) told(path, endpoint, beganMs);
  const { came } = endpoints["/ordered"];
  const overtaken = came.filter((n, i) => n !== i).length;
  process.stdout.write(`in order: ${overtaken} not in their place\n`);
  if (overtaken > 0) process.exitCode = 1;
} finally {
  await served.stop();
  server.closeAllConnections();
  server.close();
}

if (!process.argv.includes("--served")) await inVirtualTime();

function told(path: string, endpoint: Endpoint, beganMs: number): void {
  const { came, attempts, forged, threeQuartersMs, allMs } = endpoint;
  const perSecond = (EVENTS * OUTER_QUARTILE * 1_000) / (threeQuartersMs - beganMs);
  process.stdout.write(
    `${path}: ${came.length} of ${EVENTS} delivered in ${attempts} attempts, ${forged} forged; ` +
      `three quarters at ${perSecond.toFixed(0)}/s, the last after ${((allMs - beganMs) / 1_000).toFixed(1)} s\n`,
  );
  if (came.length < EVENTS || forged > 0) process.exitCode = 1;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const piece of request.setEncoding("utf8")) body += String(piece);
  const path = request.url === "/ordered" ? "/ordered" : "/free";
  response.writeHead(endpoints[path].take(request.headers as Record<string, string>, body)).end();
}

async function post<T>(path: string, body: object): Promise<T> {
  const answered = await served.fetch(path, { method: "POST", body: JSON.stringify(body) });
  if (!answered.ok) throw new Error(`${path}: ${answered.status} ${await answered.text()}`);
  return (await answered.json()) as T;
}

async function inVirtualTime(): Promise<void> {
  const test = ["run", "--project", "workerd", "tests/webhook-sent.test.ts", "-t", "fails"];
  const { code } = await run("vitest", test, {
    env: { WISHUB_TEST_DELIVERIES: String(EVENTS) },
    onText: (text) => void process.stdout.write(text),
  });
  if (code !== 0) process.exitCode = 1;
}
