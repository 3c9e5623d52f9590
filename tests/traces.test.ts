import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { LogRecord } from "#domain/observability/log.ts";
import type { Span } from "#domain/observability/span.ts";
import { call, newAccount } from "./helpers.ts";
import { asking, randomHex, traceOf } from "./tracing.ts";

it("records a request that asks for it as a tree: the route, the objects and the databases it asked", async () => {
  const account = await newAccount();
  const { traceId, parent, headers } = asking();
  const answer = await account.call("POST", "/v1/units", {
    body: { title: "Otters", body: "Otters hold hands while they sleep." },
    headers,
  });
  expect(answer.status).toBe(202);
  const whole = await traceOf(account, traceId, (names) => names.includes("Relay insert"));
  const [root] = whole.spans;
  expect(root).toMatchObject({
    name: "POST /v1/units",
    depth: 0,
    parentSpanId: parent,
    kind: "server",
  });
  const called = whole.spans.find(({ name }) => name === "Relay.insert");
  const inside = whole.spans.find(({ name }) => name === "Relay insert");
  expect(called).toMatchObject({ kind: "client", service: "http" });
  expect(inside).toMatchObject({ kind: "server", service: "Relay", parentSpanId: called?.spanId });
  expect(whole.spans.some(({ name }) => /^UNITS_\d|^CATALOG_0/.test(name))).toBe(true);
  expect(whole.spans.every(({ durationMs }) => durationMs >= 0)).toBe(true);
  expect(whole.error).toBe(false);
});

it("goes on with the trace over the queues until the unit is found", async () => {
  const account = await newAccount();
  const { traceId, headers } = asking();
  const body = { title: "Rivers", body: "Rivers carry sediment to the sea over centuries." };
  const made = await account.call("POST", "/v1/units", { body, headers });
  const { id } = await made.json<{ id: string }>();
  await vi.waitFor(
    async () => {
      const unit = await (await account.call("GET", `/v1/units/${id}`)).json<{ status: string }>();
      expect(unit.status).toBe("searchable");
    },
    { timeout: 20_000, interval: 200 },
  );
  const whole = await traceOf(account, traceId, (names) =>
    names.some((name) => name.startsWith("receive unit-index")),
  );
  expect(whole.spans.map(({ name }) => name)).toContain("verify units");
});

