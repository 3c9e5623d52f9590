import type { AgentInput } from "#domain/agents/model.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import type { AgentAttributes } from "#domain/policies/attributes.ts";

/** What a policy may ask of an agent, as an account sees it. */
export function agentAttributes(
  agent: AgentRecord,
  { accountId }: { accountId: string },
): AgentAttributes {
  const own = agent.accountId === accountId;
  return {
    visibility: agent.visibility,
    agentType: agent.type,
    state: agent.state,
    capabilities: agent.capabilities,
    registrarId: own ? agent.principalId : "",
    own,
  };
}

/** Of an agent that is about to be registered. */
export const attributesOfAgentInput = (
  input: AgentInput,
  principalId: string,
): AgentAttributes => ({
  visibility: input.visibility,
  agentType: input.type,
  state: input.start ? "active" : "created",
  capabilities: input.capabilities,
  registrarId: principalId,
  own: true,
});
