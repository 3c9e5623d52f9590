import type { Principal } from "#domain/accounts/model.ts";
import type { Action } from "#domain/policies/actions.ts";

/** Who acted: an agent, a person in a session of theirs, or a program with a key or token. */
export const CALLERS = ["agent", "person", "service"] as const;
export type Caller = (typeof CALLERS)[number];

export const HOUR_MS = 3_600_000;
export const hourOf = (ms: number): number => ms - (ms % HOUR_MS);

/** What an operation is by the table of actions; beside those, the tokens that models read and write. */
export const TOKENS = "inference.tokens";
export type UsageOperation = Action | typeof TOKENS;

/** How much there was of one operation by one kind of caller of an account. `units`: what it costs, in units of cost. */
export type Counts = { calls: number; failed: number; units: number };

/** One use, or several that are alike: `[accountId, caller, operation, hourMs, calls, failed, units]`. */
export type UseRow = [
  accountId: string,
  caller: Caller,
  operation: string,
  hourMs: number,
  calls: number,
  failed: number,
  units: number,
];

/** What is asked by these is an operation of its own, which is counted. */
const CARRIERS: ReadonlySet<string> = new Set(["mcp.use", "a2a.use", "stream.open", "agent.run"]);

/** What one call costs; what failed costs nothing. */
export const unitsOf = (operation: string): number => (CARRIERS.has(operation) ? 0 : 1);

export const callerOf = ({ agentId, personId, sessionId }: Principal): Caller =>
  agentId !== undefined
    ? "agent"
    : personId !== undefined || sessionId !== undefined
      ? "person"
      : "service";

export const addCounts = (into: Counts, { calls, failed, units }: Counts): void => {
  into.calls += calls;
  into.failed += failed;
  into.units += units;
};
