import { stateOf, type OutsideTask } from "#domain/a2a/outside-task.ts";
import { type A2aFailure, failureOf } from "#domain/a2a/errors.ts";
import { classesIn } from "#domain/agents/quality.ts";
import { endingOf } from "#domain/agents/standing.ts";
import { delegationViewOf } from "#domain/delegation/model.ts";
import { err, type Result } from "#domain/shared/result.ts";
import type { Asked, Opened } from "#domain/tasks/asked.ts";
import { hasEnded } from "#domain/tasks/state.ts";
import { DELEGATION } from "./delegated.ts";
import { ownIdIn } from "./outside-ids.ts";

/** What is told to the object of an agent elsewhere, so that chains and quality reach it like any other. */
export type Work = {
  /** Calls the agent for it: by its hop, which the agent is told of. */
  begin(
    asked: Asked,
    call: (asked: Asked) => Promise<Result<Opened, A2aFailure>>,
  ): Promise<Result<Opened, A2aFailure>>;
  /** A task as it was shown (under its caller's ids): where it has ended, that is heard. */
  seen(task: OutsideTask): Promise<void>;
};

type Cancel = (taskId: string) => Promise<unknown>;

/** `cancel` takes a task of the caller's back. */
export function workOf(env: Env, agentId: string, cancel: Cancel): Work {
  const object = () => env.AGENT.getByName(agentId);
  const isOver = new Set<string>();
  return {
    async begin(asked, call) {
      const { hop, caller, isOwn, metadata, message } = asked;
      // It goes on with what it has.
      if (hop === undefined) return await call(asked);
      const classes = classesIn(metadata, message);
      const begun = await object().beginAway(hop, { accountId: caller.accountId, isOwn, classes });
      if (!begun.ok) return err(failureOf(begun.error));
      const said = JSON.parse(metadata ?? "{}") as Record<string, unknown>;
      const told = JSON.stringify({ ...said, [DELEGATION]: delegationViewOf(hop) });
      const opened = await call({ ...asked, metadata: told });
      const of = { hopId: hop.id };
      if (!opened.ok) {
        const isUnreachable = opened.error.problem?.code === "egress-failed";
        const heard = isUnreachable
          ? ({ kind: "unreachable" } as const)
          : ({ kind: "ended", ending: "dropped" } as const);
        await object().heardAway(of, heard);
        return opened;
      }
      const state = stateOf(JSON.parse(opened.value.task) as OutsideTask);
      if (hasEnded(state)) {
        isOver.add(opened.value.taskId);
        await object().heardAway(of, { kind: "ended", ending: endingOf(state) });
        return opened;
      }
      const { taskId } = opened.value;
      const goesOn = await object().heardAway(of, { kind: "begun", taskId: ownIdIn(taskId) });
      if (!goesOn) await cancel(taskId);
      return opened;
    },
    async seen(task) {
      const state = stateOf(task);
      if (!hasEnded(state) || isOver.has(task.id)) return;
      isOver.add(task.id);
      const of = { taskId: ownIdIn(task.id) };
      await object().heardAway(of, { kind: "ended", ending: endingOf(state) });
    },
  };
}
