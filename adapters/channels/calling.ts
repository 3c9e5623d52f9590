import { z } from "zod";
import type { SendOutcome } from "#domain/channels/face.ts";
import { outcomeOf } from "#domain/delivery/pace.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { parseJson } from "#domain/shared/parse.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Egress, EgressAnswer } from "#adapters/egress.ts";

/** A vendor's answer as far as it is JSON of the shape; `answer` also where it is not. */
export type Answered<T> = { answer: EgressAnswer; value: T | null };
type NotSent = Exclude<SendOutcome, { kind: "sent" }>;

const REASON_CHARS_MAX = 300;
/** A reason that somebody outside wrote. */
export const reasonOf = (...parts: (string | number | undefined)[]): string =>
  parts
    .filter((part) => part !== undefined && part !== "")
    .join(" ")
    .toWellFormed()
    .slice(0, REASON_CHARS_MAX);

type Call = { url: string; method?: "GET" | "POST"; headers?: Record<string, string> };

/** A call with a JSON body. What is not an answer, or says that it is for now, is the outcome already. */
export async function callJson<S extends z.ZodType>(
  call: Egress,
  { body, headers = {}, ...request }: Call & { body?: object },
  schema: S,
  nowMs: number,
): Promise<Result<Answered<z.output<S>>, NotSent>> {
  if (body === undefined) return await callVendor(call, { ...request, headers }, schema, nowMs);
  const typed = { "Content-Type": "application/json", ...headers };
  const written = { ...request, headers: typed, body: JSON.stringify(body) };
  return await callVendor(call, written, schema, nowMs);
}

/** The same with a body that is text already. */
export async function callVendor<S extends z.ZodType>(
  call: Egress,
  { url, method = "POST", headers = {}, body }: Call & { body?: string },
  schema: S,
  nowMs: number,
): Promise<Result<Answered<z.output<S>>, NotSent>> {
  const asked = await call(url, {
    method,
    headers,
    ...(body !== undefined && { body }),
    secure: true,
    bytesMax: LIMITS.channelAnswerBytesMax,
  });
  const outcome = outcomeOf(asked as Result<EgressAnswer, Problem>, nowMs);
  if (!asked.ok) {
    // What may not be called never may; what did not answer may later.
    if (asked.error.code === "egress-refused")
      return err({ kind: "refused", reason: reasonOf(asked.error.code, asked.error.detail) });
    const retryAfterMs = outcome.kind === "unreachable" ? outcome.retryAfterMs : null;
    return err({ kind: "later", retryAfterMs, reason: reasonOf(asked.error.detail) });
  }
  const read = parseJson(asked.value.body, schema);
  const answered = { answer: asked.value, value: read.ok ? read.value : null };
  if (outcome.kind !== "unreachable") return ok(answered);
  const told = read.ok ? retryAfterIn(asked.value.body) : null;
  const retryAfterMs = told ?? outcome.retryAfterMs;
  return err({ kind: "later", retryAfterMs, reason: reasonOf("it answered", outcome.status ?? 0) });
}

const told = z.object({
  retry_after: z.number().min(0).optional(),
  parameters: z.object({ retry_after: z.number().min(0).optional() }).optional(),
});
/** Discord and Telegram say in the body how long to wait, Discord in parts of a second. */
function retryAfterIn(body: Uint8Array): number | null {
  const read = parseJson(body, told);
  if (!read.ok) return null;
  const seconds = read.value.retry_after ?? read.value.parameters?.retry_after;
  return seconds === undefined ? null : Math.ceil(seconds * 1_000);
}

/** An access token that a vendor gives for some time, kept in an isolate. */
export type Tokens = {
  get(nowMs: number): string | null;
  set(token: string, untilMs: number): void;
  drop(): void;
};

/** It is asked for anew this long before it ends. */
const MARGIN_MS = 60_000;

export function tokens(): Tokens {
  let held: { token: string; untilMs: number } | null = null;
  return {
    get: (nowMs) => (held !== null && held.untilMs - MARGIN_MS > nowMs ? held.token : null),
    set(token, untilMs) {
      held = { token, untilMs };
    },
    drop() {
      held = null;
    },
  };
}

/** Sends with a token, and once more with a new one where the vendor says that it has ended. */
export async function withToken(
  held: Tokens,
  nowMs: number,
  fetchToken: () => Promise<Result<{ token: string; lifeMs: number }, NotSent>>,
  send: (token: string) => Promise<SendOutcome | "token-over">,
): Promise<SendOutcome> {
  for (const isLast of [false, true]) {
    let token = held.get(nowMs);
    if (token === null) {
      const fresh = await fetchToken();
      if (!fresh.ok) return fresh.error;
      token = fresh.value.token;
      held.set(token, nowMs + fresh.value.lifeMs);
    }
    const outcome = await send(token);
    if (outcome !== "token-over") return outcome;
    held.drop();
    if (isLast) break;
  }
  return { kind: "refused", reason: "the vendor takes no token that it gives" };
}
