import type { z } from "zod";
import type { Principal } from "#domain/accounts/model.ts";
import { agentInput } from "#domain/agents/model.ts";
import { nameKeyOf } from "#domain/agents/names.ts";
import type { AgentRecord } from "#domain/agents/record.ts";
import { nameTaken } from "#domain/agents/register.ts";
import { checkShown } from "#domain/agents/shown-text.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** What of an agent can be changed. Its type is not: what it may do follows from that, so another one is another agent. */
export const agentPatch = agentInput
  .omit({ type: true, start: true })
  .extend({
    visibility: agentInput.shape.visibility.unwrap(),
    accepts: agentInput.shape.accepts.unwrap(),
    envelopeKeys: agentInput.shape.envelopeKeys.unwrap(),
  })
  .partial()
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), {
    message: "must change something",
  });
export type AgentPatch = z.output<typeof agentPatch>;

/** What an agent says of itself. Who sees it and whose messages it takes, and what it is called, is its account's to say. */
const ITS_OWN = new Set<string>([
  "description",
  "capabilities",
  "envelopeKeys",
] satisfies (keyof AgentPatch)[]);

/** Why a principal may not make this change, or null. */
export function changeRefusal(
  agent: AgentRecord,
  { agentId }: Principal,
  patch: AgentPatch,
): Problem<"forbidden"> | null {
  if (agentId === undefined) return null;
  if (agentId !== agent.id)
    return { code: "forbidden", detail: "an agent changes no agent but itself" };
  const beyond = Object.keys(patch).filter((name) => !ITS_OWN.has(name));
  if (beyond.length === 0) return null;
  return { code: "forbidden", detail: `an agent does not change its own ${beyond.join(", ")}` };
}

/** The agent as the change leaves it. */
export const patchedAgent = (
  agent: AgentRecord,
  patch: AgentPatch,
  nowMs: number,
): AgentRecord => ({
  ...agent,
  ...patch,
  nameKey: patch.name === undefined ? agent.nameKey : nameKeyOf(patch.name),
  version: agent.version + 1,
  updatedAtMs: nowMs,
});

type Deps = {
  agents: {
    agent(id: string): Promise<AgentRecord | null>;
    /** Stores it in the place of the version before it, if that is still the one there. */
    replaceAgent(agent: AgentRecord): Promise<"done" | "stale" | "name-taken">;
  };
};
type Asked = {
  id: string;
  patch: AgentPatch;
  /** The version in `If-Match`. */
  expected: number | "any" | undefined;
};
type Refused = Problem<
  "invalid-request" | "not-found" | "forbidden" | "version-required" | "version-stale" | "conflict"
>;

/** Changes an agent of the caller's account. */
export async function updateAgent(
  { agents }: Deps,
  by: Principal,
  { id, patch, expected }: Asked,
  nowMs: number,
): Promise<Result<AgentRecord, Refused>> {
  const agent = await agents.agent(id);
  if (agent === null || agent.accountId !== by.accountId) return err({ code: "not-found" });
  const refusal = changeRefusal(agent, by, patch);
  if (refusal !== null) return err(refusal);
  if (expected === undefined) return err({ code: "version-required" });
  if (expected !== "any" && expected !== agent.version) return err({ code: "version-stale" });
  const fit = checkShown(patch);
  if (!fit.ok) return fit;
  const changed = patchedAgent(agent, patch, nowMs);
  const stored = await agents.replaceAgent(changed);
  if (stored === "stale") return err({ code: "version-stale" });
  return stored === "name-taken" ? err(nameTaken) : ok(changed);
}
