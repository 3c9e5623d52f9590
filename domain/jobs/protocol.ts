import { z } from "zod";
import { JOB_KINDS, type JobKind } from "#domain/jobs/kinds.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

// What the product and a backend say to one another of a job, each request under a credential of its own: the secret of
// a wake-up to claim, then the job's ticket.

const leaseMs = z.int().min(LIMITS.leaseMsMin).max(LIMITS.leaseMsMax);
const kind = z.enum(JOB_KINDS as [JobKind, ...JobKind[]]);

export const claimInput = z.strictObject({
  /** What this backend can do. */
  kinds: z.array(kind).min(1).max(JOB_KINDS.length),
  leaseMs,
});
/** `ticket` is what everything else of this job is said with, while its lease stands. */
export const jobView = z.object({
  id: z.string(),
  kind,
  input: z.unknown(),
  attempts: z.int(),
  leaseMs: z.int(),
  ticket: z.string(),
  /** Of this attempt, where the job's trace is recorded: for the header of what is asked for it, and above its spans. */
  traceparent: z.string().optional(),
});
export const claimAnswer = z.object({ job: jobView.nullable() });
export type JobView = z.output<typeof jobView>;

export const heartbeatInput = z.strictObject({
  leaseMs,
  /** How much of it is done, 0–1. */
  progress: z.number().min(0).max(1).optional(),
});
/** The ticket is a fresh one: a ticket ends after a while, whatever becomes of the lease. */
export const heartbeatAnswer = z.object({ leasedUntil: z.string(), ticket: z.string() });

const spanId = z.string().regex(/^(?!0{16})[0-9a-f]{16}$/);
/** What a backend did for a job, by its own clock (ms since 1970). `parentId`: of another of them, or of the attempt. */
export const backendSpan = z
  .strictObject({
    spanId,
    parentId: spanId,
    name: text(LIMITS.spanTextCharsMax),
    startMs: z.int().min(0),
    endMs: z.int().min(0),
    isError: z.boolean(),
  })
  .refine(({ startMs, endMs }) => startMs <= endMs, { path: ["endMs"], message: "is too early" });
export type BackendSpan = z.output<typeof backendSpan>;
/** Only of a job that came with a `traceparent`. */
const spans = z.array(backendSpan).max(LIMITS.spansPerJobMax).default([]);

export const resultInput = z.strictObject({ result: z.unknown(), spans });
export const failureInput = z.strictObject({
  spans,
  reason: text(LIMITS.taskReasonCharsMax),
  /** Another attempt would change nothing. */
  final: z.boolean().default(false),
  delayMs: z.int().min(0).max(LIMITS.nackDelayMsMax).default(0),
});
export const settledAnswer = z.object({ state: z.string() });

/** A page of the collection that a job is about. `vector`: 32-bit floats, little endian, as base64. */
export const sourcePage = z.object({
  space: z.string(),
  dimensions: z.int().min(0).max(LIMITS.vectorDimensionsMax),
  units: z
    .array(
      z.object({
        unitId: z.string(),
        version: z.int(),
        vector: z.string().optional(),
        text: z.string().optional(),
      }),
    )
    .max(LIMITS.jobSourcePageMax),
  /** What to ask for next; null: that was all. */
  next: z.string().nullable(),
});
export type SourcePage = z.output<typeof sourcePage>;
