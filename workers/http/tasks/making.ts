import type { Context } from "hono";
import { SECRET_FIELD } from "#domain/delivery/model.ts";
import { refusedInput } from "#domain/jobs/check.ts";
import { isJobKind, JOB_KINDS } from "#domain/jobs/kinds.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { PLAN_DEFAULT } from "#domain/limits/plans.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { callbackName } from "#domain/tasks/callback.ts";
import type { TaskInput } from "#domain/tasks/model.ts";
import {
  type Once,
  type TaskDraft,
  taskDraftOf,
  type TaskPlaced,
  taskViewOf,
} from "#domain/tasks/record.ts";
import type { QueueName } from "#domain/tasks/task-id.ts";
import { type AppEnv, type Plain, refuse } from "#workers/http/kit.ts";

/** What can speak against a task that is to be made. */
export const MAKING_REFUSALS = [
  "invalid-request",
  "egress-refused",
  "idempotency-conflict",
  "too-many-requests",
  "queue-full",
  "queue-closed",
  "overloaded",
  "body-too-large",
] as const;

/**
 * The task that an input asks for, or what is wrong with it. `at`: where it is in the body; `inTimeMs`: what no deadline
 * may lie before.
 */
export async function draftFrom(
  c: Context<AppEnv>,
  input: TaskInput,
  inTimeMs: number,
  at = "",
): Promise<TaskDraft> {
  const { principal, nowMs } = c.var;
  const { accountId: account, agentId: madeBy = null, plan = PLAN_DEFAULT } = principal;
  const draft = taskDraftOf(input, { account, plan, madeBy }, nowMs);
  const refusal = refusalOf(input, draft, inTimeMs);
  if (refusal !== null) return refuse(within(refusal, at));
  return { ...draft, details: await detailsOf(c, input.callback) };
}

/**
 * What no deadline of new tasks may lie before: now. What was made under the key in time is answered again however late
 * it is asked for, as its first answer may have been lost.
 */
export async function inTimeMs(
  c: Context<AppEnv>,
  inputs: readonly TaskInput[],
  once: Once | null,
): Promise<number> {
  const { services, principal, nowMs } = c.var;
  const isLate = inputs.some(
    ({ deadline }) => deadline !== undefined && Date.parse(deadline) <= nowMs,
  );
  const [first] = inputs;
  if (!isLate || once === null || first === undefined) return nowMs;
  const isKnown = await services.taskQueues.isKnown(first.pool, principal.accountId, once);
  return isKnown ? -Infinity : nowMs;
}

function refusalOf(input: TaskInput, draft: TaskDraft, inTimeMs: number): Problem | null {
  if (draft.deadlineMs !== null && draft.deadlineMs <= inTimeMs)
    return invalid("/deadline", "has passed already");
  if (draft.bytes > LIMITS.taskInputBytesMax)
    return {
      code: "body-too-large",
      detail: `an input has at most ${LIMITS.taskInputBytesMax} bytes`,
    };
  if (input.pool !== "gpu") return null;
  if (!isJobKind(input.type))
    return invalid("/type", `is no kind of job of the pool gpu: ${JOB_KINDS.join(", ")}`);
  const refused = refusedInput(input.type, input.input);
  return refused === null ? null : within(refused, "/input");
}

/** The same problem of a thing that lies deeper in the body. */
const within = (problem: Problem, at: string): Problem =>
  problem.errors === undefined
    ? problem
    : {
        ...problem,
        errors: problem.errors.map((one) => ({ ...one, pointer: `${at}${one.pointer}` })),
      };

const invalid = (pointer: string, detail: string): Problem => ({
  code: "invalid-request",
  errors: [{ pointer, detail }],
});

/** What is kept with a task: who is to be told of its end. */
async function detailsOf(
  { var: { services, principal } }: Context<AppEnv>,
  callback: TaskInput["callback"],
): Promise<string | null> {
  if (callback === undefined) return null;
  const { url, secret = null } = callback;
  const refusal = services.deliveries.refusalOf(url);
  if (refusal !== null) return refuse(refusal);
  const { accountId } = principal;
  const sealedSecret =
    secret === null
      ? null
      : await services.keyRing.seal({ account: accountId }, SECRET_FIELD, secret);
  const name = callbackName(accountId, await sha256Hex(`${url}\n${secret ?? ""}`));
  return JSON.stringify({ callback: { url, sealedSecret, name } });
}

export async function onceOf(c: Context<AppEnv>, input: unknown): Promise<Once | null> {
  const key = c.req.header("Idempotency-Key");
  if (key === undefined) return null;
  const { accountId } = c.var.principal;
  return { key: `${accountId} ${key}`, bodyHash: await sha256Hex(JSON.stringify(input)) };
}

export function viewOfNew(queue: QueueName, draft: TaskDraft, placed: TaskPlaced | undefined) {
  const { seq = 0, createdAtMs = draft.createdAtMs, unschedulable = null } = placed ?? {};
  return taskViewOf(queue, {
    ...draft,
    seq,
    createdAtMs,
    unschedulable,
    progress: null,
    standing: draft.comesAfter.length > 0 ? "blocked" : "waiting",
    token: 0,
    isHeld: false,
    holder: null,
    leasedAtMs: 0,
    untilMs: 0,
    attempts: 0,
    spentMs: 0,
    end: null,
  });
}

export const plain = (value: object, status: 200 | 201 = 200): Plain => ({
  text: JSON.stringify(value),
  status,
  headers: { "Content-Type": "application/json" },
});
