import type { z } from "zod";
import { delegationViewOf } from "#domain/delegation/model.ts";
import { messageIdOf, type Stored } from "#domain/mailbox/message.ts";
import type { leasedView, MessageView, shownView } from "#domain/mailbox/model.ts";
import type { Leased, Shown } from "#domain/mailbox/outcome.ts";

/** A message as its agent is given it, as JSON. */
export function leasedText(agentId: string, leased: Leased): string {
  const { token, untilMs } = leased.lease;
  const view: Omit<z.infer<typeof leasedView>, "body"> = {
    ...viewOf(agentId, leased),
    fencingToken: token,
    leasedUntil: timeOf(untilMs),
    ...(leased.traceparent !== null && { traceparent: leased.traceparent }),
    ...(leased.hop != null && { delegation: delegationViewOf(leased.hop) }),
  };
  return withBody(view, leased.body);
}

/** A message as whoever looks into the mailbox sees it, as JSON. */
export function shownText(agentId: string, shown: Shown): string {
  const view: Omit<z.infer<typeof shownView>, "body"> = {
    ...viewOf(agentId, shown),
    state: shown.state,
    leasedUntil: timeOrNull(shown.leasedUntilMs),
    diedAt: timeOrNull(shown.died?.atMs ?? null),
    cause: shown.died?.cause ?? null,
    reason: shown.reason,
  };
  return withBody(view, shown.body);
}

function viewOf(agentId: string, message: Stored): MessageView {
  const { from } = message;
  return {
    id: messageIdOf(agentId, message.seq),
    from: { accountId: from.accountId, ...(from.agentId !== null && { agentId: from.agentId }) },
    kind: message.kind,
    conversationId: message.conversationId,
    inReplyTo: message.inReplyTo,
    priority: message.priority,
    sentAt: timeOf(message.sentAtMs),
    deadline: timeOrNull(message.deadlineMs),
    attempts: message.attempts,
  };
}

/** Its body is JSON already, which nobody here needs to read. */
const withBody = (view: object, body: string): string =>
  `${JSON.stringify(view).slice(0, -1)},"body":${body}}`;

const timeOf = (ms: number): string => new Date(ms).toISOString();
const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeOf(ms));
