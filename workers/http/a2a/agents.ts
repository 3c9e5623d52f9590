import type { Context } from "hono";
import { MODES } from "#domain/a2a/card.ts";
import { pushHeaders, pushName } from "#domain/a2a/push.ts";
import { failureOf } from "#domain/a2a/errors.ts";
import { CARD_LIFE_MS } from "#domain/agents/outside.ts";
import { type AgentRecord, isVisibleTo } from "#domain/agents/record.ts";
import { refreshOutside } from "#domain/agents/register-outside.ts";
import { err } from "#domain/shared/result.ts";
import type { Message } from "#domain/a2a/wire.ts";
import { ENVELOPE_MEDIA_TYPE } from "#domain/envelope/model.ts";
import { envelopeIn } from "#domain/envelope/admit.ts";
import { mayWriteTo } from "#domain/mailbox/rights.ts";
import { log } from "#domain/observability/log.ts";
import type { Services } from "#adapters/index.ts";
import { type AppEnv, refuse } from "#workers/http/kit.ts";
import { mayNow } from "#workers/http/guard/policing.ts";
import { standing } from "#workers/http/standing.ts";
import type { PushPort, TaskPort } from "./callee.ts";
import { delegated } from "./delegated.ts";
import { outsideTasks } from "./outside.ts";
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
    const caller = { accountId, agentId };
    const handing = [c.env as Env, agent.id, c.get("nowMs") as number] as const;
    const isElsewhere = agent.outside !== null;
    if (isElsewhere && writing.ok) refreshSoon(c, services, agent);
    // Known once a caller has waited: few do.
    return {
      caller,
      stands: standing(c as Context<AppEnv>, (asking) => mayNow(asking, "agent.call", id)),
      isOwn: agent.accountId === accountId,
      streaming: true,
      inputModes: agent.envelopeKeys.length > 0 ? [...MODES, ENVELOPE_MEDIA_TYPE] : MODES,
      extendedCard: async () => (await services.a2aCards.agentCard(agent, Date.now())).text,
      answer: null,
      tasks: isElsewhere
        ? delegated(outsideTasks(services, c.env as Env, agent, caller), ...handing)
        : sealed(delegated(tasksOf(c.env as Env, agent.id), ...handing), services, agent),
      refusal: writing.ok ? null : failureOf(writing.error),
      // Of a task that lies elsewhere nobody here hears.
      pushes: isElsewhere ? null : pushesOf(services, agent.id, accountId),
    };
  },
});

/** What comes in an envelope is begun only where that is what its source sealed, for this agent, now and once. */
function sealed(tasks: TaskPort, services: Services, agent: AgentRecord): TaskPort {
  return {
    ...tasks,
    async beginTask(asked) {
      const message = JSON.parse(asked.message) as Message;
      const agentOf = (id: string) => services.agents.lately(id);
      const carried = await envelopeIn(agentOf, message, agent, asked.caller, Date.now());
      if (!carried.ok) return err(failureOf(carried.error));
      const { value: envelope } = carried;
      return await tasks.beginTask(envelope === null ? asked : { ...asked, envelope });
    },
  };
}

/** Who runs elsewhere has its card read again beside a call, once it is old. */
function refreshSoon(c: Context, services: Services, agent: AgentRecord): void {
  const nowMs = Date.now();
  if (agent.outside === null || nowMs - agent.outside.checkedAtMs < CARD_LIFE_MS) return;
  const refreshing = refreshOutside(services, agent, nowMs).catch((error: unknown) =>
    log("error", "card-refresh-failed", { agentId: agent.id, error: String(error) }),
  );
  c.executionCtx.waitUntil(refreshing);
}

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

function pushesOf({ deliveries }: Services, agentId: string, accountId: string): PushPort {
  return {
    async set(taskId, id, config) {
      const receiver = { accountId, url: config.url, headers: pushHeaders(config) };
      const name = pushName(agentId, taskId, id);
      const set = await deliveries.configure(name, { ...receiver, form: "push" });
      return set.ok ? null : { name: "invalid-params", problem: set.error };
    },
    end: (taskId, id) => deliveries.close(pushName(agentId, taskId, id)),
  };
}
