import type { z } from "zod";
import { type A2aFailure, failed, failureOf } from "#domain/a2a/errors.ts";
import { failureFrom, outsideTask, type OutsideTask, renamed } from "#domain/a2a/outside-task.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Caller } from "#domain/tasks/asked.ts";
import type { Services } from "#adapters/index.ts";

/** Enough to tell callers apart; what follows it is the agent's own id. */
const MARK_CHARS = 26;

/** The agent's own id in one that a caller was given. */
export const ownIdIn = (given: string): string => given.slice(MARK_CHARS + 1);

/** One caller's talk with an agent outside: the ids that the caller knows carry a mark that makes them its own. */
export function talkOf({ outside }: Pick<Services, "outside">, agent: AgentRecord, caller: Caller) {
  const who = `${caller.accountId} ${caller.agentId ?? ""}`;

  const marked = async (id: string) => {
    const mark = await outside.markOf(agent.id, who, id);
    return `${mark.slice(0, MARK_CHARS)}.${id}`;
  };

  /** The agent's own id; null for one that this caller was never given. */
  async function idFrom(given: string): Promise<string | null> {
    const id = ownIdIn(given);
    return id !== "" && given === (await marked(id)) ? id : null;
  }

  async function shown(task: OutsideTask): Promise<OutsideTask> {
    const context = task.contextId == null ? null : await marked(task.contextId);
    return renamed(task, { task: await marked(task.id), context });
  }

  async function asks<S extends z.ZodType>(
    method: string,
    params: object,
    schema: S,
  ): Promise<Result<z.output<S>, A2aFailure>> {
    const called = await outside.call(agent, method, params);
    if (!called.ok) return err(failureOf(called.error));
    if ("error" in called.value) return err(failureFrom(called.value.error));
    const read = schema.safeParse(called.value.result);
    return read.success ? ok(read.data) : failed("internal", "the agent answered no A2A");
  }

  return {
    idFrom,
    shown,
    asks,
    async ofTask(
      method: "GetTask" | "CancelTask",
      given: string,
      historyLength: number | null = null,
    ): Promise<Result<OutsideTask, A2aFailure>> {
      const id = await idFrom(given);
      if (id === null) return failed("task-not-found");
      const params = { id, ...(historyLength !== null && { historyLength }) };
      const task = await asks(method, params, outsideTask);
      return task.ok ? ok(await shown(task.value)) : task;
    },
  };
}
