import type {
  Accepts,
  AgentInput,
  AgentState,
  AgentType,
  AgentView,
  AgentVisibility,
} from "#domain/agents/model.ts";
import { nameKeyOf } from "#domain/agents/names.ts";

import type { Outside } from "#domain/agents/outside.ts";
import type { EnvelopeKey } from "#domain/envelope/keys.ts";

/** Why an agent is in quarantine, who put it there, and what it was before. */
export type Held = {
  from: AgentState;
  by: "account" | "operator";
  reason: string;
  sinceMs: number;
};

/** An agent as the catalog has it. */
export type AgentRecord = {
  id: string;
  accountId: string;
  /** Who registered it. */
  principalId: string;
  name: string;
  /** What no two agents of one account share. */
  nameKey: string;
  type: AgentType;
  description: string;
  capabilities: string[];
  visibility: AgentVisibility;
  accepts: Accepts;
  state: AgentState;
  /** In quarantine only. */
  held: Held | null;
  /** Where its program is not ours. */
  outside: Outside | null;
  /** Public keys, for envelopes to it and from it. */
  envelopeKeys: EnvelopeKey[];
  /** Grows with every change: its ETag. */
  version: number;
  createdAtMs: number;
  updatedAtMs: number;
};

type Asking = { accountId: string };

/** Whether an account may know of it at all; to others it is not there. */
export const isVisibleTo = (agent: AgentRecord, { accountId }: Asking): boolean =>
  agent.accountId === accountId || agent.visibility === "listed";

/** Whether messages of an account are taken. */
export function takesFrom(agent: AgentRecord, { accountId }: Asking): boolean {
  if (agent.accountId === accountId) return true;
  if (agent.visibility !== "listed" || agent.accepts === "account") return false;
  return agent.accepts === "listed" || agent.accepts.includes(accountId);
}

export function agentFrom(
  input: AgentInput,
  by: { accountId: string; principalId: string },
  id: string,
  nowMs: number,
): AgentRecord {
  const { start, ...described } = input;
  return {
    ...described,
    ...by,
    id,
    nameKey: nameKeyOf(input.name),
    state: start ? "active" : "created",
    held: null,
    outside: null,
    version: 1,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/** Of another account it shows whom it takes messages from only as far as the caller is concerned. */
export function agentViewOf(agent: AgentRecord, asking: Asking): AgentView {
  const isOwn = agent.accountId === asking.accountId;
  return {
    id: agent.id,
    accountId: agent.accountId,
    name: agent.name,
    type: agent.type,
    description: agent.description,
    capabilities: agent.capabilities,
    visibility: agent.visibility,
    accepts: isOwn ? agent.accepts : takesFrom(agent, asking) ? "listed" : "account",
    state: agent.state,
    ...(isOwn && agent.held !== null && { quarantine: quarantineViewOf(agent.held) }),
    ...(agent.outside !== null && { outside: outsideViewOf(agent.outside) }),
    envelopeKeys: agent.envelopeKeys,
    version: agent.version,
    createdAt: new Date(agent.createdAtMs).toISOString(),
    updatedAt: new Date(agent.updatedAtMs).toISOString(),
  };
}

const outsideViewOf = (outside: Outside): AgentView["outside"] => ({
  cardUrl: outside.cardUrl,
  card: outside.standing,
  cardVersion: outside.cardVersion,
  endpoint: outside.endpoint,
  checkedAt: new Date(outside.checkedAtMs).toISOString(),
});

const quarantineViewOf = ({ from, by, reason, sinceMs }: Held): AgentView["quarantine"] => ({
  from,
  by,
  reason,
  since: new Date(sinceMs).toISOString(),
});
