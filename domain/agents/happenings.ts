import type { AgentState, AgentVisibility } from "#domain/agents/model.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { Result } from "#domain/shared/result.ts";
import type { EventDraft } from "#domain/topics/event.ts";

/**
 * One change of an agent as the catalog's triggers note it. `moved`: from one state to another; `changed`: what is said of
 * it; `silent` and `answering`: it stopped answering, or answers again. `seq` never comes again.
 */
export type AgentHappened = {
  seq: number;
  agentId: string;
  accountId: string;
  what: "registered" | "moved" | "changed" | "deleted" | "silent" | "answering";
  stateBefore: AgentState | null;
  state: AgentState | null;
  visibility: AgentVisibility | null;
  atMs: number;
};

/** What a move is called, by the state it leads to; one that leads back to work, by where it began. */
const MOVED: Record<AgentState, string> = {
  created: "changed",
  active: "resumed",
  paused: "paused",
  retired: "retired",
  quarantined: "quarantined",
};

function typeOf({ what, stateBefore, state }: AgentHappened): string {
  if (what !== "moved" || state === null) return what === "moved" ? "changed" : what;
  if (stateBefore === "quarantined") return "released";
  return state === "active" && stateBefore === "created" ? "started" : MOVED[state];
}

/** `agent.registered` and so on: states and ids, nothing that its account wrote of it. */
export function agentEvent(happened: AgentHappened): EventDraft {
  const { seq, agentId, stateBefore, state, visibility, atMs } = happened;
  const data = {
    agentId,
    ...(state !== null && { state }),
    ...(stateBefore !== null && stateBefore !== state && { stateBefore }),
    ...(visibility !== null && { visibility }),
  };
  const type = `agent.${typeOf(happened)}`;
  return { id: `${agentId}.${seq.toString(36)}`, type, timeMs: atMs, subject: agentId, data };
}

/** A message that the agent did not come to terms with lies among its dead letters. */
export function deadLetterEvent(
  agentId: string,
  { seq, cause, kind, atMs }: { seq: number; cause: string; kind: string; atMs: number },
  id: string,
): EventDraft {
  const data = { agentId, messageId: String(seq), kind, cause };
  return { id, type: "agent.dead-letter", timeMs: atMs, subject: agentId, data };
}

type TellDeps = {
  topics: {
    append(
      accountId: string,
      topic: "agent.events",
      drafts: EventDraft[],
    ): Promise<Result<unknown, Problem>>;
  };
};

/** Those of which the topics know now. */
export async function tellAgents(
  { topics }: TellDeps,
  all: readonly AgentHappened[],
): Promise<AgentHappened[]> {
  const told = await Promise.all(
    [...Map.groupBy(all, ({ accountId }) => accountId)].map(async ([accountId, members]) => {
      const taken = await topics.append(accountId, "agent.events", members.map(agentEvent));
      return taken.ok ? members : [];
    }),
  );
  return told.flat();
}
