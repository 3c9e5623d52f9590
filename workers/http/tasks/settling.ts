import type { Context } from "hono";
import type { z } from "zod";
import type { Principal } from "#domain/accounts/model.ts";
import type { Speaker } from "#domain/scheduling/queue.ts";
import type { TaskSettled } from "#domain/tasks/record.ts";
import { settledTaskView } from "#domain/tasks/record.ts";
import { longBytes, resultFrom } from "#domain/tasks/results.ts";
import type { TaskSettlement } from "#domain/tasks/settlement.ts";
import type { settledViews } from "#domain/tasks/several.ts";
import { type QueueName, queueNameOf } from "#domain/tasks/task-id.ts";
import { PROBLEMS, type Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { type AppEnv, type Plain, unwrap } from "#workers/http/kit.ts";
import { keptBytes } from "#workers/http/long-results.ts";

type C = Context<AppEnv>;
type Said = TaskSettlement["said"];
const JSON_TYPE = "application/json";

/** What is said of one task by whoever works on it. */
export async function settled(c: C, id: string, token: number, said: Said): Promise<Plain> {
  return answer(id, unwrap(await outcomeOf(c, id, token, said)));
}

/** That it is done. A long result is stored beside its task, where it counts only once its token was found good. */
export async function completed(c: C, id: string, token: number, text: string): Promise<Plain> {
  return answer(id, unwrap(await completion(c, id, token, text)));
}

export async function completion(
  c: C,
  id: string,
  token: number,
  text: string,
): Promise<Result<TaskSettled, Problem>> {
  const long = longBytes(text);
  if (long === null) return await outcomeOf(c, id, token, { how: "complete", result: text });
  return await stored(c, id, token, { body: long, mediaType: JSON_TYPE });
}

type One = { id: string; token: number; text: string };
type Shown = z.infer<typeof settledViews>["results"][number];

/** Several at once: one question to each queue that keeps some of them. Long results go one by one. */
export async function completions(c: C, all: readonly One[]): Promise<Shown[]> {
  const { services, principal } = c.var;
  const { accountId: account } = principal;
  const speaker = speakerOf(principal);
  const outcomes = new Map<One, Result<TaskSettled, Problem>>();
  const shards = new Map<string, { queue: QueueName; of: { one: One; seq: number }[] }>();
  for (const one of all) {
    const place = services.taskQueues.locate(one.id, account);
    if (!place.ok || longBytes(one.text) !== null) {
      outcomes.set(one, await completion(c, one.id, one.token, one.text));
      continue;
    }
    const { queue, seq } = place.value;
    const name = queueNameOf(queue);
    const shard = shards.get(name) ?? { queue, of: [] };
    shard.of.push({ one, seq });
    shards.set(name, shard);
  }
  for (const { queue, of } of shards.values()) {
    const settlements = of.map(({ one, seq }) => {
      const said = { how: "complete", result: one.text } as const;
      return { seq, token: one.token, ...speaker, account, said };
    });
    const settledAll = await services.taskQueues.of(queue).settle(settlements);
    for (const [at, { one }] of of.entries()) outcomes.set(one, settledAll[at] ?? INTERNAL);
  }
  return all.map((one) => {
    const outcome = outcomes.get(one) ?? INTERNAL;
    if (outcome.ok) return settledTaskView(one.id, outcome.value);
    const { code, detail = PROBLEMS[code].title } = outcome.error;
    return { id: one.id, code, detail };
  });
}

const INTERNAL = err<Problem>({ code: "internal" });
type Found = Extract<
  ReturnType<AppEnv["Variables"]["services"]["taskQueues"]["find"]>,
  { ok: true }
>["value"];

type Bytes = { body: ReadableStream<Uint8Array> | Uint8Array; mediaType: string };

export async function completedWith(c: C, id: string, token: number, bytes: Bytes): Promise<Plain> {
  return answer(id, unwrap(await stored(c, id, token, bytes)));
}

async function stored(
  c: C,
  id: string,
  token: number,
  bytes: Bytes,
): Promise<Result<TaskSettled, Problem>> {
  const { services } = c.var;
  const found = heldBy(c, id, token);
  if (!found.ok) return found;
  const { object, held } = found.value;
  const { seq, account } = held;
  const result = await keptBytes(services, { object, held, accountId: account, id }, bytes);
  if (!result.ok) return result;
  const outcome = await settle(found.value, { how: "complete", result: result.value });
  // Said twice, the first counts.
  const kept = outcome.ok ? ((await object.outcome(seq, account))?.result ?? null) : null;
  const mine = resultFrom(result.value);
  if (kept !== result.value && "blob" in mine) await services.taskResults.remove(mine.blob.key);
  return outcome;
}

async function outcomeOf(
  c: C,
  id: string,
  token: number,
  said: Said,
): Promise<Result<TaskSettled, Problem>> {
  const found = heldBy(c, id, token);
  return found.ok ? await settle(found.value, said) : found;
}

/** What the caller works on under that token, as far as they say. */
function heldBy({ var: { services, principal } }: C, id: string, token: number) {
  const { accountId: account } = principal;
  const found = services.taskQueues.find(id, account);
  if (!found.ok) return found;
  const { seq, object } = found.value;
  return ok({ object, held: { seq, token, ...speakerOf(principal), account } });
}

/** An account's key with scope `agents` acts for its agents (CONTRACT, mailbox); an agent's key for its agent alone. */
const speakerOf = ({ agentId, scopes }: Principal): Speaker => ({
  by: agentId ?? null,
  forAgents: agentId === undefined && scopes.has("agents"),
});

async function settle(
  { object, held }: { object: Found["object"]; held: Omit<TaskSettlement, "said"> },
  said: Said,
): Promise<Result<TaskSettled, Problem>> {
  const [outcome] = await object.settle([{ ...held, said }]);
  return outcome ?? INTERNAL;
}

const answer = (id: string, settlement: TaskSettled): Plain => ({
  text: JSON.stringify(settledTaskView(id, settlement)),
  status: 200,
  headers: { "Content-Type": JSON_TYPE },
});
