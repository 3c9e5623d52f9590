import type { Context } from "hono";
import { MODES } from "#domain/a2a/card.ts";
import { failureOf } from "#domain/a2a/errors.ts";
import { isVisibleTo } from "#domain/agents/record.ts";
import { mayWriteTo } from "#domain/mailbox/rights.ts";
import type { Services } from "#adapters/index.ts";
import { refuse } from "#workers/http/kit.ts";
import type { TaskPort } from "./callee.ts";
import { a2aAt } from "./routes.ts";

/** Every agent over A2A: its tasks live in its object, and reach its program through its mailbox. */
export const a2aAgents = a2aAt({
  path: "/a2a/{id}",
  who: "an agent",
  access: "agent.call",
  async calleeOf(c: Context, principal) {
    const services = c.get("services") as Services;
    const { id } = c.req.valid("param" as never) as { id: string };
    if (principal === null) return refuse({ code: "unauthenticated" });
    const agent = await services.agents.lately(id);
    if (agent === null || !isVisibleTo(agent, principal)) return refuse({ code: "not-found" });
    const { accountId, agentId = null } = principal;
    const writing = mayWriteTo(agent, principal);
    return {
      caller: { accountId, agentId },
      isOwn: agent.accountId === accountId,
      streaming: true,
      pushNotifications: false,
      inputModes: MODES,
      extendedCard: async () => (await services.a2aCards.agentCard(agent, Date.now())).text,
      answer: null,
      tasks: tasksOf(c.env as Env, agent.id),
      refusal: writing.ok ? null : failureOf(writing.error),
      mayPushTo: () => false,
    };
  },
});

/** Each call asks for the object anew: a stub is no good any more once what it leads to was moved or started again. */
function tasksOf(env: Env, id: string): TaskPort {
  const object = () => env.AGENT.getByName(id);
  return {
    beginTask: async (asked) => await object().beginTask(asked),
    openTask: async (...named) => await object().openTask(...named),
    taskNews: async (...named) => await object().taskNews(...named),
    showTask: async (...named) => await object().showTask(...named),
    listTasks: async (...named) => await object().listTasks(...named),
    cancelTask: async (...named) => await object().cancelTask(...named),
    setTaskPush: async (...named) => await object().setTaskPush(...named),
    taskPushes: async (...named) => await object().taskPushes(...named),
    dropTaskPush: async (...named) => await object().dropTaskPush(...named),
  };
}
