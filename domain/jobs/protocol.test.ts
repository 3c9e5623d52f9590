import { expect, it } from "vitest";
import { LIMITS } from "#domain/shared/limits.ts";
import { type BackendSpan, resultInput } from "./protocol.ts";

const SPAN: BackendSpan = {
  spanId: "00f067aa0ba902b7",
  parentId: "00f067aa0ba902b8",
  name: "job rerank",
  startMs: 1,
  endMs: 2,
  isError: false,
};
const takes = (...spans: object[]) => resultInput.safeParse({ result: 1, spans }).success;

it("takes spans of what a backend did, and none that no trace could hold", () => {
  expect(takes(SPAN)).toBe(true);
  expect(resultInput.parse({ result: 1 }).spans).toEqual([]);
  for (const changes of [
    { spanId: "0".repeat(16) },
    { spanId: "00F067AA0BA902B7" },
    { parentId: null },
    { endMs: 0 },
    { startMs: -1 },
    { startMs: 0.5 },
    { name: "" },
    { name: "x".repeat(LIMITS.spanTextCharsMax + 1) },
    { traceId: "4bf92f3577b34da6a3ce929d0e0e4736" },
  ])
    expect(takes({ ...SPAN, ...changes }), JSON.stringify(changes)).toBe(false);
  expect(takes(...Array.from({ length: LIMITS.spansPerJobMax + 1 }, () => SPAN))).toBe(false);
});
