import type { Principal } from "#domain/accounts/model.ts";
import { answerText, type RequestFrame } from "#domain/sessions/frames.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { PROBLEMS, type Problem } from "#domain/shared/problem.ts";

/** What an answer's frame carries of its headers. */
const CARRIED = [
  "content-type",
  "etag",
  "location",
  "ratelimit",
  "retry-after",
  "wishub-bookmark",
  "x-request-id",
] as const;

/** Runs a request of a session through the API, as whoever opened it; the text of the frame that answers it. */
export async function performed(
  { env, principal, address }: { env: Env; principal: Principal; address: string | null },
  { id, method, path, headers = {}, body }: RequestFrame,
): Promise<string> {
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const answer = await env.OPERATIONS.perform(principal, {
    method,
    path,
    headers: Object.fromEntries(given) as Record<string, string>,
    address,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await textOf(answer);
  if (text === null) {
    const detail = "the answer is longer than a frame: ask for less, or by HTTP";
    return problemText(id, { code: "body-too-large", detail });
  }
  const told: Record<string, string> = {};
  for (const name of CARRIED) {
    const value = answer.headers.get(name);
    if (value !== null) told[name] = value;
  }
  const isJson = /^application\/([a-z]+\+)?json\b/.test(told["content-type"] ?? "");
  delete told["content-type"];
  return answerText({
    id,
    status: answer.status,
    headers: told,
    body: text === "" ? null : isJson ? text : JSON.stringify(text),
  });
}

/** The body, as far as a frame can carry it; null where it is longer. */
async function textOf({ body }: Response): Promise<string | null> {
  if (body === null) return "";
  let text = "";
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.length > LIMITS.frameCharsMax) return null;
  }
  return text;
}

/** A refusal of the session's own, in the form that the API's have. */
export function problemText(id: string | null, problem: Problem): string {
  const { status, title } = PROBLEMS[problem.code];
  const { retryAfterS, code, detail, errors, earliest } = problem;
  const headers: Record<string, string> =
    retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) };
  const body = JSON.stringify({ title, status, code, detail, errors, earliest });
  return answerText({ id, status, headers, body });
}
