/** An RFC 9457 problem document as the API sends it. */
export type ProblemDocument = {
  type?: string;
  title?: string;
  status: number;
  code: string;
  detail?: string;
  instance?: string;
  errors?: { pointer: string; detail: string }[];
};

/** Why the API did not do what was asked. `code` is stable; `network` is our own, for a server that was not reached. */
export class WisHubError extends Error {
  readonly code: string;
  readonly status: number;
  readonly detail: string | undefined;
  readonly errors: { pointer: string; detail: string }[];
  readonly requestId: string | undefined;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(
    problem: ProblemDocument,
    requestId?: string,
    retryAfterMs?: number,
    cause?: unknown,
  ) {
    super(problem.detail ?? problem.title ?? problem.code, { cause });
    this.name = "WisHubError";
    this.code = problem.code;
    this.status = problem.status;
    this.detail = problem.detail;
    this.errors = problem.errors ?? [];
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
  }
}

const DOCUMENT_CHARS_MAX = 65_536;

export async function errorOf(response: Response): Promise<WisHubError> {
  const requestId = response.headers.get("x-request-id") ?? undefined;
  const text = (await response.text()).slice(0, DOCUMENT_CHARS_MAX);
  return new WisHubError(
    problemOf(text, response),
    requestId,
    retryAfterMs(response.headers.get("retry-after")),
  );
}

/** The same of an answer that came over a session. */
export function problemIn(answer: {
  status: number;
  headers: Record<string, string>;
  body?: unknown;
}): WisHubError {
  const fallback = { code: `http-${answer.status}`, status: answer.status };
  const document = answer.body as ProblemDocument | undefined;
  return new WisHubError(
    typeof document?.code === "string" ? { ...fallback, ...document } : fallback,
    answer.headers["x-request-id"],
    retryAfterMs(answer.headers["retry-after"] ?? null),
  );
}

function problemOf(text: string, response: Response): ProblemDocument {
  const fallback = {
    code: `http-${response.status}`,
    status: response.status,
    title: response.statusText || `HTTP ${response.status}`,
  };
  if (!(response.headers.get("content-type") ?? "").includes("json")) return fallback;
  try {
    const parsed = JSON.parse(text) as Partial<ProblemDocument> | null;
    return typeof parsed?.code === "string" ? { ...fallback, ...parsed } : fallback;
  } catch {
    return fallback; // a proxy's answer that only claims to be JSON
  }
}

function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}
