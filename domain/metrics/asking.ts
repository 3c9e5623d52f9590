import {
  ACCOUNTS_KEPT,
  baseOf,
  CELLS_MAX,
  type Keeping,
  PLATFORM_KEPT,
} from "#domain/metrics/keeping.ts";
import {
  ACCOUNT_LABEL,
  ACCOUNT_METRIC_NAMES,
  askableLabels,
  isAccountMetric,
  isMetricName,
  METRIC_NAMES,
  type MetricName,
} from "#domain/metrics/names.ts";
import type { Asked } from "#domain/metrics/rollups.ts";
import { labelsFrom } from "#domain/metrics/series.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Steps of one answer. */
export const POINTS_MAX = 1_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Kept steps that are read for one answer. */
const READ_MAX = 10_000;

type Query = {
  name: string;
  labels?: string | undefined;
  by?: string | undefined;
  fromMs: number;
  toMs: number;
  stepMs: number;
};

const invalid = (name: string, detail: string): Problem<"invalid-request"> => ({
  code: "invalid-request",
  errors: [{ pointer: `#/query/${name}`, detail }],
});

/** Who asks: the first account reads the platform's series and its own, everybody else their own. */
export type Asker = { accountId: string; isFirst: boolean };

/** The metrics that somebody may read. */
export const metricNamesFor = ({ isFirst }: Pick<Asker, "isFirst">): readonly MetricName[] =>
  isFirst ? [...METRIC_NAMES, ...ACCOUNT_METRIC_NAMES] : ACCOUNT_METRIC_NAMES;

const keepingOf = (name: MetricName): Keeping =>
  isAccountMetric(name) ? ACCOUNTS_KEPT : PLATFORM_KEPT;

/** What an answer that would be too large is refused with. */
export const TOO_MANY_POINTS: Problem<"invalid-request"> = invalid(
  "by",
  `makes more than ${CELLS_MAX} points together: take a larger step, a shorter time, fewer labels, or only some series by \`labels\``,
);

/** What a query asks for, or what is wrong with it. */
export function askedFrom(
  query: Query,
  { accountId, isFirst }: Asker,
): Result<Asked, Problem<"invalid-request" | "forbidden">> {
  const { name, fromMs, toMs, stepMs } = query;
  if (!isMetricName(name))
    return err(invalid("name", "names no metric; /v1/metrics/names lists them"));
  const isOwn = isAccountMetric(name);
  if (!isOwn && !isFirst) return err(PLATFORMS_ALONE);
  const labels = labelsFrom(query.labels ?? "");
  const known = askableLabels(name);
  const those = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
  if (labels === null || Object.keys(labels).some((label) => !known.includes(label)))
    return err(invalid("labels", `must be like label="value",other="value"; ${those}`));
  const by = query.by === undefined ? [] : query.by.split(",", known.length + 1);
  if (by.some((label) => !known.includes(label)) || new Set(by).size < by.length)
    return err(invalid("by", `must be labels of the metric; ${those}`));
  if (fromMs >= toMs) return err(invalid("from", "must be before `to`"));
  if (keepingOf(name).keptMs[baseOf(stepMs)] === 0)
    return err(invalid("step", "of what is measured of an account is whole minutes"));
  const steps = (toMs - fromMs) / stepMs;
  if (steps > POINTS_MAX) return err(invalid("step", `makes more than ${POINTS_MAX} points`));
  if ((toMs - fromMs) / baseOf(stepMs) > READ_MAX)
    return err(invalid("step", "is too small for so long a time: take hours"));
  const wanted = isOwn ? { ...labels, [ACCOUNT_LABEL]: accountId } : labels;
  return ok({ name, labels: wanted, by, fromMs, toMs, stepMs });
}

const PLATFORMS_ALONE: Problem<"forbidden"> = {
  code: "forbidden",
  detail: `that is measured of the platform, for its first account; of yours there is ${ACCOUNT_METRIC_NAMES.join(", ")}`,
};

/** The finest step in which a time that began then is kept, and that makes a readable number of points. */
export function stepFor(name: string, fromMs: number, toMs: number, nowMs: number): number {
  const { keptMs } = isMetricName(name) ? keepingOf(name) : PLATFORM_KEPT;
  const least = (toMs - fromMs) / 240;
  const ageMs = nowMs - fromMs;
  if (ageMs <= keptMs[SECOND_MS] && least <= 10 * SECOND_MS) return ceiling(least, SECOND_MS);
  if (ageMs <= keptMs[MINUTE_MS]) return ceiling(least, MINUTE_MS);
  return ceiling(least, HOUR_MS);
}

const ceiling = (ms: number, unit: number): number => Math.max(1, Math.ceil(ms / unit)) * unit;
