import { expect, it } from "vitest";
import { Refusal } from "./say.ts";
import { readSettings } from "./settings.ts";

it("keeps leaves whole that one thread searches, and awake, and pages by what the machine has", () => {
  const { vars } = readSettings({});
  expect(Number(vars["WISHUB_SHARD_PASSAGES"])).toBeGreaterThan(1_000_000);
  expect(Number(vars["WISHUB_SHARD_STAYS_MS"])).toBeGreaterThan(60_000);
  const bytes = Number(vars["WISHUB_PAGE_CACHE_BYTES"]);
  expect(bytes).toBeGreaterThanOrEqual(96e6);
  expect(bytes).toBeLessThanOrEqual(1_024e6);
});

it("keeps as many pages as it is told, and refuses what is no number of megabytes", () => {
  const told = (mb: string) => readSettings({ WISHUB_PAGE_CACHE_MB: mb }).vars;
  expect(told("8")["WISHUB_PAGE_CACHE_BYTES"]).toBe("8000000");
  for (const wrong of ["7", "16385", "1.5", "much"]) expect(() => told(wrong)).toThrow(Refusal);
});

it("lets nobody look into the isolates unless it is told a port", () => {
  expect(readSettings({}).inspect).toBeUndefined();
  expect(readSettings({ WISHUB_INSPECT: "9229" }).inspect).toBe(9_229);
  for (const wrong of ["0", "70000", "on"])
    expect(() => readSettings({ WISHUB_INSPECT: wrong })).toThrow(Refusal);
});
