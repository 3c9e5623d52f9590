import type { Principal } from "#domain/accounts/model.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import type { Problem } from "#domain/shared/problem.ts";

/**
 * Why somebody may not make, see or end an agent's keys, or null: who registered it may, and whoever administers the
 * account. No agent may, not even its own: with the scope for keys it makes them where everybody does.
 */
export function keepingRefusal(
  agent: AgentRecord,
  { agentId, principalId, role }: Principal,
): Problem<"forbidden"> | null {
  if (agentId !== undefined)
    return { code: "forbidden", detail: "an agent's keys are not made or ended by an agent" };
  if (role === "owner" || role === "admin" || agent.principalId === principalId) return null;
  const detail = "an agent's keys belong to who registered it, and to administrators";
  return { code: "forbidden", detail };
}
