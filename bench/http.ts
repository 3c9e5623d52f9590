import { readMigrations } from "#scripts/migrate.ts";
import { httpRequest, load } from "./lib/load.ts";
import { childOf, cpuMs } from "./lib/processes.ts";
import { benchWorker } from "./lib/worker.ts";

// What the pipeline of workers/http costs a request: the CPU time of workerd for POST /v1/search with an empty handler,
// beside a bare Worker that reads the same body and sends the same answer.

const WORKER = `
import { appOf } from "#workers/http/app.ts";
import { feature, json, route } from "#workers/http/kit.ts";
import { searchInput } from "#domain/search/query.ts";
import { Admin } from "#workers/admin.ts";
const hit = { unitId: "u0_0", version: 1, title: "t", snippet: "s".repeat(200), score: 0.5, level: "L3" };
const answer = { hits: Array.from({ length: 10 }, () => hit), partial: false, tookMs: 1 };
const app = appOf([feature(route({
  method: "post", path: "/v1/search", summary: "", access: "unit.search", idempotency: "ignored",
  request: { body: json(searchInput) }, responses: {},
}, (c) => c.json(answer)))]);
export default {
  async fetch(request, env, context) {
    if (request.url.endsWith("/bare")) return Response.json(await request.json() && answer);
    if (!request.url.endsWith("/set-up")) return await app.fetch(request, env, context);
    for (const statement of await request.json()) await env.CATALOG_0.prepare(statement).run();
    return Response.json(await new Admin(context, env).setup());
  },
};`;

const miniflare = await benchWorker({
  entry: { text: WORKER },
  databases: ["CATALOG_0"],
  variables: { WISHUB_PUBLIC_URL: "http://127.0.0.1", WISHUB_EGRESS_ALLOW: "" },
  direct: true,
});
try {
  const { origin } = await miniflare.unsafeGetDirectURL("bench");
  const statements = readMigrations("migrations/catalog").flatMap((one) => one.statements);
  const setUp = { method: "POST", body: JSON.stringify(statements) };
  const { apiKey } = (await (await fetch(`${origin}/set-up`, setUp)).json()) as { apiKey: string };
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const vector = Array.from({ length: 384 }, (_, index) => Math.sin(index) / 14);
  const bodies = {
    "a query of 33 characters": { query: "how does water boil at sea level?", limit: 10 },
    "a vector of 384 numbers": { vector, space: "minilm-l6-int8+cedict@1", limit: 10 },
  };
  for (const [name, body] of Object.entries(bodies)) {
    const text = JSON.stringify(body);
    await cpuOf(origin, "/v1/search", headers, text);
    const [bare, whole] = [
      await cpuOf(origin, "/bare", headers, text),
      await cpuOf(origin, "/v1/search", headers, text),
    ];
    const added = (whole - bare).toFixed(0);
    process.stdout.write(
      `${name}: bare ${bare.toFixed(0)} µs, with the pipeline ${whole.toFixed(0)} µs, added ${added} µs of CPU a request (goal 100)\n`,
    );
  }
} finally {
  await miniflare.dispose();
}

/** Microseconds of CPU a request, which other programs on the machine disturb less than the time it takes. */
async function cpuOf(url: string, path: string, headers: Record<string, string>, body: string) {
  const request = httpRequest("POST", path, headers, body);
  const before = cpuMicroseconds();
  const { statuses } = await load({
    url,
    connections: 16,
    request: () => request,
    durationMs: 4_000,
  });
  const answered = statuses["200"] ?? 0;
  if (answered === 0 || Object.keys(statuses).length > 1) throw new Error(JSON.stringify(statuses));
  return (cpuMicroseconds() - before) / answered;
}

/** Of the workerd that this process started. The kernel counts in hundredths of a second. */
function cpuMicroseconds(): number {
  return cpuMs(childOf(process.pid, "workerd")) * 1_000;
}
