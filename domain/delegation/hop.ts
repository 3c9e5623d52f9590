import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/**
 * One delegation of work from an agent to the next. The platform makes it from what it has stored itself: no agent says
 * what chain it is in. `chain` is every agent from the first to the one that is given the work.
 */
export type Hop = {
  /** Of the message or task that carries it. */
  id: string;
  /** Of the first hop: the same all along. */
  rootId: string;
  chain: readonly string[];
  /** How many more hops this one and all after it may make together, and how long they may take. */
  budget: number;
  deadlineMs: number;
};

/** A hop that an agent was given, as its object knows it; `taskId` where it came as a task. */
export type HeldHop = Hop & { state: HopState; taskId: string | null };
export type HopState = "open" | "canceled";

/** What the delegating agent asks for; the rest it inherits. */
export type Asked = { id: string; to: string; budget?: number; deadlineMs?: number };

export type Refused = Problem<
  "delegation-loop" | "delegation-too-deep" | "delegation-over" | "budget-exhausted"
>;

/** Unless the first says otherwise. */
const BUDGET_DEFAULT = 64;
const DEADLINE_DEFAULT_MS = 24 * 3_600_000;

/**
 * The hop that an agent may make (or a person or service, `from` null, as the first), and what it costs the hop it makes it in: one, and the budget it hands on, so that all
 * hops of a tree together are at most the first budget. Nothing has been stored or spent when it is refused.
 */
export function nextHop(
  from: string | null,
  parent: HeldHop | null,
  asked: Asked,
  nowMs: number,
): Result<{ hop: Hop; cost: number }, Refused> {
  const before = from === null ? [] : [from];
  const chain = [...(parent?.chain ?? before), asked.to];
  if (chain.indexOf(asked.to) < chain.length - 1)
    return err({ code: "delegation-loop", detail: `it came by ${chain.join(" → ")}` });
  if (chain.length > LIMITS.delegationChainMax)
    return err({
      code: "delegation-too-deep",
      detail: `work is handed on through at most ${LIMITS.delegationChainMax} agents`,
    });
  if (parent !== null && parent.state !== "open")
    return err({ code: "delegation-over", detail: `the work it is for is ${parent.state}` });
  const endMs = parent?.deadlineMs ?? nowMs + DEADLINE_DEFAULT_MS;
  if (endMs <= nowMs) return err({ code: "delegation-over", detail: "its deadline has passed" });
  const left = (parent?.budget ?? LIMITS.delegationBudgetMax + 1) - 1;
  const budget = asked.budget ?? (parent === null ? BUDGET_DEFAULT : Math.floor(left / 2));
  if (left < 0 || budget > left)
    return err({
      code: "budget-exhausted",
      detail: `of the budget ${Math.max(0, left)} may be handed on`,
    });
  const deadlineMs = Math.min(asked.deadlineMs ?? endMs, parent === null ? Infinity : endMs);
  if (deadlineMs <= nowMs)
    return err({ code: "delegation-over", detail: "its deadline has passed" });
  const { id } = asked;
  const hop: Hop = { id, rootId: parent?.rootId ?? id, chain, budget, deadlineMs };
  return ok({ hop, cost: 1 + budget });
}

/**
 * Which of the work that an agent holds a hop is for. What it names counts where it holds it; where it names nothing it is
 * what it holds, so that leaving the name out hides no chain; holding several, it says which.
 */
export function parentOf(
  held: readonly HeldHop[],
  named: string | null,
): Result<HeldHop | null, Problem<"delegation-over" | "delegation-unclear">> {
  if (named !== null) {
    const parent = held.find(({ id, taskId }) => id === named || taskId === named);
    return parent === undefined
      ? err({ code: "delegation-over", detail: "the agent holds no such work" })
      : ok(parent);
  }
  if (held.length <= 1) return ok(held[0] ?? null);
  return err({
    code: "delegation-unclear",
    detail: "the agent holds several pieces of work: name the one this is for",
  });
}
