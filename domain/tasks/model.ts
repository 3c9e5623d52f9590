import { z } from "zod";
import { LEASE_MS_DEFAULT, PRIORITY_DEFAULT } from "#domain/mailbox/model.ts";
import { POOLS } from "#domain/resources/pools.ts";
import { END_CAUSES } from "#domain/scheduling/row.ts";
import { callbackInput } from "#domain/tasks/callback.ts";
import { TASK_STATES } from "#domain/tasks/state.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

export const ATTEMPTS_DEFAULT = 5;

const taskType = text(LIMITS.taskTypeCharsMax).regex(
  /^[a-z0-9]+([.-][a-z0-9]+)*$/,
  "must be lower-case words joined by . or -",
);
const capability = text(LIMITS.capabilityCharsMax);
/** Any JSON value, `null` too. Its size is judged as it is stored. */
const jsonValue = z.unknown().refine((value) => value !== undefined, "is needed");
const leaseMs = z.int().min(LIMITS.leaseMsMin).max(LIMITS.leaseMsMax);
const fencingToken = z.int().min(1);

export const taskInput = z.strictObject({
  type: taskType,
  input: jsonValue,
  /** 9 first. What waits longer overtakes: a step is worth a minute. */
  priority: z.int().min(0).max(9).default(PRIORITY_DEFAULT),
  /** After it nobody wants the result, and the task fails. */
  deadline: z.iso.datetime({ offset: true }).optional(),
  /** Capabilities that whoever does it must have, all of them. */
  requires: z.array(capability).max(LIMITS.capabilitiesMax).default([]),
  /** How often it is tried before it is a dead letter. */
  attempts: z.int().min(1).max(LIMITS.taskAttemptsMax).default(ATTEMPTS_DEFAULT),
  /** What all attempts together may take. */
  budget: z.strictObject({ workMs: z.int().min(1).max(LIMITS.leaseMsMax) }).optional(),
  /** Where it is done best: a region or a host, whatever those who lease name too. A hint. */
  near: text(LIMITS.taskNearCharsMax).optional(),
  pool: z.enum(POOLS).default("account"),
  /** Told when the task has ended. */
  callback: callbackInput.optional(),
});
export type TaskInput = z.output<typeof taskInput>;

export const leaseInput = z.strictObject({
  types: z.array(taskType).min(1).max(LIMITS.taskTypesMax),
  limit: z.int().min(1).max(LIMITS.tasksPerCallMax).default(1),
  leaseMs: leaseMs.default(LEASE_MS_DEFAULT),
  /** What whoever asks can do. An agent's key has what its agent is registered with, and needs to say nothing. */
  capabilities: z.array(capability).max(LIMITS.leaserCapabilitiesMax).optional(),
  near: text(LIMITS.taskNearCharsMax).optional(),
  /** How long to wait for the first task where there is none. */
  waitMs: z.int().min(0).max(LIMITS.pollMsMax).default(0),
});
export type LeaseInput = z.output<typeof leaseInput>;

export const heartbeatInput = z.strictObject({
  fencingToken,
  leaseMs: leaseMs.default(LEASE_MS_DEFAULT),
  /** How much of it is done. */
  progress: z.number().min(0).max(1).optional(),
  /** Anything that those who follow the task shall read: JSON of up to 4 kB. */
  event: z.unknown().optional(),
});
export const completeInput = z.strictObject({ fencingToken, result: jsonValue });
export const failInput = z.strictObject({
  fencingToken,
  reason: text(LIMITS.taskReasonCharsMax).optional(),
  /** Another attempt would change nothing: straight to the dead letters. */
  final: z.boolean().default(false),
  /** The least time before the next attempt; it grows by itself. */
  delayMs: z.int().min(0).max(LIMITS.nackDelayMsMax).optional(),
});
export const cancelInput = z.strictObject({
  reason: text(LIMITS.taskReasonCharsMax).optional(),
});

export const taskView = z.object({
  id: z.string(),
  type: z.string(),
  pool: z.enum(POOLS),
  state: z.enum(TASK_STATES),
  priority: z.int(),
  requires: z.array(z.string()),
  near: z.string().optional(),
  createdAt: z.string(),
  deadline: z.string().nullable(),
  /** How often it was given out, and how often it may be. */
  attempts: z.int(),
  attemptsMax: z.int(),
  /** While somebody works on it: until when, and which agent where it is one. */
  leasedUntil: z.string().nullable(),
  agentId: z.string().optional(),
  /** Before then it is not given out again. */
  notBefore: z.string().optional(),
  /** How much of it is done, as was said last. */
  progress: z.number().nullable(),
  /** Why nobody who was seen lately could do it. */
  unschedulable: z.string().optional(),
  endedAt: z.string().nullable(),
  cause: z.enum(END_CAUSES).nullable(),
  reason: z.string().nullable(),
  callbackFailed: z
    .object({ at: z.string(), reason: z.string() })
    .optional()
    .describe("Whoever its callback names was never told of its end"),
});

export const leasedView = z.object({
  id: z.string(),
  type: z.string(),
  priority: z.int(),
  attempts: z.int(),
  deadline: z.string().nullable(),
  fencingToken: z.int(),
  leasedUntil: z.string(),
  /** Where the task's trace is recorded (W3C Trace Context): send it with what you do for the task. */
  traceparent: z.string().optional(),
  input: z.unknown(),
});
export const leasedViews = z.object({ tasks: z.array(leasedView) });

/** What became of a task that was kept, done, given back or canceled. */
export const settledView = z.object({
  id: z.string(),
  state: z.enum(TASK_STATES),
  leasedUntil: z.string().optional(),
  /** When it is given out again. */
  notBefore: z.string().optional(),
});
