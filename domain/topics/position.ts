import { base64UrlOf } from "#domain/shared/bytes.ts";
import { isTopicName, settingsOf, type TopicName } from "./topics.ts";

/** How far a reader is: for each topic it reads, by partition, the last offset that it was given (0: none). */
export type Position = Partial<Record<TopicName, number[]>>;

/** The longest text of a position: every topic with all of its partitions at offsets that no partition reaches. */
export const POSITION_CHARS_MAX = 600;

/**
 * Opaque to clients, and safe in a header, a query and an `id:` line: topics and offsets in base 36, as base64url. It gives
 * no right: the account and what may be read come from the credential.
 */
export const positionText = (position: Position): string =>
  base64UrlOf(
    new TextEncoder().encode(
      `1${Object.entries(position)
        .map(([topic, offsets]) => `${topic}:${offsets.map((one) => one.toString(36)).join(",")}`)
        .join(";")}`,
    ),
  );

/** What a position says; null where no position says that. */
export function positionFrom(text: string): Position | null {
  const whole = text.length > POSITION_CHARS_MAX ? "" : decoded(text);
  if (!whole.startsWith("1")) return null;
  const position: Position = {};
  for (const part of whole.length === 1 ? [] : whole.slice(1).split(";")) {
    const [, topic = "", offsets = ""] = /^([a-z.]+):([0-9a-z,]+)$/.exec(part) ?? [];
    if (!isTopicName(topic) || position[topic] !== undefined) return null;
    const all = offsets.split(",").map((one) => Number.parseInt(one, 36));
    if (all.length > settingsOf(topic).partitions || !all.every(Number.isSafeInteger)) return null;
    position[topic] = all;
  }
  // One text for one position: nothing is read in two ways.
  return positionText(position) === text ? position : null;
}

function decoded(text: string): string {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return ""; // not base64url, so not one of ours
  }
}
