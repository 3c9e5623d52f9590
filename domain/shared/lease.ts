import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/**
 * Whoever has the newest lease of a thing works on it (leases: Gray & Cheriton 1989; fencing tokens: Kleppmann 2016).
 * `token` grows with each lease of it and never repeats, so whoever keeps the newest token it has seen can refuse the
 * late writes of an earlier holder. A holder that took too long keeps its right until somebody else is given it.
 */
export type Lease = { token: number; untilMs: number };

/** A new lease. `newestToken` is the newest that was given for anything under this owner; the new one comes after it. */
export const leaseAfter = (newestToken: number, nowMs: number, lifeMs: number): Lease => ({
  token: newestToken + 1,
  untilMs: nowMs + lifeMs,
});

/** Whether it may be given to somebody else. */
export const isFree = (lease: Lease | null, nowMs: number): boolean =>
  lease === null || lease.untilMs <= nowMs;

/** Whether what comes with this token comes from its holder. Null: nobody has it, as after it was given back. */
export const isHeldBy = (lease: Lease | null, token: number): boolean => lease?.token === token;

/** The same lease, ending later (or sooner); refused to whoever is not its holder any more. */
export function extended(
  lease: Lease | null,
  token: number,
  nowMs: number,
  lifeMs: number,
): Result<Lease, Problem<"lease-lost">> {
  if (!isHeldBy(lease, token)) return err(LEASE_LOST);
  return ok({ token, untilMs: nowMs + lifeMs });
}

/** Whether another attempt is worth it, or the thing goes to the dead letters. */
export const isSpent = (attempts: number, attemptsMax: number): boolean => attempts >= attemptsMax;

export const LEASE_LOST: Problem<"lease-lost"> = {
  code: "lease-lost",
  detail: "the fencing token is not that of its newest lease",
};
