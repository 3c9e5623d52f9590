import { memberId } from "#domain/accounts/credential.ts";
import type { AgentInput } from "#domain/agents/model.ts";
import { agentFrom, type AgentRecord } from "#domain/agents/record.ts";
import type { Outside } from "#domain/agents/outside.ts";
import { checkShown } from "#domain/agents/shown-text.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

type Deps = {
  agents: {
    /** Stores it unless its account has one of that name or too many; the same id again is the same agent. */
    insertAgent(agent: AgentRecord): Promise<AgentRecord | "name-taken" | "too-many">;
  };
};

export const nameTaken: Problem<"conflict"> = {
  code: "conflict",
  detail: "your account has an agent of that name",
};

/** Registers an agent: it is in the catalog and matched when this answers, and its object begins with its first message. */
export async function registerAgent(
  { agents }: Deps,
  by: { accountId: string; principalId: string },
  input: AgentInput,
  idBytes: Uint8Array,
  nowMs: number,
  outside: Outside | null = null,
): Promise<Result<AgentRecord, Problem<"conflict" | "invalid-request">>> {
  const fit = checkShown(input);
  if (!fit.ok) return fit;
  const shard = Number.parseInt(by.accountId.charAt(1), 36); // an account's agents live beside it
  const { accountId, principalId } = by;
  const id = memberId("agent", shard, idBytes);
  const agent = { ...agentFrom(input, { accountId, principalId }, id, nowMs), outside };
  const stored = await agents.insertAgent(agent);
  if (stored === "name-taken") return err(nameTaken);
  if (stored === "too-many")
    return err({
      code: "conflict",
      detail: `an account has at most ${LIMITS.agentsPerAccountMax} agents`,
    });
  return ok(stored);
}
