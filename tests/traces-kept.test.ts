import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { LogRecord } from "#domain/observability/log.ts";
import { maskedData } from "#domain/observability/masking.ts";
import { boundedSpan, type Span } from "#domain/observability/span.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { randomHex } from "./tracing.ts";

const T0 = Date.UTC(2026, 0, 1);
const lineAt = (n: number, data: LogRecord["data"] = {}): LogRecord => ({
  timestamp: new Date(T0 + n).toISOString(),
  level: "info",
  service: "http",
  traceId: null,
  spanId: null,
  message: `n${n}`,
  data,
});
const spanAt = (traceId: string, n: number, attributes: Span["attributes"] = {}): Span =>
  boundedSpan({
    traceId,
    spanId: randomHex(8),
    parentId: null,
    name: `span ${n}`,
    kind: "server",
    service: "http",
    startMs: T0 + n,
    endMs: T0 + n + 5,
    isError: false,
    attributes,
  });
const place = () => env.TRACE.getByName(`kept ${randomHex(4)}`);
type Place = ReturnType<typeof place>;

async function namesIn(object: Place): Promise<string[]> {
  const names: string[] = [];
  let after = null;
  do {
    const page: Awaited<ReturnType<Place["lines"]>> = await object.lines({}, after, 50);
    names.push(...page.items.map((text) => (JSON.parse(text) as LogRecord).message));
    after = page.next;
  } while (after !== null);
  return names.toReversed();
}

/** What one value of an object's SQLite may take, deployed; here nobody refuses more. */
const VALUE_BYTES_MAX = 2_000_000;
const longestOf = (object: Place, table: "line" | "trace") =>
  runInDurableObject(
    object,
    (_, { storage }) =>
      storage.sql
        .exec<{ bytes: number }>(`SELECT max(length(CAST(text AS BLOB))) AS bytes FROM ${table}`)
        .one().bytes,
  );

it.each([
  ["Chinese", "水獭牵着手睡觉"],
  ["emoji", "🦦"],
  ["what JSON writes out", "\u0001"],
])("takes as much text as lines may hold, of %s too, and loses none", async (_, word) => {
  const object = place();
  // As much as a line's data may be.
  const data = maskedData(
    Object.fromEntries(
      Array.from({ length: 8 }, (__, i) => [`k${i}`, word.repeat(2_000 / word.length)]),
    ),
  );
  expect(JSON.stringify(data).length).toBeGreaterThan(8_000);
  const lines = Array.from({ length: LIMITS.observedItemsMax }, (__, n) => lineAt(n, data));
  await object.keep([], lines, T0);
  expect(await namesIn(object)).toEqual(lines.map(({ message }) => message));
  expect(await longestOf(object, "line")).toBeLessThan(VALUE_BYTES_MAX);
});

it("takes as much as a trace may hold at once, and leaves out what is beyond it", async () => {
  const object = place();
  const traceId = randomHex(16);
  const wide = Object.fromEntries(
    Array.from({ length: LIMITS.spanAttributesMax }, (_, i) => [
      `水${i}`,
      "獭".repeat(LIMITS.spanTextCharsMax),
    ]),
  );
  const spans = Array.from({ length: 1_000 }, (_, n) => spanAt(traceId, n, wide));
  await object.keep(spans, [lineAt(1)], T0);
  await object.keep([spanAt(traceId, 1_001, wide)], [], T0);
  const kept = (await object.spansOf(traceId)) ?? [];
  expect(kept.length).toBeGreaterThan(50);
  expect(JSON.stringify(kept).length).toBeLessThan(LIMITS.traceCharsMax + 1_000);
  expect(kept.map(({ name }) => name)).toEqual(kept.map((_, n) => `span ${n}`));
  expect(await namesIn(object)).toEqual(["n1"]);
  expect(await longestOf(object, "trace")).toBeLessThan(VALUE_BYTES_MAX);
  const { items } = await object.traces({}, null, 10);
  expect(items).toMatchObject([{ traceId, name: "span 0", spans: kept.length }]);
});

it("has after every eviction what was acknowledged, once, and goes on in its order", async () => {
  const object = place();
  const traceId = randomHex(16);
  for (let n = 0; n < 20; n++) {
    await object.keep([spanAt(traceId, n)], [lineAt(n)], T0);
    if (n % 3 === 0) await evictDurableObject(object);
  }
  const expected = Array.from({ length: 20 }, (_, n) => n);
  expect((await object.spansOf(traceId))?.map(({ name }) => name)).toEqual(
    expected.map((n) => `span ${n}`),
  );
  expect(await namesIn(object)).toEqual(expected.map((n) => `n${n}`));
  expect((await object.traces({}, null, 10)).items).toMatchObject([{ spans: 20 }]);
});

it("keeps a batch whole or not at all: what fails in its midst leaves nothing behind", async () => {
  const object = place();
  const traceId = randomHex(16);
  await object.keep([spanAt(traceId, 0)], [lineAt(0)], T0);
  const broken = { ...lineAt(1), timestamp: "no time" };
  await runInDurableObject(object, async (instance) => {
    await expect(instance.keep([spanAt(traceId, 1)], [broken], T0)).rejects.toThrow();
  });
  await evictDurableObject(object);
  expect(await object.spansOf(traceId)).toHaveLength(1);
  expect(await namesIn(object)).toEqual(["n0"]);
  await object.keep([spanAt(traceId, 1)], [lineAt(1)], T0);
  expect(await namesIn(object)).toEqual(["n0", "n1"]);
});

it("is called what the request was, whatever of the same millisecond comes in after it", async () => {
  const object = place();
  const traceId = randomHex(16);
  const request = { ...spanAt(traceId, 0), name: "GET /v1/units" };
  const asked = { ...spanAt(traceId, 0), name: "Account.keys", kind: "client" as const };
  for (const [first, later] of [
    [[request], [asked]],
    [[asked], [request]],
  ]) {
    await object.erase();
    await object.keep(first ?? [], [], T0);
    await object.keep(later ?? [], [], T0);
    const { items } = await object.traces({}, null, 10);
    expect(items.map(({ name }) => name)).toEqual(["GET /v1/units"]);
  }
});
