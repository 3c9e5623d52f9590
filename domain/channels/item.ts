import type { ChannelType } from "#domain/channels/kinds.ts";
import type { Said } from "#domain/channels/face.ts";
import type { Health } from "#domain/delivery/pace.ts";

/** `in`: from outside to an agent's mailbox. `out`: an agent's answer. */
export type Way = "in" | "out";
export const WAYS: readonly Way[] = ["in", "out"];

/** What a channel's object knows of its channel; whoever calls it says it anew. */
export type About = {
  channelId: string;
  type: ChannelType;
  isPaused: boolean;
  outboundPerMinute: number;
  inboundPerMinute: number;
};

/** What a queue carries: which item of which channel is due. What counts is the item in the channel's object. */
export type ChannelRef = { channelId: string; way: Way; seq: number };

/** An item as whoever works on it is given it. */
export type Work = {
  seq: number;
  token: number;
  id: string;
  lane: string;
  body: string;
  attempts: number;
  /** Of what goes out: what came last with its conversation, for the answer (`Said.thread`). */
  thread: string | null;
};

export type ItemOutcome =
  | { kind: "done" }
  | { kind: "later"; retryAfterMs: number | null; reason: string }
  | { kind: "refused"; reason: string };

/** A message's bodies as they lie in the object. */
export type InBody = Omit<Said, "id" | "conversation" | "thread"> & Traced;
export type OutBody = { text: string } & Traced;
/** W3C trace context of the call that brought it. */
type Traced = { traceparent?: string };

export type DeadItem = {
  seq: number;
  way: Way;
  id: string;
  lane: string;
  body: string;
  reason: string;
  attempts: number;
  createdAtMs: number;
  deadAtMs: number;
};

/** How a channel does. */
export type Traffic = Record<
  Way,
  { waiting: number; dead: number; health: Health; lately: Lately }
>;
/** What was taken within a day: when the newest was, and how many in the last minute. */
export type Lately = { lastMs: number | null; lastMinute: number };
export const NOTHING_LATELY: Lately = { lastMs: null, lastMinute: 0 };

export function isChannelRef(body: unknown): body is ChannelRef {
  if (typeof body !== "object" || body === null) return false;
  const { channelId, way, seq } = body as Partial<ChannelRef>;
  return (
    typeof channelId === "string" && (way === "in" || way === "out") && Number.isSafeInteger(seq)
  );
}
