import { expect, it } from "vitest";
import { audienceOf, covers, isFor } from "#domain/oauth/resources.ts";

const OURS = "https://hub.example";

it("binds a token to the whole product where the client says nothing", () => {
  expect(audienceOf([], OURS)).toEqual([OURS]);
});

it("knows its own parts by any spelling that is the same address", () => {
  expect(audienceOf(["https://hub.example/"], OURS)).toEqual([OURS]);
  expect(audienceOf(["HTTPS://HUB.EXAMPLE:443/mcp"], OURS)).toEqual([`${OURS}/mcp`]);
  expect(audienceOf([`${OURS}/mcp`, `${OURS}/mcp/`, `${OURS}/v1`], `${OURS}/`)).toEqual([
    `${OURS}/mcp`,
    `${OURS}/v1`,
  ]);
});

it("refuses what is not its own, and what only looks like it", () => {
  const foreign = [
    "https://elsewhere.example/",
    "http://hub.example",
    "https://hub.example.evil.example",
    "https://hub.example@evil.example/",
    "https://hub.example/mcp/../v1x",
    "https://hub.example/mcp#fragment",
    "https://hub.example/mcp?x=1",
    "https://hub.example/other",
    "urn:hub",
    "",
  ];
  for (const one of foreign) expect(audienceOf([one], OURS), one).toBeNull();
  expect(audienceOf([OURS, "https://elsewhere.example"], OURS)).toBeNull();
});

it("lets a token for a part reach that part only", () => {
  expect(isFor([`${OURS}/mcp`], OURS, "/mcp")).toBe(true);
  expect(isFor([`${OURS}/mcp`], OURS, "/mcp/x")).toBe(true);
  expect(isFor([`${OURS}/mcp`], OURS, "/mcpx")).toBe(false);
  expect(isFor([`${OURS}/mcp`], OURS, "/v1/units")).toBe(false);
  expect(isFor([OURS], OURS, "/v1/units")).toBe(true);
  expect(isFor(["https://elsewhere.example"], OURS, "/v1/units")).toBe(false);
  expect(isFor([], OURS, "/v1/units")).toBe(false);
});

it("never widens a token", () => {
  expect(covers([OURS], [`${OURS}/mcp`])).toBe(true);
  expect(covers([`${OURS}/mcp`], [OURS])).toBe(false);
  expect(covers([`${OURS}/mcp`], [`${OURS}/mcp`, `${OURS}/v1`])).toBe(false);
});
