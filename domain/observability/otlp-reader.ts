import { z } from "zod";

// OTLP 1.x in JSON as strictly as it is written (opentelemetry-proto, "JSON Protobuf Encoding"): nothing that is not in
// the messages, 64-bit integers as texts and within 64 bits, ids as lower-case hex of their length, enumerations by
// number, texts that UTF-8 can hold. What a collector may overlook is refused here.

const INT64_MAX = 2n ** 63n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

const wellFormed = z.string().refine((text) => text.isWellFormed(), "is no UTF-8");
const name = wellFormed.min(1);
const nanos = z
  .string()
  .regex(/^[1-9]\d{0,19}$/)
  .refine((text) => BigInt(text) <= UINT64_MAX);
const int64 = z
  .string()
  .regex(/^(0|-?[1-9]\d{0,18})$/)
  .refine((text) => BigInt(text) <= INT64_MAX && BigInt(text) >= -INT64_MAX - 1n);
/** The kinds of value that we write; each holds exactly one. */
const anyValue = z.union([
  z.strictObject({ stringValue: wellFormed }),
  z.strictObject({ boolValue: z.boolean() }),
  z.strictObject({ intValue: int64 }),
  z.strictObject({ doubleValue: z.number() }),
]);
const attributes = z
  .array(z.strictObject({ key: name, value: anyValue }))
  .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, "names one key twice");
const resource = z
  .strictObject({ attributes })
  .refine((one) => one.attributes.some(({ key }) => key === "service.name"), "has no service.name");
const scope = z.strictObject({ name });
const traceId = z.string().regex(/^(?!0{32})[0-9a-f]{32}$/);
const spanId = z.string().regex(/^(?!0{16})[0-9a-f]{16}$/);

const span = z
  .strictObject({
    traceId,
    spanId,
    parentSpanId: spanId.optional(),
    name,
    kind: z.int().min(1).max(5),
    startTimeUnixNano: nanos,
    endTimeUnixNano: nanos,
    attributes,
    status: z.strictObject({ code: z.literal([1, 2]).optional() }),
  })
  .refine((one) => BigInt(one.endTimeUnixNano) >= BigInt(one.startTimeUnixNano), "ends too early");
const logRecord = z
  .strictObject({
    timeUnixNano: nanos,
    severityNumber: z.int().min(1).max(24),
    severityText: name,
    body: anyValue,
    attributes,
    traceId: traceId.optional(),
    spanId: spanId.optional(),
  })
  .refine((one) => one.spanId === undefined || one.traceId !== undefined, "is in no trace");

const tracesRequest = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource,
      scopeSpans: z.array(z.strictObject({ scope, spans: z.array(span).min(1) })).min(1),
    }),
  ),
});
const logsRequest = z.strictObject({
  resourceLogs: z.array(
    z.strictObject({
      resource,
      scopeLogs: z.array(z.strictObject({ scope, logRecords: z.array(logRecord).min(1) })).min(1),
    }),
  ),
});

/** Every span of an `ExportTraceServiceRequest`; throws where it is none. */
export const readOtlpTraces = (text: string): z.output<typeof span>[] =>
  tracesRequest
    .parse(JSON.parse(text))
    .resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

/** Every record of an `ExportLogsServiceRequest`; throws where it is none. */
export const readOtlpLogs = (text: string): z.output<typeof logRecord>[] =>
  logsRequest
    .parse(JSON.parse(text))
    .resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
