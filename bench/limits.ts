import { setTimeout as delay } from "node:timers/promises";
import { readMigrations } from "#scripts/migrate.ts";
import { httpRequest, type Load, load } from "./lib/load.ts";
import { benchWorker } from "./lib/worker.ts";

// A parallel burst of three times the quota on an account of 1,000 requests a minute, by four of its keys, over isolates
// that lease from one object: how many pass, how soon, and what refusing the rest costs. Then the same account once a
// minute has passed.

const ISOLATES = 8;
const QUOTA = 1_000;
const BURST = 3 * QUOTA;
const CONNECTIONS_EACH = 8;
const KEYS = 4;
const PERIOD_MS = 60_000;
/** Longer than an isolate believes what it read of an account. */
const BELIEVED_MS = 6_000;

const ring = {
  id: "benchbenchbenchb",
  current: "rootrootrootroot",
  keys: { rootrootrootroot: Buffer.alloc(32, 7).toString("base64") },
};
const miniflare = await benchWorker({
  entry: { file: "bench/lib/auth-worker.ts" },
  objects: ["Account", "Bucket"],
  databases: ["CATALOG_0", "UNITS_0"],
  buckets: ["BLOBS"],
  variables: {
    WISHUB_PUBLIC_URL: "http://127.0.0.1",
    WISHUB_EGRESS_ALLOW: "",
    WISHUB_SIGNUP: "closed",
    WISHUB_KEY_RING: JSON.stringify(ring),
  },
  others: ISOLATES - 1,
  direct: true,
});
try {
  const urls: string[] = [];
  for (let i = 0; i < ISOLATES; i++) {
    const name = i === 0 ? "bench" : `bench-${i}`;
    urls.push((await miniflare.unsafeGetDirectURL(name)).origin);
  }
  const [first = ""] = urls;
  const statementsOf = (family: string) =>
    readMigrations(`migrations/${family}`).flatMap((one) => one.statements);
  const statements = { catalog: statementsOf("catalog"), units: statementsOf("units") };
  const setUp = { method: "POST", body: JSON.stringify(statements) };
  const { apiKey, unitId } = (await (await fetch(`${first}/set-up`, setUp)).json()) as {
    apiKey: string;
    unitId: string;
  };
  const keys: string[] = [];
  for (let i = 0; i < KEYS; i++) {
    const made = await fetch(`${first}/v1/keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ name: `Key ${i}`, scopes: ["units:read"] }),
    });
    keys.push(((await made.json()) as { apiKey: string }).apiKey);
  }
  await fetch(`${first}/plan`, { method: "POST", body: "free" });
  await delay(BELIEVED_MS);
  const requests = keys.map((key) =>
    httpRequest("GET", `/v1/units/${unitId}`, { authorization: `Bearer ${key}` }),
  );
  const beganAt = performance.now();
  await burst("burst", urls, requests);
  await delay(PERIOD_MS + 2_000 - (performance.now() - beganAt));
  await burst("a minute later", urls, requests);
} finally {
  await miniflare.dispose();
}

/** The whole burst at once, an equal part of it to each isolate. */
async function burst(name: string, urls: string[], requests: Buffer[]): Promise<void> {
  const each = BURST / urls.length;
  const loads = await Promise.all(
    urls.map((url) =>
      load({
        url,
        connections: CONNECTIONS_EACH,
        request: (n) => (n < each ? (requests[n % requests.length] ?? null) : null),
      }),
    ),
  );
  const total = (status: string) =>
    loads.reduce((sum, { statuses }: Load) => sum + (statuses[status] ?? 0), 0);
  const [passed, refused] = [total("200"), total("429")];
  if (passed + refused !== BURST) throw new Error(JSON.stringify(loads.map((one) => one.statuses)));
  const seconds = Math.max(...loads.map((one) => one.seconds));
  const p99 = Math.max(...loads.map((one) => one.p99));
  process.stdout.write(
    `${name}: ${passed} of ${BURST} passed (limit ${QUOTA}, goal ≤ ${QUOTA * 1.01}), ${refused} refused, over ${urls.length} isolates in ${seconds.toFixed(2)} s, p99 ${p99.toFixed(1)} ms\n`,
  );
}
