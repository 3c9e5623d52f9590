import { randomBytes } from "node:crypto";
import type { BackendSpan } from "#domain/jobs/protocol.ts";
import { parseTraceparent } from "#domain/observability/traceparent.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/** What is recorded of one attempt at a job; `spans` is empty for good where its trace is not recorded. */
export type JobTrace = {
  /** Times work as a span below whatever it is called in. */
  timed<T>(name: string, work: (inner: JobTrace) => Promise<T>): Promise<T>;
  readonly spans: readonly BackendSpan[];
};

/** The trace of a job as its claim named it. Times are this machine's own, in ms since 1970. */
export function jobTrace(traceparent: string | undefined, now: () => number): JobTrace {
  const above = parseTraceparent(traceparent);
  const spans: BackendSpan[] = [];
  return above?.isSampled === true
    ? below(above.spanId, spans, now)
    : { timed: (_, work) => work(SILENT), spans };
}

const SILENT: JobTrace = { timed: (_, work) => work(SILENT), spans: [] };

function below(parentId: string, spans: BackendSpan[], now: () => number): JobTrace {
  return {
    spans,
    async timed(name, work) {
      const spanId = randomBytes(8).toString("hex");
      const startMs = now();
      const end = (isError: boolean) => {
        const endMs = Math.max(startMs, now());
        if (spans.length < LIMITS.spansPerJobMax)
          spans.push({ spanId, parentId, name, startMs, endMs, isError });
      };
      try {
        const value = await work(below(spanId, spans, now));
        end(false);
        return value;
      } catch (error) {
        end(true);
        throw error;
      }
    },
  };
}
