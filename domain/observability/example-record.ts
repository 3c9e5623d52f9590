import type { LogRecord } from "./log.ts";

/** A line of the log, for tests. */
export const record = (changes: Partial<LogRecord> = {}): LogRecord => ({
  timestamp: "2026-11-22T12:30:01.123Z",
  level: "warn",
  service: "http",
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  message: "queue-send-failed",
  data: { units: 3, error: "it is down", nested: { a: [1] }, share: 0.5 },
  ...changes,
});
