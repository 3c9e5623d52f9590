import type { Principal, Role, Scope } from "#domain/accounts/model.ts";
import { agentRefusal } from "#domain/agents/principal.ts";
import type { Problem } from "#domain/shared/problem.ts";

/** What an action needs before any policy of an account is asked: these bind everybody, and a policy only narrows them. */
export type Requirement = {
  /** What it is done to: the `resource.type` of a policy. */
  resource: string;
  /** What the credential must carry; none where any valid credential will do. */
  scope?: Scope;
  /** A session that a person opened needs no scope for it: a key of theirs must not tell its holder whom they work with. */
  inPerson?: true;
  /** The least role that may do it. */
  role: Role;
  /** A person's session must have proven its second factor a short while ago; keys and tokens are not bound by it. */
  fresh?: true;
  /** Recorded in the account's audit log. */
  sensitive?: true;
  /** No policy of an account narrows it: leaving, asking why, and mending the policy itself. */
  unruled?: true;
};

/** Everything that anybody can be allowed or refused. A route names one of these, or it is public. */
export const ACTIONS = {
  "account.read": { resource: "account", role: "viewer" },
  "account.change": { resource: "account", scope: "admin", role: "owner", sensitive: true },
  "session.read": { resource: "session", role: "viewer", unruled: true },
  "session.end": { resource: "session", role: "viewer", unruled: true },
  "person.read": { resource: "person", role: "viewer", unruled: true },
  // Whoever has a second factor proves it before adding another; see mayEnrol (domain/people/enrol.ts).
  "person.enrol": { resource: "person", role: "viewer", unruled: true, sensitive: true },
  "person.password": { resource: "person", role: "viewer", unruled: true, sensitive: true },
  "person.change": {
    resource: "person",
    role: "viewer",
    unruled: true,
    fresh: true,
    sensitive: true,
  },
  "session.prove": { resource: "session", role: "viewer", unruled: true },
  "account.make": { resource: "account", role: "viewer", unruled: true, sensitive: true },
  "account.list": { resource: "account", role: "viewer", unruled: true },
  "session.switch": { resource: "session", role: "viewer", unruled: true },
  "member.read": { resource: "member", scope: "admin", inPerson: true, role: "viewer" },
  "member.invite": {
    resource: "member",
    scope: "admin",
    role: "admin",
    fresh: true,
    sensitive: true,
  },
  "member.change": {
    resource: "member",
    scope: "admin",
    role: "admin",
    fresh: true,
    sensitive: true,
  },
  "member.remove": {
    resource: "member",
    scope: "admin",
    role: "admin",
    fresh: true,
    sensitive: true,
  },
  "member.leave": { resource: "member", role: "viewer", unruled: true, sensitive: true },
  "invitation.read": { resource: "invitation", scope: "admin", role: "admin" },
  "invitation.withdraw": {
    resource: "invitation",
    scope: "admin",
    role: "admin",
    sensitive: true,
  },
  "outbox.read": { resource: "outbox", scope: "admin", role: "owner" },
  // What the platform measures of itself is the first account's.
  "metrics.read": { resource: "metrics", scope: "admin", role: "admin" },
  "usage.read": { resource: "usage", scope: "admin", role: "viewer" },
  "limit.read": { resource: "limit", role: "viewer" },
  "plan.change": { resource: "account", scope: "admin", role: "owner", sensitive: true },
  "key.make": { resource: "key", scope: "keys", role: "member", fresh: true, sensitive: true },
  "key.read": { resource: "key", scope: "keys", role: "member" },
  "key.rotate": { resource: "key", scope: "keys", role: "member", fresh: true, sensitive: true },
  "key.revoke": { resource: "key", scope: "keys", role: "member", sensitive: true },
  "policy.read": { resource: "policy", scope: "admin", role: "auditor", unruled: true },
  "policy.change": {
    resource: "policy",
    scope: "admin",
    role: "admin",
    fresh: true,
    sensitive: true,
    unruled: true,
  },
  "policy.explain": { resource: "policy", role: "viewer", unruled: true },
  "client.make": {
    resource: "client",
    scope: "keys",
    role: "member",
    fresh: true,
    sensitive: true,
  },
  "client.read": { resource: "client", scope: "keys", role: "member" },
  "client.revoke": { resource: "client", scope: "keys", role: "member", sensitive: true },
  "grant.make": { resource: "grant", role: "viewer", fresh: true, sensitive: true },
  "grant.read": { resource: "grant", scope: "keys", role: "viewer" },
  "grant.revoke": { resource: "grant", scope: "keys", role: "viewer", sensitive: true },
  "signing-key.read": { resource: "signing-key", scope: "admin", role: "admin" },
  "signing-key.change": {
    resource: "signing-key",
    scope: "admin",
    role: "owner",
    fresh: true,
    sensitive: true,
  },
  "unit.publish": { resource: "unit", scope: "units:write", role: "member" },
  "unit.revise": { resource: "unit", scope: "units:write", role: "member" },
  "unit.retract": { resource: "unit", scope: "units:write", role: "member" },
  "unit.read": { resource: "unit", scope: "units:read", role: "viewer" },
  "unit.search": { resource: "unit", scope: "search", role: "viewer" },
  "agent.register": { resource: "agent", scope: "agents", role: "member" },
  "agent.run": { resource: "agent", scope: "agents", role: "member" },
  "agent-state.read": { resource: "agent", scope: "agents", role: "member" },
  "agent-state.change": { resource: "agent", scope: "agents", role: "member" },
  "agent.retire": { resource: "agent", scope: "agents", role: "member", sensitive: true },
  "agent.remove": { resource: "agent", scope: "agents", role: "member", sensitive: true },
  "agent.quarantine": { resource: "agent", scope: "agents", role: "admin", sensitive: true },
  "agent.change": { resource: "agent", scope: "agents", role: "member" },
  "agent-key.make": {
    resource: "agent",
    scope: "keys",
    role: "member",
    fresh: true,
    sensitive: true,
  },
  "agent-key.read": { resource: "agent", scope: "keys", role: "member" },
  "agent-key.revoke": { resource: "agent", scope: "keys", role: "member", sensitive: true },
  "agent.read": { resource: "agent", scope: "agents", role: "viewer" },
  "delivery.read": { resource: "agent", scope: "agents", role: "member" },
  "delivery.change": { resource: "agent", scope: "agents", role: "member", sensitive: true },
  "webhook.read": { resource: "webhook", scope: "events", role: "member" },
  // Whoever says where an account's events go reads all of them.
  "webhook.change": { resource: "webhook", scope: "events", role: "admin", sensitive: true },
  // Whoever calls an agent over A2A reads, cancels and goes on with what they have asked of it, by the same right.
  "agent.call": { resource: "agent", scope: "agents", role: "member" },
  "task.update": { resource: "task", scope: "agents", role: "member" },
  "task.read": { resource: "task", scope: "agents", role: "viewer" },
  // Work that an account gives to whoever takes it; the two above are of what an agent was asked over A2A.
  "task.create": { resource: "task", scope: "tasks", role: "member" },
  "task.show": { resource: "task", scope: "tasks", role: "viewer" },
  "task.cancel": { resource: "task", scope: "tasks", role: "member" },
  "task.take": { resource: "task", scope: "tasks", role: "member" },
  "pool.read": { resource: "pool", scope: "tasks", role: "viewer" },
  "reservation.hold": { resource: "reservation", scope: "tasks", role: "member" },
  "task.subscribe": { resource: "task", scope: "tasks", role: "member" },
  "queue.read": { resource: "queue", scope: "tasks", role: "viewer" },
  "queue.control": { resource: "queue", scope: "tasks", role: "admin", sensitive: true },
  "message.send": { resource: "message", scope: "agents", role: "member" },
  "message.read": { resource: "message", scope: "agents", role: "viewer" },
  "message.receive": { resource: "message", scope: "agents", role: "member" },
  "channel.read": { resource: "channel", scope: "events", role: "viewer" },
  "channel.change": { resource: "channel", scope: "events", role: "member", sensitive: true },
  // By whoever may send messages: an answer is one.
  "channel.send": { resource: "channel", scope: "agents", role: "member" },
  "agent.match": { resource: "agent", scope: "agents", role: "viewer" },
  // What is asked over it asks for its own right.
  "stream.open": { resource: "stream", role: "viewer" },
  // Speaking MCP, and A2A with the platform itself: what is asked by them is an operation, which asks for its own right.
  "a2a.use": { resource: "a2a", role: "viewer", unruled: true },
  "mcp.use": { resource: "mcp", role: "viewer", unruled: true },
  "inference.use": { resource: "inference", scope: "inference", role: "member" },
  "inference.read": { resource: "inference", scope: "inference", role: "viewer" },
  "inference.bound": { resource: "inference", scope: "admin", role: "admin", sensitive: true },
  "space.read": { resource: "space", role: "viewer" },
  "collection.read": { resource: "collection", scope: "units:read", role: "viewer" },
  "collection.move": { resource: "collection", scope: "admin", role: "admin", sensitive: true },
  "dead-letter.read": { resource: "dead-letter", scope: "admin", role: "admin" },
  "dead-letter.redrive": {
    resource: "dead-letter",
    scope: "admin",
    role: "admin",
    sensitive: true,
  },
  "alert.read": { resource: "alert", scope: "admin", role: "viewer" },
  "alert.change": { resource: "alert", scope: "admin", role: "admin", sensitive: true },
  "notification.read": { resource: "notification", scope: "admin", role: "admin" },
  "notification.redrive": {
    resource: "notification",
    scope: "admin",
    role: "admin",
    sensitive: true,
  },
  // Everybody's own browsers.
  "push.subscribe": { resource: "push", role: "viewer" },
  "directory.read": { resource: "directory", scope: "scim", role: "admin" },
  "directory.change": { resource: "directory", scope: "scim", role: "admin", sensitive: true },
  "identity-provider.read": { resource: "identity-provider", scope: "admin", role: "admin" },
  // Whoever connects a provider decides who signs in as whom, owners among them.
  "identity-provider.change": {
    resource: "identity-provider",
    scope: "admin",
    role: "owner",
    fresh: true,
    sensitive: true,
  },
  // The audit log's topic asks for audit.read beside it.
  "topic.read": { resource: "topic", scope: "events", role: "viewer" },
  "topic.append": { resource: "topic", scope: "events", role: "member" },
  "topic.change": { resource: "topic", scope: "admin", role: "admin", sensitive: true },
  "topic.consume": { resource: "topic", scope: "events", role: "member" },
  "audit.read": { resource: "audit", scope: "audit", role: "auditor" },
  "audit.export": { resource: "audit", scope: "audit", role: "auditor", sensitive: true },
  "trace.read": { resource: "trace", scope: "admin", role: "admin" },
  "log.read": { resource: "log", scope: "admin", role: "admin" },
  "account.export": {
    resource: "account",
    scope: "admin",
    role: "owner",
    fresh: true,
    sensitive: true,
  },
  "person.export": { resource: "person", role: "viewer", fresh: true, sensitive: true },
  "member.erase": {
    resource: "member",
    scope: "admin",
    role: "admin",
    fresh: true,
    sensitive: true,
  },
  "erasure.read": { resource: "erasure", scope: "admin", role: "admin" },
  "data-key.rewrap": { resource: "data-key", scope: "admin", role: "owner", sensitive: true },
} as const satisfies Record<string, Requirement>;
export type Action = keyof typeof ACTIONS;

