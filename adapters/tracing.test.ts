import { expect, it } from "vitest";
import { LIMITS } from "#domain/shared/limits.ts";
import { begun } from "./tracing.ts";

it("believes callers who want to be recorded within its bound, whatever ids they choose", () => {
  // The end of an id is what decides by rate: these would all be below any.
  const kept = Array.from({ length: 1_000 }, (_, i) => {
    const header = `00-${i.toString(16).padStart(20, "a")}000000000000-00f067aa0ba902b7-01`;
    return begun(header, "f".repeat(32), 0.01, "http");
  }).filter(({ isSampled }) => isSampled);
  expect(kept.length).toBeGreaterThan(0);
  // A second may have begun meanwhile.
  expect(kept.length).toBeLessThanOrEqual(2 * LIMITS.tracesAskedPerSecond);
  expect(kept.every(({ work }) => work.isAsked === true)).toBe(true);
});
