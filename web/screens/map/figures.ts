import type { Operations } from "#sdk/types.ts";

type Metric = Operations["GET /v1/metrics"]["answer"];

/** How much goes through a part, how long that takes and how much of it fails. */
export type Flow = {
  name: string;
  perSecond: number;
  /** The slowest of its stretches; null for what has no duration. */
  p95Seconds: number | null;
  failedShare: number;
};

/** What a label of a metric says of something that failed: outcomes but `ok`, and a server's own statuses. */
const isFailure = (labels: Metric["groups"][number]["labels"]): boolean =>
  (labels["outcome"] ?? "ok") !== "ok" || labels["status"] === "5xx";

/** The flows of a metric by one of its labels, the busiest first. */
export function flowsOf({ kind, groups }: Metric, label: string, seconds: number): Flow[] {
  const byName = Map.groupBy(groups, ({ labels }) => labels[label] ?? "");
  const countOf = (some: Metric["groups"]) =>
    some
      .flatMap(({ points }) => points)
      .reduce((sum, { count, sum: grown }) => sum + (kind === "counter" ? grown : count), 0);
  return [...byName]
    .map(([name, members]): Flow => {
      const count = countOf(members);
      const slowest = members.flatMap(({ points }) => points.map(({ p95 }) => p95 ?? 0));
      return {
        name,
        perSecond: count / seconds,
        p95Seconds: kind === "histogram" ? Math.max(0, ...slowest) : null,
        failedShare:
          count === 0 ? 0 : countOf(members.filter(({ labels }) => isFailure(labels))) / count,
      };
    })
    .filter(({ perSecond }) => perSecond > 0)
    .toSorted((a, b) => b.perSecond - a.perSecond);
}

export type Level = { name: string; value: number };

/** How much there was last, by one label of a gauge. */
export const levelsOf = ({ groups }: Metric, label: string): Level[] =>
  groups.flatMap(({ labels, points }) => {
    const newest = points.at(-1);
    return newest === undefined ? [] : [{ name: labels[label] ?? "", value: newest.last }];
  });

/** A stretch of time of which all has been told by now. */
export type Stretch = { from: string; to: string; step: number };

const SECONDS = 60;
/** Told within 10 seconds (GET /v1/metrics). */
const TOLD_MS = 10_000;
/** The platform's figures are kept by the second, an account's by the minute. */
const STEP_MS = { platform: 10_000, account: 60_000 } as const;

/** The newest minute of which all has been told. */
export function stretchAt(nowMs: number, of: keyof typeof STEP_MS): Stretch {
  const stepMs = STEP_MS[of];
  const toMs = Math.floor((nowMs - TOLD_MS) / stepMs) * stepMs;
  const at = (ms: number) => new Date(ms).toISOString();
  return { from: at(toMs - SECONDS * 1_000), to: at(toMs), step: stepMs / 1_000 };
}
