import type { Hop } from "#domain/delegation/hop.ts";
import type { MessageInput } from "#domain/mailbox/model.ts";

/** Who sent it. An account's program that acts as no agent sends as its account. */
export type Sender = { accountId: string; agentId: string | null };

/** By what a message is known so that it comes once, and what must be the same when it comes again. */
export type Once = { key: string; bodyHash: string };

/** A message on its way into a mailbox; the mailbox gives it its place. */
export type Draft = {
  from: Sender;
  /** Whether the mailbox is its own account's. */
  isOwn: boolean;
  kind: string;
  conversationId: string | null;
  inReplyTo: string | null;
  priority: number;
  deadlineMs: number | null;
  /** What must not come twice within a day, with what must be the same then. */
  once: Once[];
  /** The delegation by which it comes, where it is work handed on. */
  hop?: Hop;
  /** Of the request that sent it, where its trace goes on. */
  traceparent?: string;
  /** JSON text. */
  body: string;
  /** Of `body` in UTF-8. */
  bytes: number;
};

/** A message as it lies in a mailbox. */
export type Stored = {
  seq: number;
  from: Sender;
  kind: string;
  conversationId: string | null;
  inReplyTo: string | null;
  priority: number;
  sentAtMs: number;
  deadlineMs: number | null;
  attempts: number;
  traceparent: string | null;
  body: string;
};

/** How many milliseconds earlier a message seems to have been sent for each step of priority. */
export const AGEING_STEP_MS = 60_000;

/**
 * Where a message stands among all that wait: the smallest goes first. It never changes while the message waits, so the
 * order is one index, and a message of the least priority is overtaken by what comes within nine steps, and by nothing later.
 */
export const rankOf = (sentAtMs: number, priority: number): number =>
  sentAtMs - priority * AGEING_STEP_MS;

/** The lane whose messages keep their order: one sender's in one conversation. Without a conversation nothing waits. */
export const laneOf = ({ from, conversationId }: Pick<Draft, "from" | "conversationId">) =>
  conversationId === null ? null : `${from.agentId ?? from.accountId} ${conversationId}`;

/** What goes where: the id says the mailbox and the place in it, so that none needs an index. */
export const messageIdOf = (agentId: string, seq: number): string =>
  `msg_${agentId.slice(3)}_${seq.toString(36)}`;

/** The place that an id names in this agent's mailbox, or null where it can be none of it. */
export function seqOf(agentId: string, id: string): number | null {
  const prefix = `msg_${agentId.slice(3)}_`;
  if (!id.startsWith(prefix)) return null;
  const rest = id.slice(prefix.length);
  return /^[1-9a-z][0-9a-z]{0,9}$/.test(rest) ? Number.parseInt(rest, 36) : null;
}

const utf8 = new TextEncoder();

export function draftOf(
  input: MessageInput,
  from: Sender,
  isOwn: boolean,
  once: Draft["once"],
): Draft {
  const body = JSON.stringify(input.body);
  return {
    from,
    isOwn,
    kind: input.kind,
    conversationId: input.conversationId ?? null,
    inReplyTo: input.inReplyTo ?? null,
    priority: input.priority,
    deadlineMs: input.deadline === undefined ? null : Date.parse(input.deadline),
    once,
    body,
    bytes: utf8.encode(body).length,
  };
}
