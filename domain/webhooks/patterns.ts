import { z } from "zod";
import { TOPIC_NAMES, type TopicName } from "#domain/topics/topics.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/** An event's type, `unit.*` for all that begin so, or `*` for all there are. */
export const eventPattern = z
  .string()
  .max(LIMITS.eventPatternCharsMax)
  .regex(
    /^(?:\*|[a-z][\w-]*(?:\.[\w-]+)*(?:\.\*)?)$/,
    "must be an event's type, a beginning like unit.*, or *",
  );

/** What the types of a topic begin with. */
const NOUNS: Record<TopicName, readonly string[]> = {
  "unit.events": ["unit"],
  "agent.events": ["agent", "custom", "webhook"],
  "agent.tasks": ["task"],
  "audit.logs": ["audit"],
};

/** The topics in which events of such a type can be. */
export const topicsOfPattern = (pattern: string): TopicName[] =>
  pattern === "*"
    ? [...TOPIC_NAMES]
    : TOPIC_NAMES.filter((topic) => NOUNS[topic].includes(pattern.split(".", 1)[0] ?? ""));

/** Whether an event of a type is wanted. */
export function matcherOf(patterns: readonly string[]): (type: string) => boolean {
  if (patterns.includes("*")) return () => true;
  const exact = new Set(patterns.filter((one) => !one.endsWith(".*")));
  const beginnings = patterns.filter((one) => one.endsWith(".*")).map((one) => one.slice(0, -1));
  return (type) => exact.has(type) || beginnings.some((one) => type.startsWith(one));
}
