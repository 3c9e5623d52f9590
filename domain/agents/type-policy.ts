import type { AgentType } from "#domain/agents/model.ts";
import type { Problem } from "#domain/shared/problem.ts";

/**
 * What an action is to an agent that does it. `reads`: looks at what is shared. `talks`: sends, receives and works on
 * what it was given. `writes`: changes what is shared. `runs`: changes agents. What is none of these is for people.
 */
export const USES = ["reads", "talks", "writes", "runs"] as const;
export type Use = (typeof USES)[number];

/** By action (domain/policies/actions.ts); what is not named here no agent does. */
const USE_OF: Readonly<Record<string, Use>> = {
  "account.read": "reads",
  "limit.read": "reads",
  "policy.explain": "reads",
  "session.read": "reads",
  "session.end": "talks",
  "unit.read": "reads",
  "unit.search": "reads",
  "space.read": "reads",
  "collection.read": "reads",
  "agent.read": "reads",
  "agent.match": "reads",
  "agent.call": "talks",
  "task.read": "talks",
  "task.update": "talks",
  "task.create": "talks",
  "task.show": "talks",
  "task.cancel": "talks",
  "task.take": "talks",
  "pool.read": "talks",
  "reservation.hold": "talks",
  "task.subscribe": "talks",
  "queue.read": "reads",
  "topic.read": "reads",
  "topic.append": "talks",
  "topic.consume": "talks",
  // Each operation behind them is asked about by itself.
  "a2a.use": "reads",
  "mcp.use": "reads",
  "stream.open": "reads",
  "inference.use": "talks",
  "inference.read": "reads",
  "message.send": "talks",
  "message.receive": "talks",
  "message.read": "talks",
  "channel.read": "talks",
  "channel.send": "talks",
  "delivery.read": "talks",
  "delivery.change": "talks",
  "agent-state.read": "talks",
  "agent-state.change": "talks",
  // What it says of itself (domain/agents/update.ts).
  "agent.change": "talks",
  // Its own, by a key that was given the scope for them.
  "key.make": "talks",
  "key.read": "talks",
  "key.rotate": "talks",
  "key.revoke": "talks",
  "unit.publish": "writes",
  "unit.revise": "writes",
  "unit.retract": "writes",
  "agent.register": "runs",
  "agent.run": "runs",
};

/** What each type is for. Whoever only asks, or judges what others wrote, writes nothing that others will find. */
const USES_OF: Record<AgentType, readonly Use[]> = {
  query: ["reads", "talks"],
  analysis: ["reads", "talks", "writes"],
  generation: ["reads", "talks", "writes"],
  verification: ["reads", "talks"],
  coordination: ["reads", "talks", "runs"],
};

/** What the action is to an agent; null where none does it. */
export const useOf = (action: string): Use | null =>
  Object.hasOwn(USE_OF, action) ? (USE_OF[action] ?? null) : null;

/** Why an agent of a type never does an action, whatever its key was given, or null. */
export function typeRefusal(type: AgentType, action: string): Problem<"forbidden"> | null {
  const use = useOf(action);
  if (use === null) return { code: "forbidden", detail: "this is for people and services" };
  if (USES_OF[type].includes(use)) return null;
  const what = use === "writes" ? "write" : "change agents";
  return { code: "forbidden", detail: `an agent of type ${type} does not ${what}` };
}
