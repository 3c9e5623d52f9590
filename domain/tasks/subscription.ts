import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** Long enough for a program to take the message out of its mailbox, and to say that it is at work. */
const LEASE_MS_DEFAULT = 300_000;
const LEASE_MS_MIN = 1_000;
const AT_ONCE_MAX = 100;

/** Which tasks come to an agent's mailbox by themselves. */
export const subscriptionInput = z.strictObject({
  types: z
    .array(text(LIMITS.taskTypeCharsMax).regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/))
    .min(1)
    .max(LIMITS.taskTypesMax),
  /** Tasks that it has at a time. */
  atOnce: z.int().min(1).max(AT_ONCE_MAX).default(1),
  leaseMs: z.int().min(LEASE_MS_MIN).max(LIMITS.leaseMsMax).default(LEASE_MS_DEFAULT),
});
export type SubscriptionInput = z.output<typeof subscriptionInput>;

export const subscriptionView = z.object({
  types: z.array(z.string()),
  atOnce: z.int(),
  leaseMs: z.int(),
});

export type Subscription = SubscriptionInput & { capabilities: string[] };

const PAUSE_MS = 30_000;
const PAUSE_MS_MAX = 3_600_000;

/**
 * How long an agent is given nothing after so many tasks in a row of which it said no word while it had them: whoever is
 * away would otherwise use up their attempts.
 */
export const pauseMs = (silences: number): number =>
  silences === 0 ? 0 : Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** Math.min(silences - 1, 20));