export const requirementOf = (action: Action): Requirement => ACTIONS[action];

const RANKS: Record<Role, number> = { viewer: 0, auditor: 0, member: 1, admin: 2, owner: 3 };

/** An auditor stands beside the others: it reads what a viewer reads, and what only it and administrators may read. */
const isAtLeast = (role: Role, least: Role): boolean =>
  role === least || RANKS[role] >= RANKS[least === "auditor" ? "admin" : least];

/** A session whose second factor was proven longer ago than this proves it again before it does what is privileged. */
export const FRESH_FOR_MS = 10 * 60_000;

/** Why the principal cannot do this at all, or null. Everything that is not granted is refused. */
export function refusalOf(
  principal: Principal,
  action: Action,
  nowMs: number,
): Problem<"forbidden" | "second-factor-required"> | null {
  const stopped = agentRefusal(principal, action);
  if (stopped !== null) return stopped;
  const { scope, role, fresh, inPerson } = requirementOf(action);
  const isScoped = scope !== undefined && !(inPerson === true && principal.factor !== undefined);
  if (isScoped && !principal.scopes.has(scope))
    return { code: "forbidden", detail: `needs the scope ${scope}`, scope };
  if (!isAtLeast(principal.role, role))
    return { code: "forbidden", detail: `needs the role ${role}` };
  if (fresh === true && principal.factor !== undefined && !isFresh(principal.factor, nowMs))
    return { code: "second-factor-required" };
  return null;
}

const isFresh = ({ provenAtMs }: { provenAtMs: number | null }, nowMs: number): boolean =>
  provenAtMs !== null && nowMs - provenAtMs <= FRESH_FOR_MS;
