/** From what is read while something is looked for to what ends the product. */
export const LEVELS = ["debug", "info", "warn", "error", "fatal"] as const;
export type Level = (typeof LEVELS)[number];
export const LEVEL_NUMBERS: Readonly<Record<Level, 0 | 1 | 2 | 3 | 4>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  fatal: 4,
};

/** What is said beside the message: names, numbers and reasons. It is masked before it is written (./masking.ts). */
export type LogData = Readonly<Record<string, unknown>>;

/** One line of the log, with exactly these members. */
export type LogRecord = {
  /** RFC 3339, UTC, to the millisecond. */
  timestamp: string;
  level: Level;
  /** Which part of the product says it: `http`, an object's class, a queue's consumer; `platform` where none is known. */
  service: string;
  /** What it was said in; null where that is not known. */
  traceId: string | null;
  spanId: string | null;
  /** What happened, as a name that never changes: `queue-send-failed`. */
  message: string;
  data: LogData;
};

/** Whose a line is, and of which part: of what an object does by itself, in no trace. */
export type LogOf = { accountId: string; service: string };

type Writer = (level: Level, message: string, data: LogData, of?: LogOf) => void;

/** Where nothing was set up (a script, a test without the product), a line goes to the console as it is. */
let write: Writer = (level, message, data) =>
  console[level === "fatal" ? "error" : level](message, data);

/**
 * Says what happened, to whoever runs the product. `debug` is kept only of what is traced; `info` is a change of state;
 * from `warn` on it is something wrong. Never a line for each read, and no contents: they are somebody's.
 */
export const log = (level: Level, message: string, data: LogData = {}, of?: LogOf): void =>
  write(level, message, data, of);

/** Once, by whoever puts the product together: clock, trace and the way to where lines are kept are not the domain's. */
export function writeLogsWith(writer: Writer): void {
  write = writer;
}

/** `12:30:01.123 warn  http  queue-send-failed  units=3 error="it is down"`, for whoever watches a terminal. */
export function lineOf({ timestamp, level, service, traceId, message, data }: LogRecord): string {
  const said = Object.entries(data).map(([name, value]) => `${name}=${shown(value)}`);
  const trace = traceId === null ? [] : [`trace=${traceId}`];
  return [timestamp.slice(11, 23), level.padEnd(5), service, message, ...said, ...trace].join("  ");
}

const shown = (value: unknown): string =>
  typeof value === "string" && /^[\w.:/@+-]+$/.test(value) ? value : (JSON.stringify(value) ?? "");
