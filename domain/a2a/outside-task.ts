import { z } from "zod";
import type { A2aFailure } from "#domain/a2a/errors.ts";
import { stateFrom } from "#domain/a2a/wire.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { hasEnded, isAtRest, type TaskState } from "#domain/tasks/state.ts";

const id = z.string().min(1).max(LIMITS.a2aIdCharsMax);
const anything = z.looseObject({});
const status = z.looseObject({ state: z.string().max(64), message: anything.nullish() });

/** A task as an agent outside shows it (A2A 1.0 section 4.1): what is looked at; the rest is passed on as it came. */
export const outsideTask = z.looseObject({
  id,
  contextId: z.string().max(LIMITS.a2aIdCharsMax).nullish(),
  status,
  artifacts: z
    .array(z.looseObject({ artifactId: z.string().max(LIMITS.a2aIdCharsMax) }))
    .max(LIMITS.cardItemsMax)
    .nullish(),
  history: z.array(anything).max(LIMITS.cardItemsMax).nullish(),
});
export type OutsideTask = z.infer<typeof outsideTask>;

const message = z.looseObject({ messageId: id, parts: z.array(z.unknown()).min(1) });
/** What an agent outside answers a message with. */
export const outsideReply = z.union([z.object({ task: outsideTask }), z.object({ message })]);

/** How its ids are written for one caller. */
export type Names = { task: string; context: string | null };

/** The task under the ids that its caller knows it by. */
export function renamed(task: OutsideTask, names: Names): OutsideTask {
  const message = task.status.message;
  return {
    ...task,
    id: names.task,
    contextId: names.context,
    status: { ...task.status, ...(message != null && { message: addressed(message, names) }) },
    ...(task.history != null && { history: task.history.map((one) => addressed(one, names)) }),
  };
}

const addressed = <T extends object>(one: T, { task, context }: Names) => ({
  ...one,
  taskId: task,
  contextId: context,
});

/** What it is to us; a state that A2A does not know is one that goes on. */
export const stateOf = ({ status: { state } }: OutsideTask): TaskState =>
  stateFrom(state) ?? "working";
export const standingOf = (task: OutsideTask) => ({
  isAtRest: isAtRest(stateOf(task)),
  hasEnded: hasEnded(stateOf(task)),
});

/** What happened between two looks at a task (both renamed), as events of A2A's stream, JSON each. */
export function eventsBetween(before: OutsideTask, now: OutsideTask): string[] {
  const known = new Map(
    (before.artifacts ?? []).map((one) => [one.artifactId, JSON.stringify(one)]),
  );
  const of = { taskId: now.id, contextId: now.contextId };
  const events: object[] = (now.artifacts ?? [])
    .filter((one) => known.get(one.artifactId) !== JSON.stringify(one))
    .map((artifact) => ({ artifactUpdate: { ...of, artifact, append: false, lastChunk: true } }));
  if (JSON.stringify(before.status) !== JSON.stringify(now.status))
    events.push({ statusUpdate: { ...of, status: now.status } });
  return events.map((event) => JSON.stringify(event));
}

const NAMES: Record<number, A2aFailure["name"]> = {
  [-32602]: "invalid-params",
  [-32001]: "task-not-found",
  [-32002]: "task-not-cancelable",
  [-32003]: "push-not-supported",
  [-32004]: "unsupported-operation",
  [-32005]: "content-type-not-supported",
};
const DETAIL_CHARS_MAX = 300;

/** An error of an agent outside in our words; whatever else it says is its own trouble. */
export const failureFrom = ({ code, message: said }: { code: number; message: string }) => ({
  name: NAMES[code] ?? ("internal" as const),
  detail: `the agent said: ${said.slice(0, DETAIL_CHARS_MAX)}`,
});
