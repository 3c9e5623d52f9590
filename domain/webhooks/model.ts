import { z } from "zod";
import { webhookSecret } from "#domain/delivery/webhook.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { TOPIC_NAMES, type TopicName } from "#domain/topics/topics.ts";
import { eventPattern } from "#domain/webhooks/patterns.ts";
import type { Standing } from "#domain/webhooks/standing.ts";

const shape = {
  url: text(LIMITS.urlCharsMax),
  events: z.array(eventPattern).min(1).max(LIMITS.eventPatternsMax),
  topics: z
    .array(z.enum(TOPIC_NAMES))
    .min(1)
    .max(TOPIC_NAMES.length)
    .describe("Only these; otherwise every topic that has such events"),
  ordered: z
    .boolean()
    .describe(
      "Events of one key arrive in their order, each after the one before was taken or given up",
    ),
  description: z.string().max(LIMITS.webhookDescriptionCharsMax),
};

/** Where an account's events are sent, and which. Without a secret, one is made. */
export const webhookInput = z.strictObject({
  url: shape.url,
  events: shape.events,
  topics: shape.topics.optional(),
  ordered: shape.ordered.default(false),
  description: shape.description.default(""),
  secret: webhookSecret.optional(),
});
export type WebhookInput = z.output<typeof webhookInput>;

export const webhookPatch = z
  .strictObject({ ...shape, state: z.enum(["active", "paused"]) })
  .partial()
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), {
    message: "must change something",
  });
export type WebhookPatch = z.output<typeof webhookPatch>;

/** `disabled`: it said that it wants nothing (410), or took nothing for five days. Set to active, it goes on where it was. */
export const WEBHOOK_STATES = ["active", "paused", "disabled"] as const;
export type WebhookState = (typeof WEBHOOK_STATES)[number];

/** `forbidden`: whoever set it up may not read what it is sent any more. */
export const WEBHOOK_REASONS = ["gone", "failing", "forbidden"] as const;
export type WebhookReason = (typeof WEBHOOK_REASONS)[number];

/** A webhook as the catalog has it. Its secrets and how it does are in its `Delivery` object. */
export type WebhookRecord = {
  id: string;
  accountId: string;
  /** Who answers for it: who set it up, or has set it since to what they may read all of. */
  principalId: string;
  url: string;
  events: string[];
  topics: TopicName[];
  ordered: boolean;
  description: string;
  state: WebhookState;
  /** Why it is disabled. */
  reason: WebhookReason | null;
  version: number;
  createdAtMs: number;
  updatedAtMs: number;
};

export const webhookView = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  topics: z.array(z.enum(TOPIC_NAMES)),
  ordered: z.boolean(),
  description: z.string(),
  state: z.enum(WEBHOOK_STATES),
  reason: z.enum(WEBHOOK_REASONS).nullable().describe("Why it is disabled"),
  version: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type WebhookView = z.infer<typeof webhookView>;

export const webhookMade = webhookView.extend({
  secret: z
    .string()
    .describe("Shown this once; deliveries are signed by it as Standard Webhooks says"),
});

export function webhookViewOf(record: WebhookRecord): WebhookView {
  const { accountId: _, principalId: __, createdAtMs, updatedAtMs, ...shown } = record;
  return { ...shown, createdAt: timeOf(createdAtMs), updatedAt: timeOf(updatedAtMs) };
}

/** How a webhook does, as its object says. */
export type WebhookStatus = {
  standing: Standing;
  nextAttemptMs: number | null;
  retrying: number;
  deadLetters: number;
  /** Events that left the log before they were read, since it was made. */
  missed: number;
};

export const webhookStatus = z.object({
  failures: z.int().describe("Attempts in a row that were not taken"),
  failingSince: z.string().nullable(),
  lastAttemptAt: z.string().nullable(),
  lastStatus: z.int().nullable(),
  nextAttemptAt: z.string().nullable(),
  retrying: z.int().describe("Events that were not taken yet, and will be tried again"),
  deadLetters: z.int(),
  missed: z.int().describe("Times that events had left the log before they could be sent"),
});

export function webhookStatusOf(status: WebhookStatus): z.infer<typeof webhookStatus> {
  const { standing, nextAttemptMs, retrying, deadLetters, missed } = status;
  return {
    failures: standing.failures,
    failingSince: timeOrNull(standing.failingSinceMs),
    lastAttemptAt: timeOrNull(standing.lastAttemptMs),
    lastStatus: standing.lastStatus,
    nextAttemptAt: timeOrNull(nextAttemptMs),
    retrying,
    deadLetters,
    missed,
  };
}

/** One attempt of a delivery, as it is kept. */
export type Tried = {
  /** The `webhook-id`, and the event's type. */
  id: string;
  type: string;
  attempt: number;
  atMs: number;
  durationMs: number;
  status: number | null;
  outcome: "delivered" | "failed" | "given-up";
  nextMs: number | null;
  detail: string | null;
};

/** Attempts are numbered as they ended. */
export type NumberedTry = Tried & { number: number };

export const triedView = z.object({
  number: z.int(),
  id: z.string().describe("The webhook-id, the same in every attempt"),
  type: z.string(),
  attempt: z.int(),
  at: z.string(),
  durationMs: z.number(),
  status: z.int().nullable(),
  outcome: z.enum(["delivered", "failed", "given-up"]),
  nextAttemptAt: z.string().nullable(),
  detail: z.string().nullable(),
});

export function triedViewOf({ atMs, nextMs, ...rest }: NumberedTry): z.infer<typeof triedView> {
  return { ...rest, at: timeOf(atMs), nextAttemptAt: timeOrNull(nextMs) };
}

/** Where to begin again: a time, or the `webhook-id` of a delivery, which is sent again with all that came after it. */
export const replayInput = z.strictObject({
  from: z.union([
    z.iso.datetime({ offset: true }),
    z
      .string()
      .max(LIMITS.webhookIdCharsMax)
      .regex(/^evt_[a-z-]+_\d{1,2}_\d{1,16}$/),
  ]),
});

const timeOf = (ms: number): string => new Date(ms).toISOString();
const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeOf(ms));
