import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** Which events a reader wants: of one of the types, and about each of those that are named. */
export type EventFilter = {
  /** Whole types, or `unit.*` for all that begin with `unit.`; all where none is given. */
  types?: readonly string[] | undefined;
  agent?: string | undefined;
  run?: string | undefined;
  task?: string | undefined;
};

/** `unit.published`, `custom.shop.order-paid`, `unit.*`. */
const TYPE = /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*(\.\*)?$/;
export const typePattern = text(LIMITS.eventTypeCharsMax).regex(
  TYPE,
  "must be a type like unit.published, or unit.* for all that begin so",
);
const id = text(LIMITS.idCharsMax).regex(/^[A-Za-z0-9_-]+$/, "must be an id");
/** Whom or what an event is about, as a filter names it. */
export const eventAbout = { agent: id.optional(), run: id.optional(), task: id.optional() };

const ABOUT = ["agent", "run", "task"] as const;

/** How an event's text goes on after what the envelope says of it: a quote inside a text would be escaped. */
const DATA = ',"datacontenttype":"application/json","data":';

export type EventHead = { id: string; type: string; subject?: string; time: string };

/** What an event's envelope says, without a look at its data. */
export function headOf(event: string): EventHead {
  const end = event.indexOf(DATA);
  return JSON.parse(end === -1 ? event : `${event.slice(0, end)}}`) as EventHead;
}

/** Whether a type is one of those that the patterns name. */
export const isOfTypes = (type: string, patterns: readonly string[]): boolean =>
  patterns.some((one) => (one.endsWith(".*") ? type.startsWith(one.slice(0, -1)) : type === one));

/** Whether a filter wants an event, by its JSON text. Data is read only where the text holds what the filter names. */
export function wants({ types, ...about }: EventFilter, event: string): boolean {
  const named = ABOUT.flatMap((kind) => {
    const wanted = about[kind];
    return wanted === undefined ? [] : [{ kind, wanted }];
  });
  if (types === undefined && named.length === 0) return true;
  const head = headOf(event);
  if (types !== undefined && !isOfTypes(head.type, types)) return false;
  if (!named.every(({ wanted }) => event.includes(`"${wanted}"`))) return false;
  if (named.length === 0) return true;
  const { data } = JSON.parse(event) as { data: unknown };
  const facts: Record<string, unknown> =
    typeof data === "object" && data !== null ? { ...data } : {};
  return named.every(({ kind, wanted }) => {
    const isSubject = head.subject === wanted && head.type.startsWith(`${kind}.`);
    return isSubject || facts[`${kind}Id`] === wanted;
  });
}
