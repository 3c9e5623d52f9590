import { z } from "zod";
import { webhookSecret } from "#domain/delivery/webhook.ts";
import type { Health } from "#domain/delivery/pace.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** Where an agent's messages are delivered. Without a secret, one is made, or the one that is there stays. */
export const deliveryInput = z.strictObject({
  url: text(LIMITS.urlCharsMax),
  secret: webhookSecret.optional(),
});

/** `failing`: it does not answer, and is tried again later and later. `gone`: it answered 410, and nothing is sent to it. */
export const deliveryView = z.object({
  url: z.string(),
  state: z.enum(["active", "failing", "gone"]),
  failures: z.int(),
  lastAttemptAt: z.string().nullable(),
  lastStatus: z.int().nullable(),
  nextAttemptAt: z.string().nullable(),
  waiting: z.int(),
  deadLetters: z.int(),
});
export type DeliveryView = z.infer<typeof deliveryView>;

export const deliveryMade = deliveryView.extend({
  secret: z.string().optional().describe("Shown once, when it was made here"),
});

export const deadDeliveryView = z.object({
  id: z.string(),
  reason: z.string(),
  attempts: z.int(),
  createdAt: z.string(),
  deadAt: z.string(),
  body: z.string(),
});

/** What is sent to an endpoint: `webhook` is signed as Standard Webhooks says, `push` as A2A 1.0 does. */
export const ENDPOINT_FORMS = ["webhook", "push"] as const;
export type EndpointForm = (typeof ENDPOINT_FORMS)[number];

/** One receiver, as its object keeps it. What is secret is sealed under the account's data key. */
export type Endpoint = {
  accountId: string;
  /** Whose mailbox it empties; null where it is sent only what is put in here. */
  agentId: string | null;
  url: string;
  form: EndpointForm;
  /** A webhook's: each is in force until it ends, the newest first. */
  secrets: { sealed: string; untilMs: number | null }[];
  /** A push's: headers by name, as a sealed JSON object. */
  sealedHeaders: string | null;
  /** A push's whose receiver wants a secret in the body: members to add to it, as a sealed JSON object. */
  sealedMembers?: string | null;
  /** Nothing more will come for it: it ends once what waits was sent. */
  endsWhenSent?: true;
  /** What it is sent are ends of tasks: what it never takes is told their queues (domain/tasks/callback.ts). */
  isCallback?: true;
  /** Whoever named it gave no secret, so what it is sent is signed by none. */
  isUnsigned?: true;
  /** An account's webhook (domain/webhooks): it is sent events, as its object reads them from their topics. */
  webhookId?: string;
};

/**
 * One thing to be delivered. Those of one lane arrive in order; lanes do not wait for each other. `path` follows the
 * endpoint's address, where what is done is said there.
 */
export type DeliveryItem = {
  id: string;
  lane: string;
  body: string;
  path?: string;
  /** Of what caused it, where that is recorded (W3C Trace Context). */
  traceparent?: string;
};

/** What an endpoint's object says of itself. */
export type DeliveryState = {
  url: string;
  health: Health;
  nextAttemptMs: number | null;
  waiting: number;
  deadLetters: number;
};

/** What was given up. `attempts`: those that count, as each endpoint's rules say. */
export type DeadDelivery = {
  seq: number;
  id: string;
  reason: string;
  attempts: number;
  createdAtMs: number;
  deadAtMs: number;
  body: string;
};

export const deadDeliveryViewOf = ({
  id,
  reason,
  attempts,
  body,
  createdAtMs,
  deadAtMs,
}: DeadDelivery): z.infer<typeof deadDeliveryView> => ({
  id,
  reason,
  attempts,
  body,
  createdAt: new Date(createdAtMs).toISOString(),
  deadAt: new Date(deadAtMs).toISOString(),
});

/** The name under which each secret of an endpoint is sealed. */
export const SECRET_FIELD = "delivery-secret";
export const HEADERS_FIELD = "delivery-headers";
export const MEMBERS_FIELD = "delivery-members";
/** A receiver has this long to take over a new secret; until then both sign. */
const SECRET_OVERLAP_MS = 86_400_000;

/** Three new secrets in a day; each signs. */
const SECRETS_MAX = 3;

/** The secrets in force, with a new one first, where there is one: what it follows goes on signing for a day. */
export function withSecret(
  secrets: Endpoint["secrets"],
  sealed: string | null,
  nowMs: number,
): Endpoint["secrets"] {
  const inForce = secrets.filter(({ untilMs }) => untilMs === null || untilMs > nowMs);
  if (sealed === null) return inForce;
  const followed = inForce.map((secret) => ({
    ...secret,
    untilMs: secret.untilMs ?? nowMs + SECRET_OVERLAP_MS,
  }));
  return [{ sealed, untilMs: null }, ...followed].slice(0, SECRETS_MAX);
}

export function deliveryViewOf(state: DeliveryState): DeliveryView {
  const { health, nextAttemptMs, ...rest } = state;
  const { failures, goneAtMs, lastStatus } = health;
  return {
    url: rest.url,
    state: goneAtMs !== null ? "gone" : failures > 0 ? "failing" : "active",
    failures,
    lastAttemptAt: timeOf(health.lastAttemptMs),
    lastStatus,
    nextAttemptAt: timeOf(nextAttemptMs),
    waiting: rest.waiting,
    deadLetters: rest.deadLetters,
  };
}

const timeOf = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString();
