import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";

/** An event's type, `unit.*` for all that begin so, or `*` for all there are. */
export const eventPattern = z
  .string()
  .max(LIMITS.eventPatternCharsMax)
  .regex(
    /^(?:\*|[a-z][\w-]*(?:\.[\w-]+)*(?:\.\*)?)$/,
    "must be an event's type, a beginning like unit.*, or *",
  );

/** Whether an event of a type is wanted. */
export function matcherOf(patterns: readonly string[]): (type: string) => boolean {
  if (patterns.includes("*")) return () => true;
  const exact = new Set(patterns.filter((one) => !one.endsWith(".*")));
  const beginnings = patterns.filter((one) => one.endsWith(".*")).map((one) => one.slice(0, -1));
  return (type) => exact.has(type) || beginnings.some((one) => type.startsWith(one));
}
