import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DIST, ROOT } from "./paths.ts";
import { isFresh, writeStamp } from "./stamp.ts";

let folder: string;
beforeEach(() => {
  mkdirSync(DIST, { recursive: true });
  folder = mkdtempSync(join(DIST, "stamp-"));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

it("a stamp is fresh as long as its inputs have the same content, whatever their times say", () => {
  const input = join(folder, "input");
  const stamp = join(folder, "stamp.json");
  writeFileSync(input, "one");
  writeStamp(stamp, [relative(ROOT, input)], "flags");
  // From here on the file counts as settled, so that it is judged by how it lies on the disk.
  vi.useFakeTimers({ now: Date.now() + 60_000 });
  expect([isFresh(stamp, "flags"), isFresh(stamp, "flags")]).toEqual([true, true]);
  expect(isFresh(stamp, "other flags")).toBe(false);
  utimesSync(input, 1, 1);
  expect(isFresh(stamp, "flags")).toBe(true);
  writeFileSync(input, "two");
  utimesSync(input, 1, 1);
  expect(isFresh(stamp, "flags")).toBe(false);
  rmSync(input);
  expect(isFresh(stamp, "flags")).toBe(false);
});
