import type { z } from "zod";
import { type A2aFailure, failed } from "#domain/a2a/errors.ts";
import {
  listParams,
  type ListParams,
  mediaTypeOf,
  noParams,
  type PushConfig,
  pushListParams,
  pushParams,
  pushSetParams,
  sendParams,
  type SendParams,
  stateFrom,
  taskParams,
} from "#domain/a2a/wire.ts";
import { shownConfig } from "#domain/a2a/push.ts";
import { cursorFrom, cursorText } from "#domain/shared/cursor.ts";
import { invalidOf } from "#domain/shared/input.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Asked, Opened, TaskFilter } from "#domain/tasks/asked.ts";
import type { Callee, PushPort, TaskPort } from "./callee.ts";
import { events, streamed, untilRest } from "./following.ts";

/** What a method answers: JSON text, or a stream of JSON texts (A2A's StreamResponse; null while nothing happens). */
type Answer = { json: string } | { stream: AsyncGenerator<string | null> };
type Called = Promise<Result<Answer, A2aFailure>>;
type Random = { id(): string; repeatKey: string | null };
type Method<S extends z.ZodType> = {
  params: S;
  call(callee: Callee, params: z.output<S>, random: Random): Called;
};
const method = <S extends z.ZodType>(params: S, call: Method<S>["call"]) =>
  ({ params, call }) as Method<z.ZodType>;

const PAGE_DEFAULT = 50;
const json = (text: string) => ok({ json: text });

/** The operations of A2A 1.0 (section 3.1) by the names that JSON-RPC gives them: every binding calls these. */
const METHODS: Record<string, Method<z.ZodType>> = {
  SendMessage: method(sendParams, send),
  SendStreamingMessage: method(sendParams, sendStreaming),
  GetTask: method(taskParams, async ({ tasks, caller }, { id, historyLength }) => {
    const task = (await tasks?.showTask(caller, id, historyLength ?? null)) ?? null;
    return task === null ? failed("task-not-found") : json(task);
  }),
  ListTasks: method(listParams, list),
  CancelTask: method(taskParams, async ({ tasks, caller }, { id }) => {
    const canceled = tasks === null ? failed("task-not-found") : await tasks.cancelTask(caller, id);
    return canceled.ok ? json(canceled.value) : canceled;
  }),
  SubscribeToTask: method(taskParams, subscribe),
  CreateTaskPushNotificationConfig: method(pushSetParams, (callee, params, random) =>
    pushing(callee, async (tasks, pushes) => {
      const { taskId } = params;
      const id = params.id ?? random.id();
      const body = JSON.stringify(shownConfig(params, id, taskId));
      // Of a task of the caller's own; and the receiver is there before the first event that goes to it.
      if ((await tasks.openTask(callee.caller, taskId, 0)) === null)
        return failed("task-not-found");
      const refusal = await pushes.set(taskId, id, params);
      if (refusal !== null) return err(refusal);
      const stored = await tasks.setTaskPush(callee.caller, taskId, id, body);
      if (!stored.ok || stored.value.isOver) await pushes.end(taskId, id);
      return stored.ok ? json(body) : stored;
    }),
  ),
  GetTaskPushNotificationConfig: method(pushParams, (callee, { taskId, id }) =>
    pushing(callee, async (tasks) => {
      const all = await tasks.taskPushes(callee.caller, taskId);
      const one = all?.find((each) => each.id === id);
      return one === undefined ? failed("task-not-found") : json(one.body);
    }),
  ),
  ListTaskPushNotificationConfigs: method(pushListParams, (callee, { taskId }) =>
    pushing(callee, async (tasks) => {
      const all = await tasks.taskPushes(callee.caller, taskId);
      if (all === null) return failed("task-not-found");
      return json(`{"configs":[${all.map(({ body }) => body).join()}],"nextPageToken":""}`);
    }),
  ),
  DeleteTaskPushNotificationConfig: method(pushParams, (callee, { taskId, id }) =>
    pushing(callee, async (tasks, pushes) => {
      if (!(await tasks.dropTaskPush(callee.caller, taskId, id))) return failed("task-not-found");
      await pushes.end(taskId, id);
      return json("null");
    }),
  ),
  GetExtendedAgentCard: method(noParams, async ({ extendedCard }) =>
    extendedCard === null ? failed("unsupported-operation") : json(await extendedCard()),
  ),
};

