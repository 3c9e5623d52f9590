import type { Context } from "hono";
import { z } from "zod";
import {
  askedFrom,
  type Asker,
  metricNamesFor,
  stepFor,
  TOO_MANY_POINTS,
} from "#domain/metrics/asking.ts";
import { askableLabels, metricOf } from "#domain/metrics/names.ts";
import { EXPOSITION_TYPE } from "#domain/metrics/prometheus.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { firstAccountOnly } from "#workers/http/first-account.ts";
import {
  type AppEnv,
  fails,
  feature,
  integerQuery,
  json,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { reachOf } from "#workers/http/reach.ts";

const THEIRS = "the platform's own figures";
const HOUR_MS = 3_600_000;
const LABELS_CHARS_MAX = 512;

const instant = z.iso.datetime({ offset: true });
const share = z.number().nullable();
const pointView = z.object({
  at: z.string(),
  /** How often something was seen. */
  count: z.int(),
  /** Of what was seen: how much a counter grew by, the seconds that requests took together. */
  sum: z.number(),
  min: z.number(),
  max: z.number(),
  /** The newest; of several series, the largest of theirs. */
  last: z.number(),
  /** Quantiles, at most 1 % off; null for what has no duration. */
  p50: share,
  p90: share,
  p95: share,
  p99: share,
});
const metricsView = z.object({
  name: z.string(),
  kind: z.enum(["counter", "gauge", "histogram"]),
  stepSeconds: z.int(),
  groups: z.array(
    z.object({ labels: z.record(z.string(), z.string()), points: z.array(pointView) }),
  ),
});
const namesView = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(["counter", "gauge", "histogram"]),
      labels: z.array(z.string()),
      help: z.string(),
    }),
  ),
});

const page = route(
  {
    method: "get",
    path: "/metrics",
    summary: "Read every metric of the platform as Prometheus does",
    description: "For keys of the first account. Text format 0.0.4.",
    access: "metrics.read",
    request: { query: z.strictObject({}) },
    responses: {
      200: { description: "The metrics", content: { "text/plain": { schema: z.string() } } },
    },
  },
  async (c) => {
    await firstAccountOnly(c, THEIRS);
    const { metrics } = c.var.services;
    await metrics.told();
    const headers = { "Content-Type": EXPOSITION_TYPE };
    return { text: await metrics.exposition(), status: 200, headers };
  },
);

const names = route(
  {
    method: "get",
    path: "/v1/metrics/names",
    summary: "List what is measured",
    description: "Of the account itself; for the first account, of the platform as well.",
    access: "metrics.read",
    responses: { 200: { description: "The metrics", ...json(namesView) } },
  },
  async (c) => {
    const items = metricNamesFor(await askerOf(c)).map((name) => {
      const { kind, help } = metricOf(name);
      return { name, kind, labels: [...askableLabels(name)], help };
    });
    return c.json({ items });
  },
);

const series = route(
  {
    method: "get",
    path: "/v1/metrics",
    summary: "Read how a metric went over time",
    description:
      "Of the account itself, kept by minute for 6 hours and by hour for 30 days; for the first account of the platform as well, kept by second for 5 minutes, by minute for 2 days, by hour for 90 days. A step is a multiple of one of these. Without a time, the last hour. What was measured is here within 10 seconds. An answer has at most 20,000 points.",
    access: "metrics.read",
    request: {
      query: z.strictObject({
        name: text(LIMITS.nameCharsMax),
        /** `label="value",other="value"`: only series with all of these. */
        labels: text(LABELS_CHARS_MAX).optional(),
        /** A group for each combination of these labels' values; without it all series together. */
        by: text(LABELS_CHARS_MAX).optional(),
        from: instant.optional(),
        to: instant.optional(),
        /** Seconds. */
        step: integerQuery(1, 86_400).optional(),
      }),
    },
    responses: {
      200: {
        description: "Points in time order; a step without any is left out",
        ...json(metricsView),
      },
      ...fails("invalid-request", "forbidden"),
    },
  },
  async (c) => {
    const asker = await askerOf(c);
    const { services, nowMs } = c.var;
    const { from, to, step, ...query } = c.req.valid("query");
    const toMs = to === undefined ? nowMs + 1 : Date.parse(to);
    const fromMs = from === undefined ? toMs - HOUR_MS : Date.parse(from);
    const stepMs = step === undefined ? stepFor(query.name, fromMs, toMs, nowMs) : step * 1_000;
    const asked = unwrap(askedFrom({ ...query, fromMs, toMs, stepMs }, asker));
    await services.metrics.told();
    const groups = (await services.metrics.groups(asked)) ?? refuse(TOO_MANY_POINTS);
    return c.json({
      name: asked.name,
      kind: metricOf(asked.name).kind,
      stepSeconds: stepMs / 1_000,
      groups: groups.map(({ labels, points }) => ({
        labels,
        points: points.map(({ atMs, ...point }) => ({
          at: new Date(atMs).toISOString(),
          ...point,
        })),
      })),
    });
  },
);

const askerOf = async (c: Context<AppEnv>): Promise<Asker> => ({
  accountId: c.var.principal.accountId,
  isFirst: (await reachOf(c)) === "platform",
});

export const metrics = feature(page, names, series);
