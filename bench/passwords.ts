import { cpuMs } from "./lib/processes.ts";
import { memoryBelow, product } from "./lib/product.ts";

// What a sign-in by password costs the served product, and what it leaves to others: alone, for addresses that nobody has
// (which is the same work); then a health check while as many as are taken are proven; then more than are taken.

const ROUNDS = 12;
const AT_ONCE = 8;
const TOO_MANY = 24;

const target = await product({ gpu: false });
let asked = 0;

async function signIn(email: string): Promise<{ status: number; ms: number }> {
  const startedAt = performance.now();
  const answer = await fetch(`${target.url}/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: "not the password" }),
  });
  await answer.arrayBuffer();
  return { status: answer.status, ms: performance.now() - startedAt };
}

const nobody = () => `nobody-${asked++}@example.org`;
const median = (all: number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
const say = (what: string, value: string) =>
  process.stdout.write(`  ${what.padEnd(52)} ${value}\n`);

async function healthMs(): Promise<number> {
  const startedAt = performance.now();
  await (await fetch(`${target.url}/healthz`)).arrayBuffer();
  return performance.now() - startedAt;
}

try {
  await signIn(nobody()); // starts the workerd that proves
  const workerds = memoryBelow(target.pid).filter(({ command }) => command === "workerd");
  const cpu = () => workerds.reduce((sum, { pid }) => sum + cpuMs(pid), 0);
  const before = cpu();
  const alone: number[] = [];
  for (let i = 0; i < ROUNDS; i++) alone.push((await signIn(nobody())).ms);
  say("POST /v1/sessions, wrong password, one at a time, p50", `${median(alone).toFixed(0)} ms`);

  say("  processor time of all workerds for each", `${((cpu() - before) / ROUNDS).toFixed(0)} ms`);

  const burst = Array.from({ length: AT_ONCE }, () => signIn(nobody()));
  const health: number[] = [];
  let over = false;
  const all = Promise.all(burst).finally(() => (over = true));
  while (!over) health.push(await healthMs());
  const slowest = Math.max(...(await all).map(({ ms }) => ms));
  say(`${AT_ONCE} at once, the last of them`, `${slowest.toFixed(0)} ms`);
  const p99 = health.toSorted((a, b) => a - b)[Math.floor(health.length * 0.99)] ?? 0;
  say("GET /healthz meanwhile, p50 / p99", `${median(health).toFixed(1)} / ${p99.toFixed(1)} ms`);

  const many = await Promise.all(Array.from({ length: TOO_MANY }, () => signIn(nobody())));
  const refused = many.filter(({ status }) => status === 503);
  say(`${TOO_MANY} at once: refused with 503`, String(refused.length));
  say("  the refusal, p50", `${median(refused.map(({ ms }) => ms)).toFixed(0)} ms`);
  for (const { command, megabytes } of memoryBelow(target.pid))
    say(`memory of ${command}`, `${megabytes.toFixed(0)} MB`);
} finally {
  await target.stop();
}
