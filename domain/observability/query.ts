import { type Level, LEVEL_NUMBERS, type LogRecord } from "#domain/observability/log.ts";

/** What is asked for of a log; every part that is there must hold. */
export type LogFilter = {
  /** This one and those that are worse. */
  level?: Level;
  service?: string;
  traceId?: string;
  /** Anywhere in the message or its data, in capitals or not. */
  q?: string;
  fromMs?: number;
  /** Before it. */
  toMs?: number;
};

/** `text` is the record as it lies, JSON. */
export function matchesLine(record: LogRecord, text: string, filter: LogFilter): boolean {
  const { level, service, traceId, q, fromMs = -Infinity, toMs = Infinity } = filter;
  const atMs = Date.parse(record.timestamp);
  if (atMs < fromMs || atMs >= toMs) return false;
  if (level !== undefined && LEVEL_NUMBERS[record.level] < LEVEL_NUMBERS[level]) return false;
  if (service !== undefined && record.service !== service) return false;
  if (traceId !== undefined && record.traceId !== traceId) return false;
  return q === undefined || text.toLowerCase().includes(q.toLowerCase());
}

/** What is asked for of a list of traces. */
export type TraceFilter = {
  fromMs?: number;
  toMs?: number;
  durationMsMin?: number;
  isError?: boolean;
  /** How its name begins: `POST /v1/search`. */
  name?: string;
};
