import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { LogRecord } from "#domain/observability/log.ts";
import { PLATFORM_PLACE } from "#domain/observability/places.ts";
import tail from "#workers/tail.ts";
import { randomHex } from "./tracing.ts";

const item = (more: object) =>
  ({
    event: null,
    eventTimestamp: Date.UTC(2026, 10, 22),
    logs: [],
    exceptions: [],
    diagnosticsChannelEvents: [],
    scriptName: "wishub-objects",
    outcome: "ok",
    ...more,
  }) as unknown as TraceItem;
const told = async (...items: object[]) => {
  await tail.tail(items.map(item), { TRACE: env.TRACE });
  const { items: lines } = await env.TRACE.getByName(PLATFORM_PLACE).lines({}, null, 100);
  return lines
    .map((text) => JSON.parse(text) as LogRecord)
    .filter(({ message }) => message === "invocation-ended");
};

it("keeps what an isolate could not say: the platform ended it, or nobody caught what it threw", async () => {
  const marks = [randomHex(4), randomHex(4)];
  const key = `wh0_${"0".repeat(16)}_${"1".repeat(38)}`;
  const lines = await told(
    { scriptName: marks[0], outcome: "exceededCpu" },
    { scriptName: marks[0], outcome: "exceededMemory", entrypoint: "SearchShard" },
    {
      scriptName: marks[0],
      outcome: "exception",
      entrypoint: "Agent",
      exceptions: [{ timestamp: 0, name: "TypeError", message: `no ${key} of ${marks[1]}` }],
    },
  );
  const mine = lines.filter(({ data }) => data["script"] === marks[0]);
  expect(mine.map(({ level, service, data }) => [level, service, data["outcome"]])).toEqual([
    ["error", "Agent", "exception"],
    ["error", "SearchShard", "exceededMemory"],
    ["error", marks[0], "exceededCpu"],
  ]);
  expect(mine[0]?.data["error"]).toBe(`TypeError: no [masked] of ${marks[1]}`);
  expect(mine[0]?.timestamp).toBe("2026-11-22T00:00:00.000Z");
});

it("keeps nothing of what ended well or was given up by its caller, nor of where lines are kept", async () => {
  const before = await told();
  const after = await told(
    { outcome: "ok" },
    { outcome: "canceled" },
    { outcome: "responseStreamDisconnected" },
    { outcome: "exception", entrypoint: "Trace", exceptions: [{ name: "Error", message: "full" }] },
  );
  expect(after).toEqual(before);
});

it("tells of a storm its first", async () => {
  const scriptName = randomHex(4);
  const all = Array.from({ length: 500 }, () => ({ scriptName, outcome: "exceededCpu" }));
  const lines = await told(...all);
  expect(lines.filter(({ data }) => data["script"] === scriptName)).toHaveLength(20);
});
