import { addressFrom } from "#domain/shared/network.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** How often something was tried without success since a time. */
export type AttemptRecord = { failures: number; sinceMs: number };

/** After this long, counting begins anew. */
export const ATTEMPT_WINDOW_MS = 15 * 60_000;

export type CountAttempt = (id: string, nowMs: number) => Promise<AttemptRecord>;

/** What one client can easily come from: an IPv4 address, or the /56 that a provider gives a household (RFC 6177). */
export function networkName(address: string | null): string | null {
  const known = address === null ? null : addressFrom(address);
  if (known === null) return null;
  return known.width === 32 ? `4:${known.value}` : `6:${known.value >> 72n}`;
}

/**
 * What guesses at one person's password are counted for. A browser that this person has signed in with before has a
 * count of its own, so nobody elsewhere can use it up; others share that of the network they come from, or one for
 * all where no address can be trusted. Counted whether such a person exists or not.
 */
export const guesserOf = (
  emailIndex: string,
  from: { device: string | null; network: string | null },
): string =>
  from.device === null
    ? `sign-in ${emailIndex} network ${from.network ?? "any"}`
    : `sign-in ${emailIndex} device ${from.device}`;

/** Counts an attempt before it is made, so that a burst gets no more than the same number one after another. */
export async function counted(
  deps: { sha256Hex(text: string): Promise<string>; countAttempt: CountAttempt },
  what: string,
  max: number,
  nowMs: number,
): Promise<Result<{ attemptId: string }, Problem<"too-many-requests">>> {
  const attemptId = await deps.sha256Hex(what);
  const { failures, sinceMs } = await deps.countAttempt(attemptId, nowMs);
  if (failures <= max) return ok({ attemptId });
  return err({
    code: "too-many-requests",
    retryAfterS: (sinceMs + ATTEMPT_WINDOW_MS - nowMs) / 1000,
  });
}
