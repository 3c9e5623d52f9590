import { type Action, requirementOf } from "./actions.ts";

/**
 * What is done by HTTP alone: keys, policies, people and their sessions decide who may do the rest, and are nothing
 * that a protocol for agents carries.
 */
const EXCEPTED: ReadonlySet<string> = new Set([
  "key",
  "client",
  "grant",
  "signing-key",
  "policy",
  "person",
  "session",
  "member",
  "invitation",
  "outbox",
  "identity-provider",
  "directory",
]);
const EXCEPTED_ACTIONS: ReadonlySet<Action> = new Set<Action>([
  // A person's accounts, which no agent has.
  "account.make",
  "account.list",
  "agent-key.make",
  "agent-key.read",
  "agent-key.revoke",
]);

/** Whether an action is reachable by every protocol: HTTP, MCP, A2A and sessions. */
export const isOperation = (action: Action): boolean =>
  !EXCEPTED.has(requirementOf(action).resource) && !EXCEPTED_ACTIONS.has(action);
