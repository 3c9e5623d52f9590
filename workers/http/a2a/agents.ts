import type { Context } from "hono";
import { MODES } from "#domain/a2a/card.ts";
import { pushHeaders, pushName } from "#domain/a2a/push.ts";
import { type A2aFailure, failed, failureOf } from "#domain/a2a/errors.ts";
import { CARD_LIFE_MS } from "#domain/agents/outside.ts";
import { type AgentRecord, isVisibleTo } from "#domain/agents/record.ts";
import { refreshOutside } from "#domain/agents/register-outside.ts";
import { delegationInput, type DelegationInput } from "#domain/delegation/model.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { hopFor, notTaken } from "#workers/http/delegating.ts";
import type { Message } from "#domain/a2a/wire.ts";
import { ENVELOPE_MEDIA_TYPE } from "#domain/envelope/model.ts";
import { envelopeRefusal } from "#domain/envelope/admit.ts";
import { mayWriteTo } from "#domain/mailbox/rights.ts";
import type { Services } from "#adapters/index.ts";
import { holderOf, readHolder } from "#workers/http/guard/holders.ts";
import { type Call, refuse } from "#workers/http/kit.ts";
import type { PushPort, TaskPort } from "./callee.ts";
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
    const isElsewhere = agent.outside !== null;
    if (isElsewhere && writing.ok) refreshSoon(c, services, agent);
    const holder = await holderOf(c as Call<{ access: "agent.call" }>);
    return {
      caller,
      stands: async () =>
        holder === null || (await readHolder(c.env as Env, holder, Date.now())).verdict !== null,
      isOwn: agent.accountId === accountId,
      streaming: true,
      inputModes: agent.envelopeKeys.length > 0 ? [...MODES, ENVELOPE_MEDIA_TYPE] : MODES,
      extendedCard: async () => (await services.a2aCards.agentCard(agent, Date.now())).text,
      answer: null,
      tasks: isElsewhere
        ? outsideTasks(services, agent, caller)
        : sealed(tasksOf(c.env as Env, agent.id, c.get("nowMs")), c.env as Env, services, agent),
      refusal: writing.ok ? null : failureOf(writing.error),
      // Of a task that lies elsewhere nobody here hears.
      pushes: isElsewhere ? null : pushesOf(services, agent.id, accountId),
    };
  },
});

/** What comes in an envelope is begun only where that is what its source sealed, for this agent, now and once. */
function sealed(tasks: TaskPort, env: Env, services: Services, agent: AgentRecord): TaskPort {
  return {
    ...tasks,
    async beginTask(asked) {
      const deps = {
        agentOf: (id: string) => services.agents.lately(id),
        admit: async (name: string, untilMs: number) =>
          await env.AGENT.getByName(agent.id).admitEnvelope(name, untilMs),
      };
      const message = JSON.parse(asked.message) as Message;
      const refusal = await envelopeRefusal(deps, message, agent, asked.caller, Date.now());
      return refusal === null ? await tasks.beginTask(asked) : err(failureOf(refusal));
    },
  };
}

/** Who runs elsewhere has its card read again beside a call, once it is old. */
function refreshSoon(c: Context, services: Services, agent: AgentRecord): void {
  const nowMs = Date.now();
  if (agent.outside === null || nowMs - agent.outside.checkedAtMs < CARD_LIFE_MS) return;
  const refreshing = refreshOutside(services, agent, nowMs).catch((error: unknown) =>
    console.error({ event: "card-refresh-failed", agentId: agent.id, error: String(error) }),
  );
  c.executionCtx.waitUntil(refreshing);
}

/** Each call asks for the object anew: a stub is no good any more once what it leads to was moved or started again. */
function tasksOf(env: Env, id: string, nowMs: number): TaskPort {
  const object = () => env.AGENT.getByName(id);
  return {
    async beginTask(asked) {
      if (asked.taskId !== null) return await object().beginTask(asked);
      const wanted = delegationIn(asked.metadata);
      if (!wanted.ok) return wanted;
      const { caller, repeatKey } = asked;
      const work = { from: caller.agentId, to: id, asked: wanted.value, repeatKey };
      const hop = await hopFor(env, work, nowMs);
      if (!hop.ok) return err(failureOf(hop.error));
      const begun = await object().beginTask({ ...asked, hop: hop.value.hop });
      if (!begun.ok) await notTaken(env, caller.agentId, hop.value);
      return begun;
    },
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

/** Where a caller says for which of its work a task is (docs/design/agent-life.md). */
const DELEGATION = "wishub/delegation";

function delegationIn(metadata: string | null): Result<DelegationInput, A2aFailure> {
  const { [DELEGATION]: given = {} } = JSON.parse(metadata ?? "{}") as Record<string, unknown>;
  const parsed = delegationInput.safeParse(given);
  if (parsed.success) return ok(parsed.data);
  return failed("invalid-params", `metadata["${DELEGATION}"] is no delegation`);
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
