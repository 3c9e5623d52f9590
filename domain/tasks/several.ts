import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { completeInput, settledView, taskInput, taskView } from "#domain/tasks/model.ts";

const ref = text(LIMITS.taskRefCharsMax);

/** Several tasks, all or none; what one of them comes after is named by what the others call it. */
export const taskBatch = z.strictObject({
  tasks: z
    .array(
      taskInput.extend({
        /** What the others of the batch call it. */
        ref: ref.optional(),
        /** It is given out once all of these are completed, and canceled where one is not. */
        dependsOn: z.array(ref).max(LIMITS.taskDependenciesMax).optional(),
      }),
    )
    .min(1)
    .max(LIMITS.tasksPerCallMax),
});

export const tasksMade = z.object({
  tasks: z.array(taskView.extend({ ref: z.string().optional() })),
});

export const completeBatch = z.strictObject({
  tasks: z
    .array(completeInput.extend({ id: text(LIMITS.idCharsMax) }))
    .min(1)
    .max(LIMITS.tasksPerCallMax),
});

export const settledViews = z.object({
  results: z.array(
    z.union([settledView, z.object({ id: z.string(), code: z.string(), detail: z.string() })]),
  ),
});

/** Failed tasks that are to be tried again, as if nobody had tried: those named, or the oldest of a pool. */
export const redriveInput = z.strictObject({
  ids: z.array(text(LIMITS.idCharsMax)).min(1).max(LIMITS.tasksPerCallMax).optional(),
});
