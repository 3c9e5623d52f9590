import { breaches, type Shape, shapeOf } from "./contract-shape.ts";

/** One request that somebody may make, and what the answer was like when it was recorded. */
export type Exchange = {
  name: string;
  /** Who asks: the first account's owner, or whoever has a key or cookie that was saved. */
  as?: string;
  method: string;
  /** `{name}` stands for what was saved under it; the same in headers and bodies. */
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** A body that goes as it is. */
  text?: string;
  /** Asks again until a member has this value. */
  until?: { pointer: string; is: string };
  /** What later exchanges use, by JSON Pointer, or by header where it begins with a letter. */
  save?: Record<string, string>;
  answer?: Recorded;
};
type Recorded = { status: number; type: string | null; headers: string[]; body?: Shape };

/** Headers that clients rely on; others come and go. */
const HEADERS = [
  "Allow",
  "Cache-Control",
  "ETag",
  "Idempotency-Replayed",
  "Retry-After",
  "Set-Cookie",
  "WWW-Authenticate",
  "WisHub-Bookmark",
  "X-Content-Type-Options",
  "X-Request-Id",
];
const TRIES = 200;

export type Known = Map<string, string>;

/** Makes a request as it was recorded; gives its answer and what of it breaks the contract. */
export async function played(
  url: string,
  exchange: Exchange,
  known: Known,
): Promise<{ recorded: Recorded; broken: string[] }> {
  let { response, value } = await asked(url, exchange, known);
  const { until } = exchange;
  for (let tries = 0; until !== undefined && at(value, until.pointer) !== until.is; tries++) {
    if (tries === TRIES)
      throw new Error(`${exchange.name}: ${until.pointer} never was ${until.is}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    ({ response, value } = await asked(url, exchange, known));
  }
  for (const [name, where] of Object.entries(exchange.save ?? {})) {
    const found = /^[A-Za-z]/.test(where) ? response.headers.get(where) : at(value, where);
    if (typeof found !== "string") throw new Error(`${exchange.name}: nothing to save at ${where}`);
    known.set(name, found);
  }
  const recorded = recordedOf(response, value);
  return { recorded, broken: exchange.answer ? broken(exchange.answer, recorded, value) : [] };
}

function broken(before: Recorded, now: Recorded, value: unknown): string[] {
  const found: string[] = [];
  if (before.status !== now.status) found.push(`the status is ${now.status}, not ${before.status}`);
  if (before.type !== now.type) found.push(`the media type is ${now.type}, not ${before.type}`);
  for (const header of before.headers)
    if (!now.headers.includes(header)) found.push(`the header ${header} is gone`);
  return before.body === undefined ? found : [...found, ...breaches(before.body, value)];
}

async function asked(url: string, exchange: Exchange, known: Known) {
  const { as = "owner", method, path, headers = {}, body, text } = exchange;
  const fill = (template: string) =>
    template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => known.get(name) ?? whole);
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) sent[name] = fill(value);
  if (as !== "nobody") sent["Authorization"] ??= `Bearer ${known.get(as)}`;
  if (body !== undefined) sent["Content-Type"] ??= "application/json";
  const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(url + fill(path), {
    method,
    headers: sent,
    redirect: "manual",
    ...(content !== undefined && { body: fill(content) }),
  });
  return { response, value: valueOf(response, await response.text()) };
}

function valueOf(response: Response, text: string): unknown {
  const type = typeOf(response);
  if (type?.endsWith("ndjson"))
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line): unknown => JSON.parse(line));
  return type?.endsWith("json") ? (JSON.parse(text) as unknown) : undefined;
}

function recordedOf(response: Response, value: unknown): Recorded {
  const type = typeOf(response);
  const isProblem = response.status >= 400;
  return {
    status: response.status,
    type,
    headers: HEADERS.filter((name) => response.headers.has(name)),
    ...(value !== undefined && { body: shapeOf(value, isProblem) }),
  };
}

const typeOf = (response: Response): string | null =>
  response.headers.get("Content-Type")?.split(";")[0] ?? null;

function at(value: unknown, pointer: string): unknown {
  let found = value;
  for (const name of pointer.split("/").slice(1))
    found = (found as Record<string, unknown> | undefined)?.[name];
  return found;
}
