import type { Principal } from "#domain/accounts/model.ts";
import { isAtWork } from "#domain/agents/life.ts";
import {
  AGENT_STATES,
  AGENT_TYPES,
  type AgentState,
  type AgentType,
} from "#domain/agents/model.ts";
import { typeRefusal } from "#domain/agents/type-policy.ts";
import type { Problem } from "#domain/shared/problem.ts";

/** What the catalog knows of the agent that a credential acts as; nulls where it acts as none, or where that one is gone. */
export type AgentRow = {
  agentId: string | null;
  agentType: string | null;
  agentState: string | null;
};

/**
 * What a principal says of its agent: nothing where the credential is nobody's agent's. Null where the credential is worth
 * nothing, because its agent is gone or is what this release does not know.
 */
export function agentOf(row: AgentRow): Pick<Principal, "agentId" | "agent"> | null {
  if (row.agentId === null) return {};
  const type = AGENT_TYPES.find((known): known is AgentType => known === row.agentType);
  const state = AGENT_STATES.find((known): known is AgentState => known === row.agentState);
  return type === undefined || state === undefined
    ? null
    : { agentId: row.agentId, agent: { type, state } };
}

/** Why an agent does nothing now, or not this, or null; also for whoever is no agent. */
export function agentRefusal({ agent }: Principal, action: string): Problem<"forbidden"> | null {
  if (agent === undefined) return null;
  if (isAtWork(agent.state)) return typeRefusal(agent.type, action);
  return { code: "forbidden", detail: `the agent is ${agent.state}` };
}
