import { z } from "zod";
import { invalidOf, nestsDeeperThan, unstorableText } from "#domain/shared/input.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Invalid, Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";
import { liveFilter } from "#domain/topics/reading.ts";

/** The client's own name of what it asks; the answer carries it. */
const id = text(LIMITS.frameIdCharsMax);

const header = text(LIMITS.cursorCharsMax)
  .regex(/^[\x20-\x7e]+$/, "must be printable ASCII")
  .optional();

/** An operation of the API, as HTTP would carry it. */
const request = z
  .strictObject({
    type: z.literal("request"),
    id,
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    path: text(LIMITS.urlCharsMax).startsWith("/v1/"),
    headers: z
      .strictObject({
        "idempotency-key": header,
        "if-match": header,
        "if-none-match": header,
        priority: header,
        traceparent: header,
        "wishub-bookmark": header,
      })
      .optional(),
    body: z.unknown().optional(),
  })
  .refine(({ method, body }) => method !== "GET" || body === undefined, {
    path: ["body"],
    message: "a GET has none",
  });
export type RequestFrame = z.output<typeof request>;

/** Comes back as it is: whether the object itself answers, and how fast. */
const echo = z.strictObject({
  type: z.literal("echo"),
  id,
  body: z.unknown().optional(),
});

/** How many frames of the server's the client has taken in since the welcome, which counts as one. */
const seen = z.strictObject({
  type: z.literal("seen"),
  frames: z.int().min(0),
});

/** How many more messages the client wants, and for how long it is given each. */
const receive = z.strictObject({
  type: z.literal("receive"),
  credit: z.int().min(1).max(LIMITS.sessionCreditMax),
  leaseMs: z.int().min(LIMITS.leaseMsMin).max(LIMITS.leaseMsMax).optional(),
});

/** What happens shall be told as it happens, from behind a position on or from now. */
const subscribe = z.strictObject({ type: z.literal("subscribe"), id, ...liveFilter });
export type SubscribeFrame = z.output<typeof subscribe>;

const unsubscribe = z.strictObject({ type: z.literal("unsubscribe"), id });

const frame = z.discriminatedUnion("type", [request, receive, seen, echo, subscribe, unsubscribe]);
export type ClientFrame = z.output<typeof frame>;

/** What a text of the client's holds: its frames in order, each understood or refused by itself. */
export type Parsed = Result<ClientFrame, { id: string | null; problem: Problem }>;

/**
 * One frame, or an array of up to `sessionBatchMax`. What is no JSON, or no frame at all, has no id that an answer could
 * name: the error then ends the session.
 */
export function parseFrames(message: string): Result<Parsed[], Problem<"invalid-request">> {
  if (message.length > LIMITS.frameCharsMax)
    return invalid({ pointer: "", detail: `is longer than ${LIMITS.frameCharsMax} characters` });
  if (nestsDeeperThan(message, LIMITS.jsonDepthMax))
    return invalid({ pointer: "", detail: `nests deeper than ${LIMITS.jsonDepthMax} levels` });
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return invalid({ pointer: "", detail: "is not JSON" });
  }
  const all = Array.isArray(value) ? (value as unknown[]) : [value];
  if (all.length === 0 || all.length > LIMITS.sessionBatchMax)
    return invalid({ pointer: "", detail: `must hold 1 to ${LIMITS.sessionBatchMax} frames` });
  if (!all.every(isObject)) return invalid({ pointer: "", detail: "must be objects" });
  const escaped = message.includes("\\u");
  return ok(all.map((one) => parseFrame(one, escaped)));
}

function parseFrame(value: Record<string, unknown>, escaped: boolean): Parsed {
  const unstorable = escaped ? unstorableText(value) : [];
  const outcome = unstorable.length > 0 ? null : frame.safeParse(value);
  if (outcome?.success === true) return ok(outcome.data);
  const errors = outcome === null ? unstorable : invalidOf(outcome.error);
  const named = id.safeParse(value["id"]);
  return err({
    id: named.success ? named.data : null,
    problem: { code: "invalid-request", errors },
  });
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const invalid = (...errors: Invalid[]) => err({ code: "invalid-request" as const, errors });

/** What a request came to. `body` is JSON text, put in as it is; null where there is none. */
export type AnswerFrame = {
  id: string | null;
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string | null;
};

/** The text of an answer, whose body is not read again on the way. */
export function answerText({ id: name, status, headers, body }: AnswerFrame): string {
  const head = JSON.stringify({ type: "answer", id: name, status, headers }).slice(0, -1);
  return body === null ? `${head}}` : `${head},"body":${body}}`;
}

/** Messages for the agent, as JSON texts. The offset is the newest of their fencing tokens. */
export const messagesText = (offset: number, messages: readonly string[]): string =>
  `{"type":"messages","offset":${offset},"messages":[${messages.join(",")}]}`;

/** Several texts of frames as one frame. */
export const together = (texts: readonly string[]): string =>
  texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(",")}]`;
