import { type Alert, alertViewOf, summaryOf } from "./alert.ts";
import type { Severity } from "./rules.ts";

/** Where an alert is told of, by whom: the address of the installation, which receivers show as its source. */
export type Teller = { publicUrl: string; accountId: string };
/** One thing to post outside; `path` follows the receiver's address. */
export type Said = { path: string; body: object };

/** PagerDuty's names for how bad it is (Events API v2), and Opsgenie's. */
const PAGERDUTY: Record<Severity, string> = {
  info: "info",
  warning: "warning",
  critical: "critical",
};
const OPSGENIE: Record<Severity, string> = { info: "P5", warning: "P3", critical: "P1" };
/** As long as they take (Events API v2: 1,024; Opsgenie's Alert API: 130 for the message, 512 for the alias). */
const PAGERDUTY_SUMMARY_MAX = 1_024;
const OPSGENIE_MESSAGE_MAX = 130;
const OPSGENIE_NOTE_MAX = 25_000;
const OPSGENIE_SOURCE_MAX = 100;
const OPSGENIE_TAG_MAX = 50;

/** Under which the object is found that delivers to a route's address. */
export const deliveryNameOf = (accountId: string, routeId: string): string =>
  `alerts/${accountId}/${routeId}`;

/** The same for all that is said of one alert, so that what resolves it finds what opened it. */
export const dedupKeyOf = ({ id }: Alert, { accountId }: Teller): string =>
  `wishub/${accountId}/${id}`;

/** As Standard Webhooks' events are: a type, a time, and what it is about. */
export function webhookEvent(alert: Alert): object {
  const atMs = alert.resolvedAtMs ?? alert.firedAtMs ?? alert.sinceMs;
  return {
    type: `alert.${alert.state}`,
    timestamp: new Date(atMs).toISOString(),
    data: alertViewOf(alert, false),
  };
}

/** An event for PagerDuty's Events API v2, without the integration's key (`routing_key`), which is added as it is sent. */
export function pagerDutyEvent(alert: Alert, teller: Teller): object {
  const dedup_key = dedupKeyOf(alert, teller);
  if (alert.state === "resolved") return { event_action: "resolve", dedup_key };
  const { ruleId, signal, severity, labels, value, above, sinceMs } = alert;
  return {
    event_action: "trigger",
    dedup_key,
    client: "WisHub",
    client_url: teller.publicUrl,
    payload: {
      summary: summaryOf(alert).slice(0, PAGERDUTY_SUMMARY_MAX),
      source: teller.publicUrl,
      severity: PAGERDUTY[severity],
      timestamp: new Date(sinceMs).toISOString(),
      component: signal,
      class: ruleId,
      custom_details: { ...labels, value, above },
    },
  };
}

/** A request to Opsgenie's Alert API: one that opens the alert, or one that closes it by its alias. */
export function opsgenieRequest(alert: Alert, teller: Teller): Said {
  const alias = dedupKeyOf(alert, teller);
  const source = teller.publicUrl.slice(0, OPSGENIE_SOURCE_MAX);
  if (alert.state === "resolved") {
    const note = summaryOf(alert).slice(0, OPSGENIE_NOTE_MAX);
    const path = `/${encodeURIComponent(alias)}/close?identifierType=alias`;
    return { path, body: { source, note } };
  }
  const { ruleId, severity, labels, signal } = alert;
  const summary = summaryOf(alert);
  return {
    path: "",
    body: {
      message: summary.slice(0, OPSGENIE_MESSAGE_MAX),
      alias,
      description: summary,
      priority: OPSGENIE[severity],
      source,
      entity: signal,
      tags: ["wishub", ruleId.slice(0, OPSGENIE_TAG_MAX)],
      details: { ...labels, value: String(alert.value), above: String(alert.above) },
    },
  };
}

/** What a mail and a browser's notification say. */
export function noticeText(alert: Alert, { publicUrl }: Teller): { subject: string; text: string } {
  const word = alert.state === "resolved" ? "Resolved" : alert.severity.toUpperCase();
  const sinceText = new Date(alert.sinceMs).toISOString();
  const lines = [
    summaryOf(alert),
    "",
    `Since ${sinceText}${alert.resolvedAtMs === null ? "" : `, resolved ${new Date(alert.resolvedAtMs).toISOString()}`}.`,
    `All alerts: wishub alerts --url ${publicUrl}, or GET ${publicUrl}/v1/alerts`,
    "",
  ];
  return { subject: `${word}: ${alert.ruleId}`, text: lines.join("\n") };
}
