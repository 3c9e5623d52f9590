import { type A2aFailure, failed, failureOf } from "#domain/a2a/errors.ts";
import { delegationInput, type DelegationInput } from "#domain/delegation/model.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { hopFor, notTaken } from "#workers/http/delegating.ts";
import type { TaskPort } from "./callee.ts";

/** Where a caller says for which of its work a task is, and an agent elsewhere is told (docs/design/agent-life.md). */
export const DELEGATION = "wishub/delegation";

/** The tasks of an agent, begun by a hop each: refused before anything is given to anybody, and free where nobody takes it. */
export function delegated(tasks: TaskPort, env: Env, agentId: string, nowMs: number): TaskPort {
  return {
    ...tasks,
    async beginTask(asked) {
      if (asked.taskId !== null) return await tasks.beginTask(asked);
      const wanted = delegationIn(asked.metadata);
      if (!wanted.ok) return wanted;
      const { caller, repeatKey } = asked;
      const work = { from: caller.agentId, to: agentId, asked: wanted.value, repeatKey };
      const hop = await hopFor(env, work, nowMs);
      if (!hop.ok) return err(failureOf(hop.error));
      const begun = await tasks.beginTask({ ...asked, hop: hop.value.hop });
      if (!begun.ok) await notTaken(env, caller.agentId, hop.value);
      return begun;
    },
  };
}

function delegationIn(metadata: string | null): Result<DelegationInput, A2aFailure> {
  const { [DELEGATION]: given = {} } = JSON.parse(metadata ?? "{}") as Record<string, unknown>;
  const parsed = delegationInput.safeParse(given);
  if (parsed.success) return ok(parsed.data);
  return failed("invalid-params", `metadata["${DELEGATION}"] is no delegation`);
}
