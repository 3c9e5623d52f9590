import { httpRequest, load } from "./lib/load.ts";
import { cpuMsBelow } from "./lib/processes.ts";
import { product } from "./lib/product.ts";
import { type RawProduct, rawProduct } from "./lib/raw-workerd.ts";
import { coldStarts } from "./lib/cold-start.ts";

// What serving costs beside the handler: the product as `npm start` serves it against the same bundle under raw
// `workerd serve`, request by request in turns; then how long the whole product takes to start again.

const CONNECTIONS = 16;
const WINDOW_MS = 1_500;
/** A ratio of two windows right after each other; the median of them is little moved by what else this machine does. */
const ROUNDS = 9;
const DRAFT = JSON.stringify({
  title: "A note",
  body: "Published once and asked for again and again.",
});

type Side = { url: string; pid: number; apiKey: string };
type Asked = { name: string; status: string; request(side: Side): Buffer };

const REQUESTS: Asked[] = [
  {
    name: "GET /healthz",
    status: "200",
    request: () => httpRequest("GET", "/healthz", {}),
  },
  {
    name: "a read without a credential (401)",
    status: "401",
    request: () => httpRequest("GET", "/v1/units", {}),
  },
  {
    name: "a repeated publish (one Durable Object answers)",
    status: "202",
    request: ({ apiKey }) =>
      httpRequest(
        "POST",
        "/v1/units",
        {
          authorization: `Bearer ${apiKey}`,
          "content-type": "application/json",
          "idempotency-key": "throughput",
        },
        DRAFT,
      ),
  },
];

const served = await product({ gpu: false });
let raw: RawProduct | null = null;
try {
  raw = await rawProduct();
  for (const asked of REQUESTS) await compared(asked, served, raw);
} finally {
  await raw?.stop();
  await served.stop();
}
await coldStarts();

async function compared(asked: Asked, ours: Side, theirs: Side): Promise<void> {
  const rounds: { ours: Window; theirs: Window }[] = [];
  await window(asked, ours);
  await window(asked, theirs);
  for (let round = 0; round < ROUNDS; round++) {
    // Whoever goes first changes each round.
    const first = round % 2 === 0;
    const one = await window(asked, first ? ours : theirs);
    const two = await window(asked, first ? theirs : ours);
    rounds.push(first ? { ours: one, theirs: two } : { ours: two, theirs: one });
  }
  const ratio = median(rounds.map((each) => each.ours.perSecond / each.theirs.perSecond));
  const of = (side: "ours" | "theirs", what: keyof Window) =>
    median(rounds.map((each) => each[side][what]));
  process.stdout.write(
    `${asked.name.padEnd(50)} served ${of("ours", "perSecond").toFixed(0).padStart(6)}/s (${of("ours", "cpu").toFixed(3)} ms CPU)` +
      `   raw workerd ${of("theirs", "perSecond").toFixed(0).padStart(6)}/s (${of("theirs", "cpu").toFixed(3)} ms CPU)   ratio ${(ratio * 100).toFixed(1)} % (goal 95)\n`,
  );
}

type Window = { perSecond: number; cpu: number };

async function window({ request, status, name }: Asked, side: Side): Promise<Window> {
  const bytes = request(side);
  const before = cpuMsBelow(side.pid, "workerd");
  const { perSecond, statuses, seconds } = await load({
    url: side.url,
    connections: CONNECTIONS,
    request: () => bytes,
    durationMs: WINDOW_MS,
  });
  const answers = perSecond * seconds;
  if ((statuses[status] ?? 0) < answers * 0.99)
    throw new Error(`${name} answered ${JSON.stringify(statuses)}`);
  return { perSecond, cpu: (cpuMsBelow(side.pid, "workerd") - before) / answers };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
