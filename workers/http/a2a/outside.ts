import { type A2aFailure, failed } from "#domain/a2a/errors.ts";
import {
  eventsBetween,
  outsideReply,
  type OutsideTask,
  standingOf,
} from "#domain/a2a/outside-task.ts";
import type { Message } from "#domain/a2a/wire.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import { ok, type Result } from "#domain/shared/result.ts";
import type { Asked, Caller, Opened } from "#domain/tasks/asked.ts";
import type { Services } from "#adapters/index.ts";
import type { TaskPort } from "./callee.ts";
import { talkOf } from "./outside-ids.ts";
import { type Work, workOf } from "./outside-work.ts";

/** An agent outside tells of a task only when it is asked: first soon, then less and less often. */
const LOOK_MS = 500;
const LOOK_MS_MAX = 5_000;

/** The tasks of an agent outside as one caller may see them. They live there; here is kept only that they go on. */
export function outsideTasks(
  services: Pick<Services, "outside">,
  env: Env,
  agent: AgentRecord,
  caller: Caller,
): TaskPort {
  const talk = talkOf(services, agent, caller);
  const work = workOf(env, agent.id, (id) => talk.ofTask("CancelTask", id));
  const looked = lookedAt(talk, work);
  let answer: string | null = null;
  let seen: OutsideTask | null = null;
  /** What was seen to happen in this request: it may be asked for twice. */
  const log: string[] = [];

  const openedOf = (task: OutsideTask): Opened => {
    seen = task;
    const { hasEnded } = standingOf(task);
    return { taskId: task.id, task: JSON.stringify(task), lastEvent: log.length, hasEnded };
  };

  const news: TaskPort["taskNews"] = async (_, id, { after, waitMs, until }) => {
    const none = { events: [], last: after, isAtRest: true, hasEnded: true, isBehind: false };
    if (answer !== null) return { ...none, answer };
    const endMs = Date.now() + waitMs;
    for (let pauseMs = LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LOOK_MS_MAX)) {
      const task = await looked("GetTask", id);
      if (!task.ok) return null;
      if (seen !== null) log.push(...eventsBetween(seen, task.value));
      seen = task.value;
      const events = log.slice(after);
      const standing = standingOf(task.value);
      const isOver = until === "rest" ? standing.isAtRest : standing.hasEnded;
      const leftMs = endMs - Date.now();
      if (isOver || events.length > 0 || leftMs <= 0)
        return { ...none, ...standing, events, last: log.length, answer: null };
      await scheduler.wait(Math.min(pauseMs, leftMs));
    }
  };

  const call = async (asked: Asked): Promise<Result<Opened, A2aFailure>> => {
    const message = await addressed(asked, talk.idFrom);
    if (message === null) return failed("task-not-found");
    const metadata = asked.metadata === null ? {} : { metadata: JSON.parse(asked.metadata) };
    // Egress waits for 10 seconds; what takes longer is asked about.
    const configuration = { returnImmediately: true };
    const params = { message, configuration, ...(metadata as object) };
    const reply = await talk.asks("SendMessage", params, outsideReply);
    if (!reply.ok) return reply;
    if ("task" in reply.value) return ok(openedOf(await talk.shown(reply.value.task)));
    const { taskId: _, contextId: __, ...said } = reply.value.message;
    answer = JSON.stringify(said);
    return ok(endedWith(said, asked.fresh));
  };

  return {
    beginTask: (asked) => work.begin(asked, call),

    async openTask(_, id, historyLength) {
      const task = await looked("GetTask", id, historyLength);
      return task.ok ? openedOf(task.value) : null;
    },

    taskNews: news,

    async showTask(_, id, historyLength) {
      if (answer !== null) return null;
      const task = await looked("GetTask", id, historyLength);
      return task.ok ? JSON.stringify(task.value) : null;
    },

    /** It would list everybody's: there we are one caller. */
    listTasks: () => Promise.resolve({ tasks: [], next: null, total: 0 }),

    async cancelTask(_, id) {
      const task = await looked("CancelTask", id);
      return task.ok ? ok(JSON.stringify(task.value)) : task;
    },

    ...NO_PUSHES,
  };
}

const NO_PUSHES: Pick<TaskPort, "setTaskPush" | "taskPushes" | "dropTaskPush"> = {
  setTaskPush: () => Promise.resolve(failed("push-not-supported")),
  taskPushes: () => Promise.resolve(null),
  dropTaskPush: () => Promise.resolve(false),
};

/** What is asked about a task, with what is heard of it passed on. */
const lookedAt =
  ({ ofTask }: ReturnType<typeof talkOf>, { seen }: Work): typeof ofTask =>
  async (...asked) => {
    const task = await ofTask(...asked);
    if (task.ok) await seen(task.value);
    return task;
  };

/** Whoever wants a task at once, where the agent answered without one, is given one that has ended. */
function endedWith(message: object, { taskId, contextId }: Asked["fresh"]): Opened {
  const timestamp = new Date().toISOString();
  const status = { state: "TASK_STATE_COMPLETED", timestamp, message };
  const task = JSON.stringify({ id: taskId, contextId, status });
  return { taskId, task, lastEvent: 0, hasEnded: true };
}

/** The message under the agent's own ids; null where it goes on with what this caller was never given. */
async function addressed(
  { message, taskId, contextId }: Asked,
  idFrom: (given: string) => Promise<string | null>,
): Promise<object | null> {
  const { taskId: _, contextId: __, ...rest } = JSON.parse(message) as Message;
  const [task, context] = await Promise.all([
    taskId === null ? undefined : idFrom(taskId),
    contextId === null ? undefined : idFrom(contextId),
  ]);
  if (task === null || context === null) return null;
  return {
    ...rest,
    ...(task !== undefined && { taskId: task }),
    ...(context !== undefined && { contextId: context }),
  };
}
