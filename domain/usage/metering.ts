import type { Principal } from "#domain/accounts/model.ts";
import { usageGathering } from "./gathering.ts";
import { callerOf, TOKENS, type UsageOperation, unitsOf } from "./use.ts";

/** Counts one call of a principal's account, in this isolate. */
export function meterUse(
  principal: Principal,
  operation: UsageOperation,
  isDone: boolean,
  nowMs: number,
): void {
  const counts = { calls: 1, failed: isDone ? 0 : 1, units: isDone ? unitsOf(operation) : 0 };
  usageGathering.add(principal.accountId, callerOf(principal), operation, counts, nowMs);
}

/** Counts tokens that a model read and wrote for an account, beside the call that asked for them. */
export function meterTokens(accountId: string, tokens: number, nowMs: number): void {
  usageGathering.add(accountId, "service", TOKENS, { calls: 0, failed: 0, units: tokens }, nowMs);
}
