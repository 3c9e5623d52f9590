import { LEVEL_NUMBERS, type LogRecord } from "#domain/observability/log.ts";
import { type Attributes, SPAN_KINDS, type Span } from "#domain/observability/span.ts";

/**
 * OTLP/HTTP in JSON (opentelemetry-proto 1.x, opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding"): ids as hex,
 * 64-bit integers as decimal texts, enumerations as numbers. What an `ExportTraceServiceRequest` holds.
 */
export const otlpTraces = (spans: readonly Span[], instance: string): object => ({
  resourceSpans: byService(spans, instance, (some) => ({
    scopeSpans: [{ scope: SCOPE, spans: some.map(spanOf) }],
  })),
});

/** The same of an `ExportLogsServiceRequest`. */
export const otlpLogs = (records: readonly LogRecord[], instance: string): object => ({
  resourceLogs: byService(records, instance, (some) => ({
    scopeLogs: [{ scope: SCOPE, logRecords: some.map(recordOf) }],
  })),
});

const SCOPE = { name: "wishub" };

function byService<T extends { service: string }>(
  all: readonly T[],
  instance: string,
  inside: (some: readonly T[]) => object,
): object[] {
  return [...Map.groupBy(all, ({ service }) => service)].map(([service, some]) => ({
    resource: {
      attributes: attributesOf({
        "service.namespace": "wishub",
        "service.name": service,
        "service.instance.id": instance,
      }),
    },
    ...inside(some),
  }));
}

/** SpanKind starts at 1, INTERNAL; StatusCode 1 is OK and 2 ERROR. */
const spanOf = (span: Span): object => ({
  traceId: span.traceId,
  spanId: span.spanId,
  ...(span.parentId !== null && { parentSpanId: span.parentId }),
  name: span.name,
  kind: SPAN_KINDS.indexOf(span.kind) + 1,
  startTimeUnixNano: nanosOf(span.startMs),
  endTimeUnixNano: nanosOf(span.endMs),
  attributes: attributesOf(span.attributes),
  status: span.isError ? { code: 2 } : {},
});

const recordOf = ({ timestamp, level, traceId, spanId, message, data }: LogRecord): object => ({
  timeUnixNano: nanosOf(Date.parse(timestamp)),
  severityNumber: SEVERITIES[LEVEL_NUMBERS[level]],
  severityText: level.toUpperCase(),
  body: { stringValue: message },
  attributes: attributesOf(data),
  ...(traceId !== null && { traceId }),
  ...(spanId !== null && { spanId }),
});

/** DEBUG, INFO, WARN, ERROR and FATAL of the data model of OpenTelemetry's logs. */
const SEVERITIES = [5, 9, 13, 17, 21] as const;

/** A whole number of milliseconds: nanoseconds are beyond what a number holds exactly. */
const nanosOf = (ms: number): string => `${Math.round(ms)}000000`;

/** Texts as UTF-8 can hold them. An attribute without a name is none. */
const attributesOf = (attributes: Attributes | LogRecord["data"]): object[] =>
  [...new Map(Object.entries(attributes).map(([key, value]) => [key.toWellFormed(), value]))]
    .filter(([key]) => key !== "")
    .map(([key, value]) => ({ key, value: valueOf(value) }));

function valueOf(value: unknown): object {
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "string") return { stringValue: value.toWellFormed() };
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  if (typeof value === "number" && Number.isFinite(value)) return { doubleValue: value };
  return { stringValue: JSON.stringify(value) ?? "" };
}
