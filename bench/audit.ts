import { say } from "#scripts/launch/say.ts";
import { product } from "./lib/product.ts";

// What the audit log costs on the served product: an operation that is recorded (two entries in the account's object,
// hashed, signed and stored) beside one that is not, and verifying a log of many entries.

const SINGLE = 200;
const OPERATIONS = 5_000;
const AT_ONCE = 32;
const ROUNDS = 3;

const served = await product({ gpu: false });
try {
  // Ending a key that is not there: recorded like any other, and nothing but a lookup beside it.
  const recorded = () => ask("DELETE", "/v1/keys/k0_0000000000000000");
  const plain = () => ask("GET", "/v1/keys/k0_0000000000000000");
  for (const work of [plain, recorded]) for (let i = 0; i < SINGLE; i++) await work();
  const [unrecordedMs, recordedMs] = [await median(plain), await median(recorded)];
  say(
    `one operation at a time, p50: ${recordedMs.toFixed(2)} ms recorded, ${unrecordedMs.toFixed(2)} ms not`,
  );
  const startedAt = performance.now();
  let left = OPERATIONS;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) await recorded();
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  say(`${AT_ONCE} at once: ${Math.round(OPERATIONS / seconds)} recorded operations/s`);
  const rounds: number[] = [];
  let entries = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const beganAt = performance.now();
    const answer = await served.fetch("/v1/audit/verify");
    const found = (await answer.json()) as { valid: boolean; entries: number };
    rounds.push((performance.now() - beganAt) / 1_000);
    if (!found.valid) throw new Error("the log is not valid");
    entries = found.entries;
  }
  const best = Math.min(...rounds);
  say(
    `verifying ${entries} entries: ${best.toFixed(2)} s, ${Math.round(entries / best)} entries/s`,
  );
} finally {
  await served.stop();
}

async function ask(method: string, path: string): Promise<void> {
  const answer = await served.fetch(path, { method });
  await answer.arrayBuffer();
  if (answer.status !== 404) throw new Error(`${method} ${path} answered ${answer.status}`);
}

async function median(work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < SINGLE; i++) {
    const beganAt = performance.now();
    await work();
    times.push(performance.now() - beganAt);
  }
  return times.toSorted((a, b) => a - b)[SINGLE >> 1] ?? 0;
}
