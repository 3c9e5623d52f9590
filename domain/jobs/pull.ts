import { z } from "zod";

/**
 * The HTTP pull API of Cloudflare Queues (developers.cloudflare.com/queues/configuration/pull-consumers), as both ends
 * here speak it: a body is base64 of JSON, a lease is named by an opaque text. As in every protocol that is not ours,
 * unknown members are ignored.
 */
export const PULL = {
  batchMax: 100,
  visibilityMsMax: 43_200_000,
  delaySecondsMax: 86_400,
  leaseIdCharsMax: 512,
} as const;

export const pullRequest = z.object({
  batch_size: z.int().min(1).max(PULL.batchMax).default(5),
  visibility_timeout_ms: z.int().min(1).max(PULL.visibilityMsMax).default(30_000),
});
const leased = z.object({ lease_id: z.string().min(1).max(PULL.leaseIdCharsMax) });
export const ackRequest = z.object({
  acks: z.array(leased).max(PULL.batchMax).default([]),
  retries: z
    .array(leased.extend({ delay_seconds: z.int().min(0).max(PULL.delaySecondsMax).default(0) }))
    .max(PULL.batchMax)
    .default([]),
});
export type AckRequest = z.output<typeof ackRequest>;

const pulledMessage = z.object({
  id: z.string(),
  body: z.string(),
  attempts: z.int(),
  timestamp_ms: z.number(),
  lease_id: z.string(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
/** What is read of an answer; the rest of the envelope says nothing that a status does not. */
export const pullAnswer = z.object({
  success: z.literal(true),
  result: z.object({ messages: z.array(pulledMessage).max(PULL.batchMax) }),
});

/** The envelope around every answer of that API. */
export const succeeded = (result: object) => ({ success: true, errors: [], messages: [], result });

/** The name of a message's lease: its place and its fencing token. */
export const leaseIdOf = (seq: number, token: number): string => `${seq}.${token}`;

export function leaseFrom(leaseId: string): { seq: number; token: number } | null {
  const found = /^(\d{1,15})\.(\d{1,15})$/.exec(leaseId);
  return found === null ? null : { seq: Number(found[1]), token: Number(found[2]) };
}
