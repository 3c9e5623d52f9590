import { z } from "zod";
import { delegationInput, delegationView } from "#domain/delegation/model.ts";
import { CAUSES, SHOWN_STATES } from "#domain/mailbox/outcome.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

export const PRIORITY_DEFAULT = 4;
export const LEASE_MS_DEFAULT = 30_000;

/** Kinds that only the platform sends: a program acts on them without asking who wrote the message. */
export const RESERVED_KINDS: ReadonlySet<string> = new Set(["task", "channel"]);

const kind = text(LIMITS.messageKindCharsMax)
  .regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, "must be lower-case words joined by . or -")
  .refine((one) => !RESERVED_KINDS.has(one), "is a kind that only the platform sends");

/** Any JSON value, `null` too. Its size is judged as it is stored (bytesOf in ./message.ts). */
const jsonValue = z.unknown().refine((value) => value !== undefined, "is needed");

export const messageInput = z.strictObject({
  body: jsonValue,
  /** Messages of one sender in one conversation come in the order they were sent. */
  conversationId: text(LIMITS.conversationCharsMax).optional(),
  priority: z.int().min(0).max(9).default(PRIORITY_DEFAULT),
  /** After it nobody is given the message any more: it becomes a dead letter. */
  deadline: z.iso.datetime({ offset: true }).optional(),
  /** Within a day, a second message of the same sender under it is the first one. */
  deduplicationId: text(LIMITS.deduplicationCharsMax).optional(),
  kind: kind.default("message"),
  /** The message this one answers; it is passed on as it is. */
  inReplyTo: text(LIMITS.idCharsMax).optional(),
  /** Which of the sender's agents it comes from; an agent's own key says it by itself. */
  fromAgentId: text(LIMITS.idCharsMax).optional(),
  /** That it is work handed on, so that it is refused where it has been before or costs more than it may. */
  delegation: delegationInput.optional(),
});
export type MessageInput = z.output<typeof messageInput>;

/** Several for one agent, each with what the header `Idempotency-Key` is for one. */
export const sendBatch = z.strictObject({
  messages: z
    .array(messageInput.extend({ idempotencyKey: text(LIMITS.idempotencyKeyCharsMax).optional() }))
    .min(1)
    .max(LIMITS.messagesPerCallMax),
});

const fencingToken = z.int().min(1);
const leaseMs = z.int().min(LIMITS.leaseMsMin).max(LIMITS.leaseMsMax);

export const leaseInput = z.strictObject({
  limit: z.int().min(1).max(LIMITS.messagesPerCallMax).default(1),
  leaseMs: leaseMs.default(LEASE_MS_DEFAULT),
  /** How long to wait for the first message where there is none. */
  waitMs: z.int().min(0).max(LIMITS.pollMsMax).default(0),
});
export type LeaseInput = z.output<typeof leaseInput>;

export const ackInput = z.strictObject({ fencingToken });
export const nackInput = z.strictObject({
  fencingToken,
  /** When it is to be given out again; at once where nothing is said. */
  delayMs: z.int().min(0).max(LIMITS.nackDelayMsMax).default(0),
  /** Straight to the dead letters: another attempt would change nothing. */
  final: z.boolean().default(false),
  reason: text(LIMITS.nackReasonCharsMax).optional(),
});
export const extendInput = z.strictObject({
  fencingToken,
  leaseMs: leaseMs.default(LEASE_MS_DEFAULT),
});

/** One of a batch: which message, and the rest as for one alone. */
const batchOf = <S extends z.ZodObject>(one: S) =>
  z.strictObject({
    messages: z
      .array(one.extend({ id: text(LIMITS.idCharsMax) }))
      .min(1)
      .max(LIMITS.messagesPerCallMax),
  });
export const ackBatch = batchOf(ackInput);
export const nackBatch = batchOf(nackInput);
export const extendBatch = batchOf(extendInput);

const from = z.object({ accountId: z.string(), agentId: z.string().optional() });

/** What its sender is told. */
export const sentView = z.object({
  id: z.string(),
  conversationId: z.string().nullable(),
  priority: z.int(),
  sentAt: z.string(),
  /** Whether it is an earlier message of the same deduplicationId. */
  duplicate: z.boolean(),
  /** By which the work can be cancelled, with all that comes of it. */
  delegationId: z.string().optional(),
});

const refusal = z.object({
  code: z.string(),
  detail: z.string(),
  retryAfterS: z.number().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});
export const sentViews = z.object({ results: z.array(z.union([sentView, refusal])) });

const messageView = z.object({
  id: z.string(),
  from,
  kind: z.string(),
  conversationId: z.string().nullable(),
  inReplyTo: z.string().nullable(),
  priority: z.int(),
  sentAt: z.string(),
  deadline: z.string().nullable(),
  attempts: z.int(),
});
export type MessageView = z.infer<typeof messageView>;

/** A message as its agent is given it. */
export const leasedView = messageView.extend({
  /** W3C Trace Context of the request that sent it: send it along with what comes of it. */
  traceparent: z.string().optional(),
  fencingToken: z.int(),
  leasedUntil: z.string(),
  delegation: delegationView.optional(),
  body: z.unknown(),
});

/** A message as whoever looks into the mailbox sees it. */
export const shownView = messageView.extend({
  state: z.enum(SHOWN_STATES),
  leasedUntil: z.string().nullable(),
  diedAt: z.string().nullable(),
  /** Why it is a dead letter. */
  cause: z.enum(CAUSES).nullable(),
  /** What was said when it was given back last. */
  reason: z.string().nullable(),
  body: z.unknown(),
});

export const contentsView = z.object({
  waiting: z.int(),
  leased: z.int(),
  dead: z.int(),
  bytes: z.int(),
  oldestSentAt: z.string().nullable(),
});

export const redriveInput = z.strictObject({
  /** Which dead letters; the oldest where none are named. */
  ids: z.array(text(LIMITS.idCharsMax)).min(1).max(LIMITS.messagesPerCallMax).optional(),
});

export const leasedViews = z.object({ messages: z.array(leasedView) });

/** What became of a message that was acknowledged, given back or kept longer. */
export const settledView = z.object({
  id: z.string(),
  state: z.enum(["done", "waiting", "leased", "dead"]),
  leasedUntil: z.string().optional(),
});
export const settledViews = z.object({
  results: z.array(
    z.union([settledView, z.object({ id: z.string(), code: z.string(), detail: z.string() })]),
  ),
});