/** Calls a method by its name with whatever came as its parameters. */
export async function called(
  callee: Callee,
  name: string,
  params: unknown,
  random: Random,
): Called {
  const known = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  if (known === undefined) return failed("method-not-found");
  const outcome = known.params.safeParse(params);
  if (!outcome.success) return err({ name: "invalid-params", errors: invalidOf(outcome.error) });
  return await known.call(callee, outcome.data, random);
}

function askedOf(callee: Callee, params: SendParams, random: Random): Result<Asked, A2aFailure> {
  const { message, configuration, metadata } = params;
  const {
    taskPushNotificationConfig: push,
    returnImmediately,
    historyLength,
  } = {
    ...configuration,
  };
  for (const part of message.parts) {
    const type = mediaTypeOf(part);
    if (type !== null && !callee.inputModes.includes(type))
      return failed("content-type-not-supported", `takes ${callee.inputModes.join(", ")}`);
  }
  if (push != null && callee.pushes === null) return failed("push-not-supported");
  return ok({
    caller: callee.caller,
    isOwn: callee.isOwn,
    taskId: message.taskId ?? null,
    contextId: message.contextId ?? null,
    fresh: { taskId: random.id(), contextId: random.id() },
    message: JSON.stringify(message),
    metadata: metadata == null ? null : JSON.stringify(metadata),
    push: null,
    // Each agent of an account has keys of its own.
    repeatKey: random.repeatKey && `${callee.caller.agentId ?? ""} ${random.repeatKey}`,
    isShown: returnImmediately === true,
    historyLength: historyLength ?? null,
  });
}

async function send(callee: Callee, params: SendParams, random: Random): Called {
  const { tasks, caller } = callee;
  const asked = askedOf(callee, params, random);
  if (!asked.ok) return asked;
  if (callee.refusal !== null) return err(callee.refusal);
  const direct = await answered(callee, params);
  if (direct !== null) return direct.ok ? json(`{"message":${direct.value}}`) : direct;
  if (tasks === null) return failed("unsupported-operation");
  const config = params.configuration?.taskPushNotificationConfig;
  const followed = { ...callee, tasks };
  const opened = await begun(followed, asked.value, config, random);
  if (!opened.ok) return opened;
  if (asked.value.isShown) return json(`{"task":${opened.value.task}}`);
  const answer = await untilRest(followed, opened.value);
  if (answer !== null) return json(`{"message":${answer}}`);
  const task = await tasks.showTask(caller, opened.value.taskId, asked.value.historyLength);
  if (task !== null) return json(`{"task":${task}}`);
  // It was answered in the moment in which we stopped waiting.
  const late = await untilRest(followed, opened.value);
  return late === null ? failed("task-not-found") : json(`{"message":${late}}`);
}

async function sendStreaming(callee: Callee, params: SendParams, random: Random): Called {
  const { tasks } = callee;
  if (!callee.streaming) return failed("unsupported-operation", "this agent does not stream");
  const asked = askedOf(callee, params, random);
  if (!asked.ok) return asked;
  if (callee.refusal !== null) return err(callee.refusal);
  const direct = await answered(callee, params);
  if (direct !== null)
    return direct.ok ? ok({ stream: only(`{"message":${direct.value}}`) }) : direct;
  if (tasks === null) return failed("unsupported-operation");
  const config = params.configuration?.taskPushNotificationConfig;
  const opened = await begun({ ...callee, tasks }, asked.value, config, random);
  return opened.ok ? ok({ stream: streamed({ ...callee, tasks }, opened.value) }) : opened;
}

