import { conversationIdOf, type ChannelRecord } from "#domain/channels/model.ts";
import type { InBody, ItemOutcome, Work } from "#domain/channels/item.ts";
import type { Draft } from "#domain/mailbox/message.ts";
import type { Problem } from "#domain/shared/problem.ts";

/** The kind of message in a mailbox; only the platform sends it. */
export const CHANNEL_KIND = "channel";
const PRIORITY = 4;

const utf8 = new TextEncoder();

/**
 * What came from outside as a message for an agent's mailbox. Its sender counts as a stranger there: nobody outside
 * fills what is left for the agent's own account.
 */
export function draftOfSaid(
  { id, accountId, type }: Pick<ChannelRecord, "id" | "accountId" | "type">,
  { id: saidId, lane, body }: Pick<Work, "id" | "lane" | "body">,
): Draft {
  const { from, subject, text, attachments, saidAtMs, traceparent } = JSON.parse(body) as InBody;
  const conversationId = conversationIdOf(id, lane);
  const saidAt = new Date(saidAtMs).toISOString();
  const content = JSON.stringify({
    channelId: id,
    channel: type,
    conversationId,
    from,
    ...(subject !== undefined && { subject }),
    text,
    attachments,
    saidAt,
  });
  return {
    from: { accountId, agentId: null },
    isOwn: false,
    kind: CHANNEL_KIND,
    conversationId,
    inReplyTo: null,
    priority: PRIORITY,
    deadlineMs: null,
    once: [{ key: `${accountId} c ${id} ${saidId}`, bodyHash: "" }],
    body: content,
    bytes: utf8.encode(content).length,
    ...(traceparent !== undefined && { traceparent }),
  };
}

/** What a mailbox's refusal means for the message: one that is full has room later, the rest is for whoever looks after it. */
export function outcomeOfRefusal({ code, detail, retryAfterS }: Problem): ItemOutcome {
  const reason = detail === undefined ? code : `${code}: ${detail}`;
  const retryAfterMs = retryAfterS === undefined ? null : retryAfterS * 1_000;
  const isForNow = retryAfterMs !== null || code === "overloaded" || code === "mailbox-full";
  return isForNow ? { kind: "later", retryAfterMs, reason } : { kind: "refused", reason };
}
