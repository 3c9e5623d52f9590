import type { AgentState } from "#domain/agents/model.ts";
import type { AgentRecord, Held } from "#domain/agents/record.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** What can be done to an agent's life. Each is idempotent: where it stands already, nothing changes. */
export const LIFE_VERBS = ["start", "pause", "resume", "retire", "quarantine", "release"] as const;
export type LifeVerb = (typeof LIFE_VERBS)[number];

/** From where each leads where; a quarantine ends in what it began in, so `release` names no goal. */
const MOVES: Record<
  Exclude<LifeVerb, "release">,
  { from: readonly AgentState[]; to: AgentState }
> = {
  start: { from: ["created"], to: "active" },
  pause: { from: ["active"], to: "paused" },
  resume: { from: ["paused"], to: "active" },
  retire: { from: ["created", "active", "paused"], to: "retired" },
  quarantine: { from: ["created", "active", "paused", "retired"], to: "quarantined" },
};

/** Whether its account or others may leave messages for it: a paused one finds them when it goes on. */
export const takesMail = (state: AgentState): boolean =>
  state === "created" || state === "active" || state === "paused";

/** Whether it is given anything to do, and whether its keys and tokens work. */
export const isAtWork = (state: AgentState): boolean => state === "active";

/** Who puts an agent into quarantine or lets it out, and why. */
export type Hold = { by: Held["by"]; reason: string };

type Standing = Pick<AgentRecord, "state" | "held">;

/**
 * What an agent is after a verb; null where it is that already. One that the operator holds is let out by nobody else,
 * so that its account cannot undo what protects others.
 */
export function moved(
  { state, held }: Standing,
  verb: LifeVerb,
  hold: Hold,
  nowMs: number,
): Result<Standing | null, Problem<"conflict" | "forbidden">> {
  if (verb === "release") {
    if (held === null) return ok(null);
    if (held.by === "operator" && hold.by !== "operator")
      return err({ code: "forbidden", detail: "the operator holds it" });
    return ok({ state: held.from, held: null });
  }
  const { from, to } = MOVES[verb];
  if (state === to && !(verb === "quarantine" && takesOver(held, hold))) return ok(null);
  if (verb === "quarantine") {
    const since = held ?? { from: state, sinceMs: nowMs };
    return ok({ state: to, held: { ...since, by: hold.by, reason: hold.reason } });
  }
  if (!from.includes(state))
    return err({ code: "conflict", detail: `a ${state} agent cannot ${verb}` });
  return ok({ state: to, held: null });
}

/** The operator makes an account's own quarantine its own; the other way round nothing changes. */
const takesOver = (held: Held | null, hold: Hold): boolean =>
  held !== null && held.by === "account" && hold.by === "operator";

type Deps = {
  agents: {
    agent(id: string): Promise<AgentRecord | null>;
    /** Writes the state where the version is still the one read; null where it is not. */
    moveAgent(
      agent: AgentRecord,
      to: Pick<AgentRecord, "state" | "held">,
      nowMs: number,
    ): Promise<AgentRecord | null>;
    /** Its object will look at its record soon, whatever becomes of the caller. */
    expectChange(id: string): Promise<void>;
    /** Its object makes its work and its units follow the record now. */
    followRecord(id: string): Promise<void>;
  };
};

/** What reaches beyond the record: elsewhere nobody has to be told. */
const REACHES: readonly LifeVerb[] = ["quarantine", "release"];

/** How often another change may come between before the caller is told to look again. */
const TRIES = 4;

/** Leads an agent to what the verb says. `expectedVersion` null takes whatever it is. */
export async function leadAgent(
  { agents }: Deps,
  found: AgentRecord,
  verb: LifeVerb,
  { hold, expectedVersion }: { hold: Hold; expectedVersion: number | null },
  nowMs: number,
): Promise<Result<AgentRecord, Problem<"conflict" | "forbidden" | "not-found" | "version-stale">>> {
  const reaches = REACHES.includes(verb);
  let agent: AgentRecord | null = found;
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (agent === null) return err({ code: "not-found" });
    if (expectedVersion !== null && agent.version !== expectedVersion)
      return err({ code: "version-stale" });
    const to = moved(agent, verb, hold, nowMs);
    if (!to.ok) return to;
    if (reaches && to.value !== null) await agents.expectChange(agent.id);
    const after = to.value === null ? agent : await agents.moveAgent(agent, to.value, nowMs);
    if (after !== null) {
      if (reaches) await agents.followRecord(agent.id);
      return ok(after);
    }
    agent = await agents.agent(found.id);
  }
  return err({ code: "conflict", detail: "it is being changed by others; look again" });
}
