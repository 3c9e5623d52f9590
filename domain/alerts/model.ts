import { z } from "zod";
import type { DeliveryState } from "#domain/delivery/model.ts";
import { webhookSecret } from "#domain/delivery/webhook.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { type Rule, SEVERITIES, type Severity, type StandingRule } from "./rules.ts";
import { SIGNAL_NAMES } from "./signals.ts";

const labels = z
  .record(
    z.string().regex(/^[a-z][a-zA-Z0-9_.]{0,39}$/, "must be a label's name"),
    text(LIMITS.alertLabelCharsMax),
  )
  .refine((all) => Object.keys(all).length <= LIMITS.alertLabelsMax, {
    message: `must have at most ${LIMITS.alertLabelsMax} labels`,
  });
const severity = z.enum(SEVERITIES);

/** Of rules: chosen by whoever makes one, the same in all accounts for those that come with the product. */
export const ruleIdParam = z.object({
  id: text(LIMITS.idCharsMax).regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
});

export const ruleInput = z.strictObject({
  signal: z.enum(SIGNAL_NAMES),
  above: z.number().min(0).max(1e12),
  forSeconds: z.int().min(0).max(86_400).default(60),
  severity: severity.default("warning"),
  enabled: z.boolean().default(true),
  labels: labels.default({}).describe("Only of what has these labels"),
  description: text(LIMITS.alertDescriptionCharsMax).optional(),
});
export type RuleInput = z.infer<typeof ruleInput>;

export const ruleView = z.object({
  id: z.string(),
  signal: z.enum(SIGNAL_NAMES),
  unit: z.string(),
  above: z.number(),
  forSeconds: z.int(),
  severity,
  enabled: z.boolean(),
  labels: z.record(z.string(), z.string()),
  description: z.string(),
  origin: z.enum(["default", "changed", "own"]),
});

export const ruleFrom = (id: string, { description = "", ...input }: RuleInput): Rule => ({
  id,
  ...input,
  description,
});

/** Where alerts go. What is secret in it is shown once or never. */
const target = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("email"), to: z.email().max(LIMITS.emailCharsMax) }),
  z
    .strictObject({ kind: z.literal("push") })
    .describe("To the browsers of whoever makes the route"),
  z
    .strictObject({ kind: z.literal("channel"), conversationId: text(LIMITS.conversationCharsMax) })
    .describe("A conversation of one of your channels"),
  z.strictObject({
    kind: z.literal("webhook"),
    url: text(LIMITS.urlCharsMax),
    secret: webhookSecret.optional(),
  }),
  z.strictObject({
    kind: z.literal("pagerduty"),
    routingKey: z.string().regex(/^[A-Za-z0-9]{1,64}$/, "must be an integration's key"),
    url: text(LIMITS.urlCharsMax).default("https://events.pagerduty.com/v2/enqueue"),
  }),
  z.strictObject({
    kind: z.literal("opsgenie"),
    apiKey: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "must be an integration's key"),
    url: text(LIMITS.urlCharsMax).default("https://api.opsgenie.com/v2/alerts"),
  }),
]);
export type TargetInput = z.infer<typeof target>;
export const TARGET_KINDS = [
  "email",
  "push",
  "channel",
  "webhook",
  "pagerduty",
  "opsgenie",
] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];
/** Whether it is posted to an address, by an object that keeps what is never taken there. */
export const isPosted = (kind: TargetKind): boolean =>
  kind === "webhook" || kind === "pagerduty" || kind === "opsgenie";

/** Where a target is that has an address which may be shown: a URL, or a channel's conversation. */
export function placeOf(target: TargetInput): string | null {
  if (target.kind === "channel") return target.conversationId;
  return "url" in target ? target.url : null;
}

export const routeInput = z.strictObject({
  target,
  severities: z
    .array(severity)
    .min(1)
    .max(SEVERITIES.length)
    .default([...SEVERITIES]),
  rules: z
    .array(text(LIMITS.idCharsMax))
    .max(LIMITS.alertRouteRulesMax)
    .default([])
    .describe("Only of these rules; all where it is empty"),
});
export type RouteInput = z.infer<typeof routeInput>;

/** How telling one route goes. */
export type Telling = {
  waiting: number;
  givenUp: number;
  lastFailure: { reason: string; atMs: number } | null;
};
export const NOTHING_TO_TELL: Telling = { waiting: 0, givenUp: 0, lastFailure: null };

/** With what the object that delivers to the route's address says of it. */
export function toldBy(telling: Telling, delivery: DeliveryState | null): Telling {
  if (delivery === null) return telling;
  const { waiting, deadLetters, health } = delivery;
  const { lastAttemptMs, lastStatus, failures } = health;
  const isWell = failures === 0 && deadLetters === 0 && (lastStatus ?? 200) < 300;
  const reason = lastStatus === null ? "it did not answer" : `it answered ${lastStatus}`;
  const lastFailure =
    isWell || lastAttemptMs === null ? telling.lastFailure : { reason, atMs: lastAttemptMs };
  return {
    waiting: telling.waiting + waiting,
    givenUp: telling.givenUp + deadLetters,
    lastFailure,
  };
}

export const routeView = z.object({
  id: z.string(),
  kind: z.enum(TARGET_KINDS),
  url: z.string().nullable(),
  severities: z.array(severity),
  rules: z.array(z.string()),
  telling: z
    .object({
      waiting: z.int(),
      givenUp: z.int(),
      lastFailure: z.object({ reason: z.string(), at: z.string() }).nullable(),
    })
    .describe("What could not be handed on yet, and what was given up after a day"),
  createdAt: z.string(),
});
/** A route without what is secret in it. */
export type RouteRecord = {
  id: string;
  kind: TargetKind;
  url: string | null;
  severities: readonly Severity[];
  rules: readonly string[];
  telling: Telling;
  createdAtMs: number;
};
export const routeMade = routeView.extend({
  secret: z.string().optional().describe("Of a webhook: shown once, when it was made here"),
});

export const silenceInput = z.strictObject({
  rule: text(LIMITS.idCharsMax).optional().describe("Only of this rule"),
  labels: labels.default({}).describe("Only of what has these labels"),
  from: z.iso.datetime().optional().describe("Now where nothing is said"),
  until: z.iso.datetime(),
  reason: text(LIMITS.alertDescriptionCharsMax),
});
export const silenceView = z.object({
  id: z.string(),
  rule: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  from: z.string(),
  until: z.string(),
  reason: z.string(),
});

export const ALERT_STATES = ["pending", "firing", "resolved"] as const;
export type AlertState = (typeof ALERT_STATES)[number];
export const alertView = z.object({
  id: z.string(),
  rule: z.string(),
  signal: z.enum(SIGNAL_NAMES),
  severity,
  state: z.enum(ALERT_STATES),
  labels: z.record(z.string(), z.string()),
  above: z.number(),
  value: z.number().describe("As it was when the state changed last"),
  summary: z.string(),
  silenced: z.boolean(),
  since: z.string(),
  firedAt: z.string().nullable(),
  resolvedAt: z.string().nullable(),
});
export type AlertView = z.infer<typeof alertView>;

export const ruleViewOf = (rule: StandingRule, unit: string): z.infer<typeof ruleView> => ({
  id: rule.id,
  signal: rule.signal,
  unit,
  above: rule.above,
  forSeconds: rule.forSeconds,
  severity: rule.severity,
  enabled: rule.enabled,
  labels: rule.labels,
  description: rule.description,
  origin: rule.origin,
});
