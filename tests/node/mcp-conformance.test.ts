import { afterAll, beforeAll, expect, it } from "vitest";
import { judged, startFixture } from "#scripts/mcp-conformance.ts";

// The public suite of the Model Context Protocol, against the product's endpoint over the suite's own tools
// (`npm run mcp-conformance -- 2026-07-28`).

let fixture: Awaited<ReturnType<typeof startFixture>>;
beforeAll(async () => {
  fixture = await startFixture();
}, 60_000);
afterAll(async () => await fixture.end());

it.each(["2026-07-28", "2025-11-25", "0.1.16"] as const)(
  "passes every required scenario of %s",
  async (name) => {
    const { wrong, output } = await judged(name, fixture.url);
    expect(wrong, output).toBeNull();
  },
  120_000,
);

it("serves 2025-11-25 without sessions but for tools that ask their client in the midst of a call", async () => {
  const { failed, checks, output } = await judged("stateless", fixture.url);
  expect(failed, output).toEqual([
    "tools-call-sampling",
    "tools-call-elicitation",
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
  ]);
  expect(checks).toBeGreaterThanOrEqual(50);
}, 120_000);
