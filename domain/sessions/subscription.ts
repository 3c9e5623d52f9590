import { isBehind } from "#domain/sessions/flow.ts";
import type { Flow } from "#domain/sessions/flow.ts";
import { wants, type EventFilter } from "#domain/topics/filter.ts";
import { type Position, positionText } from "#domain/topics/position.ts";
import { type Lane, movedTo } from "#domain/topics/reading.ts";
import type { TopicName } from "#domain/topics/topics.ts";

/** What a stream is told of: written on its socket, so that hibernation forgets nothing. */
export type Subscription = {
  /** The client's name of it. */
  id: string;
  topics: TopicName[];
  filter: EventFilter;
  position: Position;
  /** Events that went by unwanted since the client was told how far it is. */
  skipped: number;
  /** Since when it is owed events that it has no room for; null where it is not. */
  owedSinceMs: number | null;
};

/** A client whose filter lets nothing through is told how far it is that often, so that it comes back to there. */
const SKIPPED_MAX = 1_000;
/** Who takes in nothing for so long while there is something for it is cut off; it comes back to its place. */
export const OWED_MS = 60_000;

/** The subscription with a partition read up to `last`, and the frame that says so, if any. */
export function told(
  subscription: Subscription,
  lane: Lane,
  { events, last }: { events: readonly string[]; last: number },
): { subscription: Subscription; frame: string | null } {
  const { id, filter } = subscription;
  const position = movedTo(subscription.position, lane, last);
  const wanted = events.filter((event) => wants(filter, event));
  const skipped = wanted.length > 0 ? 0 : subscription.skipped + events.length;
  if (wanted.length === 0 && skipped < SKIPPED_MAX)
    return { subscription: { ...subscription, position, skipped }, frame: null };
  const frame = eventsText(id, position, wanted);
  return { subscription: { ...subscription, position, skipped: 0 }, frame };
}

/** Events as JSON texts, which are not read again on the way, and the position behind them. */
const eventsText = (id: string, position: Position, events: readonly string[]): string =>
  `{"type":"events","subscription":${JSON.stringify(id)},"position":"${positionText(position)}","events":[${events.join(",")}]}`;

/** Whether a client has room for more, and since when it has none while there is more. */
export function owed(
  subscription: Subscription,
  flow: Flow,
  nowMs: number,
): { subscription: Subscription; verdict: "send" | "wait" | "cut" } {
  if (!isBehind(flow))
    return { subscription: { ...subscription, owedSinceMs: null }, verdict: "send" };
  const since = subscription.owedSinceMs ?? nowMs;
  return {
    subscription: { ...subscription, owedSinceMs: since },
    verdict: nowMs - since >= OWED_MS ? "cut" : "wait",
  };
}
