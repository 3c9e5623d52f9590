import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { hashOf } from "./partitions.ts";

/** What a producer hands over. Kept and served as CloudEvents 1.0 in JSON (the specification's JSON format, section 3). */
export type EventDraft = {
  /** The same again within what a partition remembers is one event. */
  id: string;
  /** `<noun>.<what happened>`. */
  type: string;
  timeMs: number;
  subject?: string;
  /** Events of one key are kept in their order; of none, those of one subject. */
  key?: string;
  data: unknown;
  /** W3C trace context of whoever caused it. */
  traceparent?: string;
};

/** An event on its way to its partition: all of its text but where it will lie, and the hash that says where. */
export type EventItem = { id: string; hash: number; head: string };

/** Digits of a sequence: every safe integer has room, so sequences order as texts do (CloudEvents, extension `sequence`). */
const SEQUENCE_DIGITS = 16;
const TAIL_END = '"}';
/** Ids are kept a line each. */
const CONTROL = /\p{Cc}/u;
const utf8 = new TextEncoder();

/** The attributes that CloudEvents calls REQUIRED and OPTIONAL, ours after them; the object adds the last two (`eventLine`). */
export function itemOf(
  draft: EventDraft,
  source: string,
): Result<EventItem, Problem<"event-too-large" | "invalid-request">> {
  const { id, type, timeMs, subject, key, data = null, traceparent } = draft;
  if (id.length === 0 || id.length > LIMITS.eventIdCharsMax || CONTROL.test(id))
    return invalid("/id");
  if (!Number.isFinite(timeMs) || Math.abs(timeMs) > 8_640_000_000_000_000) return invalid("/time");
  const json = JSON.stringify(data) as string | undefined;
  if (json === undefined) return invalid("/data");
  const optional = [
    subject === undefined ? "" : `,"subject":${JSON.stringify(subject)}`,
    key === undefined ? "" : `,"partitionkey":${JSON.stringify(key)}`,
    traceparent === undefined ? "" : `,"traceparent":${JSON.stringify(traceparent)}`,
  ];
  const head =
    `{"specversion":"1.0","id":${JSON.stringify(id)},"source":${JSON.stringify(source)},"type":${JSON.stringify(type)}` +
    `${optional.join("")},"time":"${new Date(timeMs).toISOString()}","datacontenttype":"application/json","data":${json}`;
  // Three bytes a character is the most there is: most texts need not be measured.
  const isLarge =
    head.length > LIMITS.eventBytesMax ||
    (head.length * 3 > LIMITS.eventBytesMax && utf8.encode(head).length > LIMITS.eventBytesMax);
  if (isLarge)
    return err({
      code: "event-too-large",
      detail: `the event ${id.slice(0, 80)} takes more than ${LIMITS.eventBytesMax} bytes`,
    });
  return ok({ id, hash: hashOf(key ?? subject ?? id), head });
}

const invalid = (pointer: string) =>
  err({
    code: "invalid-request" as const,
    errors: [{ pointer, detail: "is not what an event can have" }],
  });

/** The most that an event may take where it lies: UTF-8 takes three bytes for a UTF-16 unit, and its place some more. */
export const bytesOf = ({ head }: Pick<EventItem, "head">): number => head.length * 3 + 64;

/** The whole text of an event that lies at an offset, with the line break that ends it. */
export const eventLine = (head: string, partition: number, offset: number): string =>
  `${head},"partition":${partition},"sequence":"${String(offset).padStart(SEQUENCE_DIGITS, "0")}${TAIL_END}\n`;

/** The offset that an event's line says, which ends before `end` (its line break, or its last byte's successor). */
export function offsetAtEnd(bytes: Uint8Array, end: number): number {
  let offset = 0;
  const first = end - TAIL_END.length - SEQUENCE_DIGITS;
  for (let at = first; at < first + SEQUENCE_DIGITS; at++)
    offset = offset * 10 + ((bytes[at] ?? 0) - 48);
  return offset;
}

/** The same of an event's text. */
export const offsetOfText = (text: string): number =>
  Number(text.slice(-TAIL_END.length - SEQUENCE_DIGITS, -TAIL_END.length));
