import type { z } from "zod";
import { messageIdOf } from "#domain/mailbox/message.ts";
import { delegationViewOf } from "#domain/delegation/model.ts";
import type { leasedView } from "#domain/mailbox/model.ts";
import type { Leased } from "#domain/mailbox/outcome.ts";

/** A message as its agent is given it, as JSON. Its body is JSON already, which nobody here needs to read. */
export function leasedText(agentId: string, leased: Leased): string {
  const { from, lease: held } = leased;
  const view: Omit<z.infer<typeof leasedView>, "body"> = {
    id: messageIdOf(agentId, leased.seq),
    from: { accountId: from.accountId, ...(from.agentId !== null && { agentId: from.agentId }) },
    kind: leased.kind,
    conversationId: leased.conversationId,
    inReplyTo: leased.inReplyTo,
    priority: leased.priority,
    sentAt: timeOf(leased.sentAtMs),
    deadline: leased.deadlineMs === null ? null : timeOf(leased.deadlineMs),
    attempts: leased.attempts,
    fencingToken: held.token,
    leasedUntil: timeOf(held.untilMs),
    ...(leased.hop != null && { delegation: delegationViewOf(leased.hop) }),
  };
  return `${JSON.stringify(view).slice(0, -1)},"body":${leased.body}}`;
}

const timeOf = (ms: number) => new Date(ms).toISOString();
