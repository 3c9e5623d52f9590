import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import type { EventDraft } from "./event.ts";

/** What callers say of what happens to them: `custom.` and words, so that nothing of theirs looks like ours. */
const CUSTOM_TYPE = /^custom(?:\.[a-z0-9]+(?:[-_][a-z0-9]+)*)+$/;

const fields = {
  /** The same id again is the same event. */
  id: text(LIMITS.eventIdCharsMax).regex(/^\P{Cc}+$/u, "must hold no control character"),
  type: text(LIMITS.eventTypeCharsMax).regex(CUSTOM_TYPE, "must be custom.<what happened>"),
  subject: text(LIMITS.eventSubjectCharsMax),
  /** Events of one key are kept in their order; without one those of one subject. */
  key: text(LIMITS.eventKeyCharsMax),
  time: z.iso.datetime({ offset: true }),
  data: z.unknown(),
  traceparent: text(55).regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
  specversion: z.literal("1.0"),
  datacontenttype: z.literal("application/json"),
};
const draft = z.strictObject(fields).partial().required({ type: true });

/** One event, or several. */
export const eventsInput = z
  .strictObject({
    ...fields,
    events: z.array(draft).min(1).max(LIMITS.eventsPerAppendMax),
  })
  .partial()
  .refine((input) => (input.events === undefined) !== (input.type === undefined), {
    path: ["type"],
    message: "is needed, or `events` and nothing beside it",
  })
  .refine((input) => input.events === undefined || Object.keys(input).length === 1, {
    path: ["events"],
    message: "stand alone",
  });
export type EventsInput = z.output<typeof eventsInput>;

/**
 * The drafts of what a caller appends; `operationId` names those that have no id, the same in every repetition. `carried`
 * is the caller's trace, for events that bring none of their own.
 */
export function draftsOf(
  input: EventsInput,
  { operationId, nowMs, carried }: { operationId: string; nowMs: number; carried?: string },
): EventDraft[] {
  const { events, type = "", ...one } = input;
  return (events ?? [{ ...one, type }]).map((each, i) => {
    const { id = `${operationId}-${i}`, time, subject, key, data, traceparent = carried } = each;
    return {
      id,
      type: each.type,
      timeMs: time === undefined ? nowMs : Date.parse(time),
      data: data ?? null,
      ...(subject !== undefined && { subject }),
      ...(key !== undefined && { key }),
      ...(traceparent !== undefined && { traceparent }),
    };
  });
}

export const placedViews = z.object({
  items: z.array(z.object({ id: z.string(), partition: z.int(), offset: z.int() })),
});

const offsetInput = z.strictObject({
  partition: z.int().min(0).max(63),
  offset: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
});
const offsets = z.array(offsetInput).max(64);
const memberFields = {
  memberId: text(LIMITS.idCharsMax).regex(/^[\w-]+$/),
  generation: z.int().min(1),
};

export const joinInput = z
  .strictObject({
    /** Of a member that joins again. */
    memberId: memberFields.memberId,
    /** Where a group begins that there is not yet. */
    begin: z.enum(["earliest", "latest"]),
    /** Who is silent for longer loses its partitions. */
    sessionMs: z.int().min(LIMITS.groupSessionMsMin).max(LIMITS.groupSessionMsMax),
  })
  .partial();
export const pollInput = z.strictObject({
  ...memberFields,
  limit: z.int().min(1).max(LIMITS.eventsPerReadMax).optional(),
  waitMs: z.int().min(0).max(LIMITS.pollMsMax).optional(),
  /** Where to read on, for who has read further than the group is; else what comes after it. */
  after: offsets.optional(),
});
export const commitInput = z.strictObject({ ...memberFields, offsets: offsets.min(1) });

export const assignedView = z.object({
  memberId: z.string(),
  generation: z.int(),
  partitions: z.array(z.object({ partition: z.int(), committed: z.int() })),
});
/** Events as CloudEvents 1.0. */
export const cloudEvents = z.array(z.record(z.string(), z.unknown()));
export const polledView = z.object({
  events: cloudEvents,
  partitions: z.array(z.object({ partition: z.int(), next: z.int(), latest: z.int() })),
});

export const topicInput = z
  .strictObject({
    retentionDays: z.int().min(1).max(LIMITS.retentionDaysMax),
    /** What is older than that is not removed: of each key the newest event stays. */
    compact: z.boolean(),
  })
  .partial();

export const topicView = z.object({
  topic: z.string(),
  retentionDays: z.int(),
  compact: z.boolean(),
  /** How many partitions load may make of it. */
  partitionsMax: z.int(),
  bytes: z.int(),
  partitions: z.array(
    z.object({
      partition: z.int(),
      /** The first event that is there; `latest` + 1 where none is. */
      earliest: z.int(),
      latest: z.int(),
      bytes: z.int(),
      /** What it goes on from: read that up to `offset` first, and each key's events come in their order. */
      parent: z.object({ partition: z.int(), offset: z.int() }).nullable(),
    }),
  ),
  groups: z.array(
    z.object({
      group: z.string(),
      generation: z.int(),
      members: z.int(),
      /** Events that the group is not done with. */
      lag: z.int(),
      committed: z.array(z.int()),
    }),
  ),
});