it("lists them newest first, by what was asked, and page by page", async () => {
  const account = await newAccount();
  const traces = [asking(), asking(), asking()];
  for (const { headers } of traces) {
    await account.call("GET", "/v1/units?limit=1", { headers });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // Its root is what the list names and sorts it by, and comes in last.
  const hasRoot = (names: string[]) => names.includes("GET /v1/units");
  for (const { traceId } of traces) await traceOf(account, traceId, hasRoot);
  type Page = { items: { traceId: string; name: string }[]; nextCursor: string | null };
  const list = async (query: string) =>
    await (await account.call("GET", `/v1/traces?${query}`)).json<Page>();
  const ids = new Set(traces.map(({ traceId }) => traceId));
  const first = await list("limit=2&name=GET%20/v1/units");
  expect(first.items).toHaveLength(2);
  const second = await list(`limit=2&name=GET%20/v1/units&cursor=${first.nextCursor}`);
  const seen = [...first.items, ...second.items].map(({ traceId }) => traceId);
  expect(new Set(seen)).toEqual(ids);
  expect((await list("error=true")).items).toEqual([]);
  expect((await list("name=POST")).items).toEqual([]);
});

it("is nobody else's: a foreign trace is not there", async () => {
  const [mine, other] = [await newAccount(), await newAccount()];
  const { traceId, headers } = asking();
  await mine.call("GET", "/v1/units", { headers });
  await traceOf(mine, traceId);
  expect((await other.call("GET", `/v1/traces/${traceId}`)).status).toBe(404);
  expect((await other.call("GET", `/v1/traces/${traceId}?of=platform`)).status).toBe(403);
  expect((await other.call("GET", "/v1/logs?of=platform")).status).toBe(403);
});

it("keeps nothing of a request that did not ask, nor of a stranger's that did", async () => {
  const account = await newAccount();
  const { traceId } = asking();
  const silent = { traceparent: `00-${traceId}-${randomHex(8)}-00` };
  await account.call("GET", "/v1/units", { headers: silent });
  const stranger = asking();
  expect((await call("GET", "/v1/units", { headers: stranger.headers })).status).toBe(401);
  const { traceId: later, headers } = asking();
  await account.call("GET", "/v1/units", { headers });
  await traceOf(account, later);
  expect((await account.call("GET", `/v1/traces/${traceId}`)).status).toBe(404);
  const platform = env.TRACE.getByName("platform");
  expect(await platform.spansOf(stranger.traceId)).toBeNull();
});

it("writes of a traced request what it came to, found by its trace and by its words", async () => {
  const account = await newAccount();
  const { traceId, headers } = asking();
  await account.call("GET", "/v1/units", { headers });
  const whole = await vi.waitFor(
    async () => {
      const found = await traceOf(account, traceId);
      expect(found.logs.length).toBeGreaterThan(0);
      return found;
    },
    { timeout: 10_000 },
  );
  expect(whole.logs[0]).toEqual({
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
    level: "debug",
    service: "http",
    traceId,
    spanId: whole.spans[0]?.spanId,
    message: "request",
    data: { route: "GET /v1/units", status: 200, ms: expect.any(Number) as unknown },
  });
  type Page = { items: LogRecord[] };
  const search = async (query: string) =>
    (await (await account.call("GET", `/v1/logs?${query}`)).json<Page>()).items;
  expect(await search(`traceId=${traceId}`)).toHaveLength(1);
  expect(await search("q=get%20%2Fv1%2Funits")).toHaveLength(1);
  expect(await search("level=error")).toEqual([]);
  expect((await account.call("GET", "/v1/logs?level=loud")).status).toBe(400);
  const exported = await account.call("GET", "/v1/logs/export");
  const text = new TextDecoder().decode(await exported.bytes());
  expect(
    text
      .trim()
      .split("\n")
      .map((one) => (JSON.parse(one) as LogRecord).message),
  ).toContain("request");
});

const DAY_MS = 86_400_000;
const spanAt = (traceId: string, startMs: number): Span => ({
  traceId,
  spanId: randomHex(8),
  parentId: null,
  name: "GET /v1/units",
  kind: "server",
  service: "http",
  startMs,
  endMs: startMs + 5,
  isError: false,
  attributes: {},
});
const lineAt = (ms: number, message: string): LogRecord => ({
  timestamp: new Date(ms).toISOString(),
  level: "info",
  service: "http",
  traceId: null,
  spanId: null,
  message,
  data: {},
});

it("forgets traces after 3 days and lines after 7, and not before", async () => {
  const t0 = Date.UTC(2026, 0, 1);
  const place = env.TRACE.getByName(`retention ${randomHex(4)}`);
  const [old, young] = [randomHex(16), randomHex(16)];
  await place.keep([spanAt(old, t0)], [lineAt(t0, "old")], t0);
  await place.keep([spanAt(young, t0 + DAY_MS)], [lineAt(t0 + DAY_MS, "young")], t0 + DAY_MS);
  const messages = async () =>
    (await place.lines({}, null, 10)).items.map((text) => (JSON.parse(text) as LogRecord).message);
  expect(await place.upkeep(t0 + 3 * DAY_MS)).toBe(true);
  expect(await place.spansOf(old)).toHaveLength(1);
  await place.upkeep(t0 + 3 * DAY_MS + 5);
  expect(await place.spansOf(old)).toBeNull();
  expect(await place.spansOf(young)).toHaveLength(1);
  expect(await messages()).toEqual(["young", "old"]);
  await place.upkeep(t0 + 7 * DAY_MS);
  expect(await messages()).toEqual(["young"]);
  expect(await place.upkeep(t0 + 8 * DAY_MS)).toBe(false);
});

it("reads lines page by page without a gap or a repetition, whatever came together", async () => {
  const place = env.TRACE.getByName(`pages ${randomHex(4)}`);
  const t0 = Date.UTC(2026, 0, 1);
  let n = 0;
  for (const size of [3, 1, 250, 7]) {
    const lines = Array.from({ length: size }, () => lineAt(t0 + n, `n${n++}`));
    await place.keep([], lines, t0);
  }
  const seen: string[] = [];
  let after = null;
  do {
    const page: Awaited<ReturnType<typeof place.lines>> = await place.lines({}, after, 20);
    seen.push(...page.items.map((text) => (JSON.parse(text) as LogRecord).message));
    after = page.next;
  } while (after !== null);
  expect(seen).toEqual(Array.from({ length: n }, (_, i) => `n${n - 1 - i}`));
});

it("makes no tables for whoever only asks", async () => {
  const name = `asked ${randomHex(4)}`;
  const place = env.TRACE.getByName(name);
  expect(await place.spansOf(randomHex(16))).toBeNull();
  expect((await place.lines({}, null, 5)).items).toEqual([]);
  await runInDurableObject(place, (_, state) => {
    const tables = state.storage.sql.exec("SELECT name FROM sqlite_master").toArray();
    expect(tables.filter(({ name: one }) => one === "trace" || one === "line")).toEqual([]);
  });
});

it("goes along with a message to whoever is given it, and is left out where nobody traces", async () => {
  const account = await newAccount();
  const agent = {
    name: "Carrier",
    type: "query",
    description: "Carries.",
    capabilities: ["carry"],
  };
  const made = await account.call("POST", "/v1/agents", { body: agent });
  const { id } = await made.json<{ id: string }>();
  const { traceId, headers } = asking();
  await account.call("POST", `/v1/agents/${id}/messages`, { body: { body: "traced" }, headers });
  await account.call("POST", `/v1/agents/${id}/messages`, { body: { body: "silent" } });
  const leased = await account.call("POST", `/v1/agents/${id}/messages/lease`, {
    body: { limit: 2 },
  });
  const { messages } = await leased.json<{ messages: { traceparent?: string }[] }>();
  expect(messages.map(({ traceparent }) => traceparent?.slice(3, 35))).toEqual([
    traceId,
    undefined,
  ]);
});
