import { type AgentRecord, isVisibleTo, takesFrom } from "#domain/agents/record.ts";
import type { Principal } from "#domain/accounts/model.ts";
import type { Sender } from "#domain/mailbox/message.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

type Asking = Pick<Principal, "accountId" | "agentId">;

/** Whether the principal may put a message into the agent's mailbox: an agent that sleeps is written to, one that is gone is not. */
export function mayWriteTo(
  agent: AgentRecord | null,
  asking: Asking,
): Result<AgentRecord, Problem<"not-found" | "forbidden" | "agent-unavailable">> {
  if (agent === null || !isVisibleTo(agent, asking)) return err({ code: "not-found" });
  if (!takesFrom(agent, asking))
    return err({ code: "forbidden", detail: "the agent takes no messages of your account" });
  if (agent.state === "retired" || agent.state === "quarantined")
    return err({ code: "agent-unavailable", detail: `the agent is ${agent.state}` });
  return ok(agent);
}

/** Whether the principal may look into the mailbox: its account's keys may, and of agents only itself. */
export function mayOpen(
  agent: AgentRecord | null,
  { accountId, agentId }: Asking,
): Result<AgentRecord, Problem<"not-found" | "forbidden">> {
  if (agent === null || agent.accountId !== accountId) return err({ code: "not-found" });
  if (agentId !== undefined && agentId !== agent.id)
    return err({ code: "forbidden", detail: "an agent opens its own mailbox only" });
  return ok(agent);
}

/** And whether it may take messages out to work on them, which only an active agent does. */
export function mayTakeFrom(
  agent: AgentRecord | null,
  asking: Asking,
): Result<AgentRecord, Problem<"not-found" | "forbidden" | "agent-unavailable">> {
  const opened = mayOpen(agent, asking);
  if (opened.ok && opened.value.state !== "active")
    return err({ code: "agent-unavailable", detail: `the agent is ${opened.value.state}` });
  return opened;
}

/** Who the message is from: the agent that the caller is, or that it names among its account's. */
export function senderOf(
  { accountId, agentId }: Asking,
  named: { id: string; agent: AgentRecord | null } | null,
): Result<Sender, Problem<"invalid-request">> {
  if (named === null) return ok({ accountId, agentId: agentId ?? null });
  const isOwn = named.agent?.accountId === accountId;
  if (isOwn && (agentId === undefined || agentId === named.id))
    return ok({ accountId, agentId: named.id });
  const detail =
    agentId === undefined ? "is no agent of your account" : "is not the agent that sends";
  return err({ code: "invalid-request", errors: [{ pointer: "/fromAgentId", detail }] });
}
