import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import type { Told } from "#domain/tasks/asked.ts";
import { type Message, parts } from "./wire.ts";

const ARTIFACTS_MAX = 16;
/** What an agent's program may say its task is; only its caller cancels it. */
const TOLD_STATES = [
  "working",
  "input-required",
  "auth-required",
  "completed",
  "failed",
  "rejected",
] as const;

/** What an agent's program says of its task: artifacts first, then where it stands; or one message that is the answer. */
export const taskUpdate = z
  .strictObject({
    /** The message it was leased with, and the token of that lease: whoever lost the lease is not heard. */
    messageId: text(LIMITS.idCharsMax),
    fencingToken: z.int().min(1),
    artifacts: z
      .array(
        z.strictObject({
          artifactId: text(LIMITS.a2aIdCharsMax),
          name: text(LIMITS.titleCharsMax).optional(),
          description: text(LIMITS.agentDescriptionCharsMax).optional(),
          parts,
          metadata: z.record(z.string().max(256), z.unknown()).optional(),
          append: z.boolean().default(false),
          lastChunk: z.boolean().default(false),
        }),
      )
      .max(ARTIFACTS_MAX)
      .default([]),
    status: z.strictObject({ state: z.enum(TOLD_STATES), parts: parts.optional() }).optional(),
    /** Instead of a task, as long as its caller was shown none; afterwards it completes the task. */
    answer: parts.optional(),
  })
  .refine(
    ({ answer, status, artifacts }) =>
      answer === undefined
        ? status !== undefined || artifacts.length > 0
        : status === undefined && artifacts.length === 0,
    "must hold artifacts, a status or both, or an answer alone",
  );
export type TaskUpdate = z.output<typeof taskUpdate>;

/** As the agent's object takes it. Messages of the agent are given `newId()`. */
export function toldFrom(
  { artifacts, status, answer }: Pick<TaskUpdate, "artifacts" | "status" | "answer">,
  task: { id: string },
  newId: () => string,
): Told {
  const said = (content: Message["parts"] | undefined): string | null =>
    content === undefined
      ? null
      : JSON.stringify({
          messageId: newId(),
          role: "ROLE_AGENT",
          parts: content,
          ...(answer === undefined && { taskId: task.id }),
        } satisfies Message);
  return {
    artifacts: artifacts.map(({ append, lastChunk, ...artifact }) => ({
      id: artifact.artifactId,
      body: JSON.stringify(artifact),
      append,
      lastChunk,
    })),
    status: status === undefined ? null : { state: status.state, message: said(status.parts) },
    answer: said(answer),
  };
}
