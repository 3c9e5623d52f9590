import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

/** Any JSON value, `null` too: what an agent's program keeps between its runs. */
const state = z
  .unknown()
  .refine((value) => value !== undefined, "is needed")
  .refine(
    (value) => (JSON.stringify(value) ?? "").length <= LIMITS.agentStateCharsMax,
    `must be at most ${LIMITS.agentStateCharsMax} characters as JSON`,
  );

export const stateInput = z.strictObject({ state });
export const upgradeInput = z.strictObject({
  /** The new program, as whoever runs it names it. */
  program: text(LIMITS.programCharsMax),
  /** The state as the new program wants it; what it was unless given. */
  state: state.optional(),
});
export const rollBackInput = z.strictObject({ release: z.int().min(0).max(1_000_000_000) });

export const stateView = z.object({
  state: z.unknown(),
  /** Of the newest release; null before the first upgrade. */
  program: z.string().nullable(),
  release: z.int(),
  /** Grows with every change: its ETag. */
  version: z.int(),
  updatedAt: z.string().nullable(),
  /** Releases that it can go back to, newest first. */
  previous: z.array(z.object({ release: z.int(), program: z.string().nullable() })),
});

/** A release of an agent's program with the state (JSON) that it works on. */
export type Release = {
  number: number;
  program: string | null;
  state: string;
  version: number;
  atMs: number;
};
export const NO_RELEASE: Release = { number: 0, program: null, state: "null", version: 0, atMs: 0 };

type Refused = Problem<"version-stale" | "conflict">;
/** `null` takes whatever is there. */
type Expected = number | null;

const isStale = (now: Release, expected: Expected): boolean =>
  expected !== null && expected !== now.version;

export function withState(
  now: Release,
  changed: string,
  expected: Expected,
  nowMs: number,
): Result<Release, Refused> {
  if (isStale(now, expected)) return err({ code: "version-stale" });
  return ok({ ...now, state: changed, version: now.version + 1, atMs: nowMs });
}

/** The next release; null where it is that already, so that an upgrade asked for twice is one. */
export function upgraded(
  now: Release,
  { program, state: migrated }: { program: string; state: string | null },
  expected: Expected,
  nowMs: number,
): Result<Release | null, Refused> {
  if (now.program === program && (migrated === null || migrated === now.state)) return ok(null);
  if (isStale(now, expected)) return err({ code: "version-stale" });
  const [number, version] = [now.number + 1, now.version + 1];
  return ok({ number, program, state: migrated ?? now.state, version, atMs: nowMs });
}

/** The release it goes back to, with the state that it had when it was left; null where it is that one already. */
export function rolledBack(
  now: Release,
  kept: readonly Release[],
  to: number,
  expected: Expected,
  nowMs: number,
): Result<Release | null, Refused> {
  if (now.number === to) return ok(null);
  if (isStale(now, expected)) return err({ code: "version-stale" });
  const before = kept.find(({ number }) => number === to);
  if (before === undefined || to > now.number)
    return err({ code: "conflict", detail: "there is no such release to go back to" });
  return ok({ ...before, version: now.version + 1, atMs: nowMs });
}