async function subscribe(
  callee: Callee,
  { id, historyLength }: z.output<typeof taskParams>,
): Called {
  const { tasks, caller, streaming } = callee;
  if (!streaming) return failed("unsupported-operation", "this agent does not stream");
  const opened = (await tasks?.openTask(caller, id, historyLength ?? null)) ?? null;
  if (tasks === null || opened === null) return failed("task-not-found");
  if (opened.hasEnded) return failed("unsupported-operation", "the task has ended");
  return ok({ stream: events({ ...callee, tasks }, opened, "end") });
}

async function answered(
  { answer }: Callee,
  { message }: SendParams,
): Promise<Result<string, A2aFailure> | null> {
  if (answer === null) return null;
  if (message.taskId !== undefined) return failed("task-not-found");
  const said = await answer(message);
  return said.ok ? ok(JSON.stringify(said.value)) : said;
}

async function list({ tasks, caller }: Callee, params: ListParams): Called {
  const filter = filterOf(params);
  if (!filter.ok) return filter;
  const { limit } = filter.value;
  const page = (await tasks?.listTasks(caller, filter.value)) ?? {
    tasks: [],
    next: null,
    total: 0,
  };
  const token = page.next === null ? "" : cursorText(page.next);
  const size = `"pageSize":${limit},"totalSize":${page.total}`;
  return json(`{"tasks":[${page.tasks.join()}],"nextPageToken":"${token}",${size}}`);
}

function filterOf(params: ListParams): Result<TaskFilter, A2aFailure> {
  const { contextId, status, pageSize, pageToken, historyLength } = params;
  const { statusTimestampAfter: since, includeArtifacts } = params;
  const after = pageToken ? cursorFrom(pageToken) : null;
  if (after?.ok === false) return failed("invalid-params", "pageToken is none that was given");
  const any = !status || status === "TASK_STATE_UNSPECIFIED";
  const state = any ? null : stateFrom(status);
  if (!any && state === null) return failed("invalid-params", "status is no state of a task");
  return ok({
    contextId: contextId || null,
    state,
    changedAfterMs: since ? Date.parse(since) : null,
    // A list shows no messages unless it is asked to.
    historyLength: historyLength ?? 0,
    withArtifacts: includeArtifacts === true,
    limit: pageSize ?? PAGE_DEFAULT,
    after: after?.value ?? null,
  });
}

async function pushing(
  { tasks, pushes }: Callee,
  work: (tasks: TaskPort, pushes: PushPort) => Called,
): Called {
  if (pushes === null) return failed("push-not-supported");
  return tasks === null ? failed("task-not-found") : await work(tasks, pushes);
}

/** Begins it, with whoever wants to be told of it from its first event on. */
async function begun(
  { tasks, pushes, caller }: Callee & { tasks: TaskPort },
  asked: Asked,
  config: PushConfig | null | undefined,
  random: Random,
): Promise<Result<Opened, A2aFailure>> {
  if (config == null || pushes === null) return await tasks.beginTask(asked);
  // Only of a task that is the caller's own: what is told there already is not theirs to change.
  if (asked.taskId !== null && (await tasks.openTask(caller, asked.taskId, 0)) === null)
    return failed("task-not-found");
  const taskId = asked.taskId ?? asked.fresh.taskId;
  const id = config.id ?? random.id();
  const refusal = await pushes.set(taskId, id, config);
  if (refusal !== null) return err(refusal);
  const push = JSON.stringify(shownConfig(config, id, taskId));
  const opened = await tasks.beginTask({ ...asked, push });
  const isTold =
    opened.ok && opened.value.taskId === taskId
      ? !opened.value.hasEnded
      : // What was told before goes on being told.
        asked.taskId !== null &&
        (await tasks.taskPushes(caller, taskId))?.some((one) => one.id === id);
  if (isTold !== true) await pushes.end(taskId, id);
  return opened;
}

async function* only(text: string): AsyncGenerator<string> {
  yield text;
}
