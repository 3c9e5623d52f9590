import type { LogRecord } from "#domain/observability/log.ts";
import { maskedData } from "#domain/observability/masking.ts";

/** How the platform says that an invocation ended, of what it tells a tail Worker (Cloudflare's `TraceItem`). */
export type Ending = {
  outcome: string;
  scriptName: string | null;
  /** An object's class, or a named entrypoint. */
  entrypoint?: string;
  /** ms since 1970. */
  eventTimestamp: number | null;
  exceptions: readonly { name: string; message: string }[];
};

/** Ends that are nobody's fault, or that whoever asked brought about. */
const WELL: ReadonlySet<string> = new Set(["ok", "canceled", "responseStreamDisconnected"]);
/** Where lines are kept. What ends badly there is told by nobody, or telling it would never end. */
const KEEPER = "Trace";

/**
 * The line of an invocation that ended as its own isolate could not say: by an exception that nobody caught, or by the
 * platform, for its processor time or memory. Null for all others.
 */
export function endingLine(ending: Ending, nowMs: number): LogRecord | null {
  const { outcome, scriptName, entrypoint, eventTimestamp, exceptions } = ending;
  if (entrypoint === KEEPER || (WELL.has(outcome) && exceptions.length === 0)) return null;
  const [first] = exceptions;
  return {
    timestamp: new Date(eventTimestamp ?? nowMs).toISOString(),
    level: "error",
    service: entrypoint ?? scriptName ?? "platform",
    traceId: null,
    spanId: null,
    message: "invocation-ended",
    data: maskedData({
      outcome,
      ...(scriptName !== null && { script: scriptName }),
      ...(first !== undefined && {
        exceptions: exceptions.length,
        error: `${first.name}: ${first.message}`,
      }),
    }),
  };
}
