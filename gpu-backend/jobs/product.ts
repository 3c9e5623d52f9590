import type { JobKind } from "#domain/jobs/kinds.ts";
import {
  type BackendSpan,
  claimAnswer,
  heartbeatAnswer,
  type JobView,
  settledAnswer,
  sourcePage,
  type SourcePage,
} from "#domain/jobs/protocol.ts";
import type { Http, HttpAnswer } from "./http.ts";

/** `gone`: it is not ours, or over. `refused`: never again like this. `later`: it may go well another time. */
export type Said<T> = { how: "done"; value: T } | { how: "gone" | "refused" | "later" };

/** What a backend says to the product, at the address that a wake-up named; of a job, with that job's trace. */
export function createProduct(http: Http, base: string, traceparent?: string) {
  const post = (path: string, bearer: string, body: object, signal: AbortSignal) =>
    http(`${base}/${path}`, { method: "POST", bearer, body, traceparent, signal });
  return {
    of: (job: JobView) => createProduct(http, base, job.traceparent),

    async claim(
      secret: string,
      asked: { kinds: readonly JobKind[]; leaseMs: number },
      signal: AbortSignal,
    ): Promise<Said<JobView | null>> {
      const answer = await post("claim", secret, asked, signal);
      return said(answer, (json) => claimAnswer.parse(json).job);
    },

    async heartbeat(
      ticket: string,
      asked: { leaseMs: number; progress: number },
      signal: AbortSignal,
    ): Promise<Said<{ ticket: string }>> {
      return said(await post("heartbeat", ticket, asked, signal), (json) =>
        heartbeatAnswer.parse(json),
      );
    },

    async complete(
      ticket: string,
      { result, spans }: { result: unknown; spans: readonly BackendSpan[] },
      signal: AbortSignal,
    ): Promise<Said<{ state: string }>> {
      const answer = await post("complete", ticket, { result, ...some(spans) }, signal);
      // A page of somebody in between is no word of the product's.
      return said(answer, (json) => settledAnswer.parse(json));
    },

    async fail(
      ticket: string,
      {
        spans,
        ...failure
      }: { reason: string; final: boolean; delayMs: number; spans: readonly BackendSpan[] },
      signal: AbortSignal,
    ): Promise<Said<{ state: string }>> {
      const answer = await post("fail", ticket, { ...failure, ...some(spans) }, signal);
      return said(answer, (json) => settledAnswer.parse(json));
    },

    async page(
      ticket: string,
      after: string | null,
      signal: AbortSignal,
    ): Promise<Said<SourcePage>> {
      const query = after === null ? "" : `?after=${encodeURIComponent(after)}`;
      const url = `${base}/source${query}`;
      const answer = await http(url, { method: "GET", bearer: ticket, traceparent, signal });
      return said(answer, (json) => sourcePage.parse(json));
    },
  };
}
/** Nothing is said of spans where none are asked for. */
const some = (spans: readonly BackendSpan[]) => (spans.length === 0 ? {} : { spans });

export type Product = ReturnType<typeof createProduct>;

function said<T>({ status, json }: HttpAnswer, read: (json: unknown) => T): Said<T> {
  if (status === 200) {
    try {
      return { how: "done", value: read(json) };
    } catch {
      return { how: "later" };
    }
  }
  if (status === 401 || status === 404 || status === 409) return { how: "gone" };
  return { how: status >= 400 && status < 500 && status !== 429 ? "refused" : "later" };
}
