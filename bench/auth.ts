import { setTimeout as delay } from "node:timers/promises";
import { readMigrations } from "#scripts/migrate.ts";
import { httpRequest, load } from "./lib/load.ts";
import { childOf, cpuMs } from "./lib/processes.ts";
import { benchWorker } from "./lib/worker.ts";

// What knowing who asks costs a read: GET /v1/units/{id} on a warm isolate, by each kind of credential, with limits and
// with an account's own policy, beside the same handler behind the same pipeline for anybody. Short windows in turns;
// the median window of each is printed. One connection for the time, 16 for the CPU of workerd.

const ROUNDS = 9;
const WINDOW_MS = 800;
const GOAL_MS = 0.2;
/** Longer than an isolate believes what it read of an account. */
const BELIEVED_MS = 6_000;

type Variant = { name: string; request: Buffer; p50: number[]; cpu: number[] };

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
  direct: true,
});
try {
  const { origin } = await miniflare.unsafeGetDirectURL("bench");
  const workerd = childOf(process.pid, "workerd");
  const statementsOf = (family: string) =>
    readMigrations(`migrations/${family}`).flatMap((one) => one.statements);
  const statements = { catalog: statementsOf("catalog"), units: statementsOf("units") };
  const { apiKey, unitId } = await answerOf<{ apiKey: string; unitId: string }>(
    await fetch(`${origin}/set-up`, { method: "POST", body: JSON.stringify(statements) }),
  );
  const owner = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const ask = async <T>(method: string, path: string, body: object, headers = {}) =>
    await answerOf<T>(
      await fetch(`${origin}${path}`, {
        method,
        headers: { ...owner, ...headers },
        body: JSON.stringify(body),
      }),
    );
  const session = await fetch(`${origin}/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ apiKey }),
  });
  const cookie = session.headers.get("set-cookie")?.split(";")[0] ?? "";
  const token = await accessToken(origin, ask);
  const reading = (headers: Record<string, string>, version = "v1") =>
    httpRequest("GET", `/${version}/units/${unitId}`, headers);
  const byKey = { authorization: owner.authorization };

  const open = variant("anybody, nothing asked", reading({}, "v0"));
  await inTurns("No limits, no policy of the account", origin, workerd, [
    open,
    variant("by an API key", reading(byKey)),
    variant("by a session's cookie", reading({ cookie })),
    variant("by an access token", reading({ authorization: `Bearer ${token}` })),
  ]);
  await fetch(`${origin}/plan`, { method: "POST", body: "fleet" });
  await delay(BELIEVED_MS);
  await inTurns("A plan with limits for account, day and key", origin, workerd, [
    variant("anybody, nothing asked", reading({}, "v0")),
    variant("by an API key", reading(byKey)),
  ]);
  const rules = [
    { id: "no-drafts", effect: "forbid", actions: ["unit.read"], when: 'resource.level == "L0"' },
    { id: "readers", effect: "permit", actions: ["unit.*"], when: 'principal.kind == "key"' },
  ];
  await ask("PUT", "/v1/policies", { rules, otherwise: "deny" }, { "if-match": '"0"' });
  await delay(BELIEVED_MS);
  await inTurns("The same, and two rules of which one looks at the unit", origin, workerd, [
    variant("anybody, nothing asked", reading({}, "v0")),
    variant("by an API key", reading(byKey)),
  ]);
} finally {
  await miniflare.dispose();
}

function variant(name: string, request: Buffer): Variant {
  return { name, request, p50: [], cpu: [] };
}

async function inTurns(title: string, url: string, pid: number, variants: Variant[]) {
  for (let round = 0; round <= ROUNDS; round++) {
    for (const each of variants) {
      const request = () => each.request;
      const alone = await load({ url, connections: 1, durationMs: WINDOW_MS, request });
      const before = cpuMs(pid);
      const many = await load({ url, connections: 16, durationMs: WINDOW_MS, request });
      const statuses = Object.keys({ ...alone.statuses, ...many.statuses }).join();
      if (statuses !== "200") throw new Error(`${each.name}: ${statuses}`);
      if (round === 0) continue; // the first warms up
      each.p50.push(alone.p50);
      each.cpu.push((cpuMs(pid) - before) / (many.perSecond * many.seconds));
    }
  }
  process.stdout.write(`${title}\n`);
  const [first] = variants;
  for (const each of variants) {
    const [p50, cpu] = [median(each.p50), median(each.cpu)];
    const added =
      each === first
        ? ""
        : `  added ${(p50 - median(first?.p50 ?? [])).toFixed(3)} ms (goal ≤ ${GOAL_MS}), ${(1_000 * (cpu - median(first?.cpu ?? []))).toFixed(0)} µs CPU`;
    process.stdout.write(
      `  ${each.name.padEnd(24)} p50 ${p50.toFixed(3)} ms, ${(cpu * 1_000).toFixed(0)} µs CPU${added}\n`,
    );
  }
}

/** Of a client that acts for itself. */
async function accessToken(
  origin: string,
  ask: <T>(method: string, path: string, body: object) => Promise<T>,
): Promise<string> {
  type Client = { client_id: string; client_secret: string };
  const client = await ask<Client>("POST", "/v1/oauth/clients", {
    client_name: "Bench",
    grant_types: ["client_credentials"],
  });
  const answer = await fetch(`${origin}/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  return (await answerOf<{ access_token: string }>(answer)).access_token;
}

async function answerOf<T>(response: Response): Promise<T> {
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
