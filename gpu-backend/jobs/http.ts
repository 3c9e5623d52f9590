export type HttpAsked = {
  method: "GET" | "POST";
  bearer: string;
  body?: object;
  /** W3C Trace Context of what it is asked for. */
  traceparent?: string | undefined;
  signal: AbortSignal;
};
/** `status` 0: nothing answered. `json` is undefined for what is none. */
export type HttpAnswer = { status: number; json: unknown };
export type Http = (url: string, asked: HttpAsked) => Promise<HttpAnswer>;

/** A page of 500 vectors of the most dimensions, as base64 in JSON. */
const ANSWER_BYTES_MAX = 16_777_216;
const TIMEOUT_MS = 30_000;

/** One request and its answer as JSON; never a redirect, and never longer than fits. It does not throw but for an abort. */
export function createHttp(fetch: typeof globalThis.fetch): Http {
  return async (url, { method, bearer, body, traceparent, signal }) => {
    const ending = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const response = await fetch(url, {
        method,
        redirect: "error",
        signal: ending,
        headers: {
          authorization: `Bearer ${bearer}`,
          accept: "application/json",
          ...(traceparent !== undefined && { traceparent }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, json: jsonOf(await textOf(response)) };
    } catch {
      signal.throwIfAborted();
      return { status: 0, json: undefined };
    }
  };
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES_MAX) return "";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
