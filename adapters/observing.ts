import { env, waitUntil } from "cloudflare:workers";
import { egress } from "#adapters/egress.ts";
import { isolateBatch } from "#adapters/isolate-batch.ts";
import { currentTrace, perSecond, sampledTrace, sendSpansTo, untraced } from "#adapters/tracing.ts";
import {
  type Level,
  LEVEL_NUMBERS,
  type LogData,
  type LogOf,
  lineOf,
  type LogRecord,
  writeLogsWith,
} from "#domain/observability/log.ts";
import { maskedData } from "#domain/observability/masking.ts";
import { otlpLogs, otlpTraces } from "#domain/observability/otlp.ts";
import type { Span } from "#domain/observability/span.ts";
import { PLATFORM_PLACE } from "#domain/observability/places.ts";
import { LIMITS } from "#domain/shared/limits.ts";

const EVERY_MS = 1_000;

type Item = { accountId: string | null } & ({ spans: readonly Span[] } | { line: LogRecord });

/** Of this isolate, in what it exports; made with its first batch, as no random value may be had before a request. */
let instance = "";

const batch = isolateBatch<Item>({
  itemsMax: LIMITS.observedItemsMax,
  everyMs: EVERY_MS,
  send: (items) =>
    untraced(async () => {
      instance ||= crypto.randomUUID();
      await Promise.all([keep(items), exported(items)]);
    }),
});

/** Puts spans and lines of this isolate to where they are kept. Once for each isolate, before its first request. */
export function observe(): void {
  sendSpansTo((accountId, spans) => add({ accountId, spans }));
  writeLogsWith(writeLog);
}

function add(item: Item): void {
  // A face of the product that holds no objects has the console only.
  if ((env as Partial<Env>).TRACE !== undefined) batch.add({ waitUntil }, item);
}

/** Lines of one name in a second and isolate that are written; of a storm one reads the first and how many there were. */
const written = new Map<string, { take: (nowMs: number) => boolean; left: number }>();
const NAMES_MAX = 1_000;

function writeLog(level: Level, message: string, data: LogData, of?: LogOf): void {
  const trace = currentTrace();
  if (level === "debug" && sampledTrace() === undefined) return;
  const nowMs = Date.now();
  if (written.size >= NAMES_MAX) written.clear();
  let name = written.get(message);
  if (name === undefined)
    written.set(message, (name = { take: perSecond(LIMITS.linesPerSecond), left: 0 }));
  if (!name.take(nowMs)) {
    name.left += 1;
    return;
  }
  const leftOut = name.left;
  name.left = 0;
  const record: LogRecord = {
    timestamp: new Date(nowMs).toISOString(),
    level,
    service: of?.service ?? trace?.work.service ?? "platform",
    traceId: trace?.traceId ?? null,
    spanId: trace?.spanId ?? null,
    message,
    data: maskedData(leftOut === 0 ? data : { ...data, leftOut }),
  };
  print(record);
  const accountId = of?.accountId ?? trace?.work.accountId ?? null;
  // What went wrong inside is for whoever runs the product; its account reads that it did.
  if (accountId === null || LEVEL_NUMBERS[level] >= LEVEL_NUMBERS.warn)
    add({ accountId: null, line: record });
  if (accountId !== null) add({ accountId, line: { ...record, data: shownData(record.data) } });
}

/** What quotes the inside of the product. */
const INSIDE = new Set(["error", "stack", "thrown", "name", "reason"]);
const shownData = (data: LogData): LogData =>
  Object.fromEntries(Object.entries(data).filter(([name]) => !INSIDE.has(name)));

/** JSON for what collects it; on a terminal, a line of what is wrong. What is only traced is for neither. */
function print(record: LogRecord): void {
  if (record.level === "debug") return;
  const isJson = (env as { WISHUB_LOG?: string }).WISHUB_LOG === "json";
  if (!isJson && record.level === "info") return;
  const level = record.level === "fatal" ? "error" : record.level;
  console[level](isJson ? JSON.stringify(record) : lineOf(record));
}

async function keep(items: readonly Item[]): Promise<void> {
  const places = Map.groupBy(items, ({ accountId }) => accountId ?? PLATFORM_PLACE);
  await Promise.all(
    [...places].map(async ([place, some]) => {
      const spans = some.flatMap((one) => ("spans" in one ? one.spans : []));
      const lines = some.flatMap((one) => ("line" in one ? [one.line] : []));
      await env.TRACE.getByName(place).keep(spans, lines, Date.now());
    }),
  );
}

/** To the operator's collector, where there is one; what it does not take now it does not get. */
async function exported(items: readonly Item[]): Promise<void> {
  const { WISHUB_OTLP_URL: url, WISHUB_OTLP_HEADERS: said } = env as Env;
  if (url === undefined || url === "") return;
  const spans = items.flatMap((one) => ("spans" in one ? one.spans : []));
  const lines = items.flatMap((one) =>
    "line" in one && (one.accountId === null || LEVEL_NUMBERS[one.line.level] < LEVEL_NUMBERS.warn)
      ? [one.line]
      : [],
  );
  if (spans.length > 0) await post(`${url}/v1/traces`, otlpTraces(spans, instance), said);
  if (lines.length > 0) await post(`${url}/v1/logs`, otlpLogs(lines, instance), said);
}

const sayFailure = perSecond(1);

async function post(url: string, body: object, said: string | undefined): Promise<void> {
  const headers = { "Content-Type": "application/json", ...headersFrom(said) };
  const answer = await egress(env)(url, { method: "POST", headers, body: JSON.stringify(body) });
  const isTaken = answer.ok && answer.value.status < 300;
  if (!isTaken && sayFailure(Date.now()))
    console.warn(`otlp-not-taken ${answer.ok ? answer.value.status : answer.error.code}`);
}

/** As OTEL_EXPORTER_OTLP_HEADERS writes them: `name=value,other=value`. */
const headersFrom = (text = ""): Record<string, string> =>
  Object.fromEntries(
    text
      .split(",")
      .map((pair) => pair.trim().split("=", 2))
      .flatMap(([name = "", value]) => (value === undefined ? [] : [[name, decoded(value)]])),
  );

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
