import { expect, it } from "vitest";
import { busyShare, diskShare, memoryShare } from "./host-samples.ts";

it("says what of the cores' time was not idle, and nothing where no time has passed", () => {
  expect(busyShare({ idle: 100, all: 200 }, { idle: 120, all: 300 })).toBeCloseTo(0.8);
  expect(busyShare({ idle: 100, all: 200 }, { idle: 100, all: 200 })).toBe(0);
});

it("looks at the container's memory where there is a bound, else at the system's", () => {
  expect(memoryShare(1_000, 250, 10_000, 9_000)).toBeCloseTo(0.75);
  expect(memoryShare(0, 0, 10_000, 2_000)).toBeCloseTo(0.8);
  expect(memoryShare(2 ** 60, 5, 10_000, 2_000)).toBeCloseTo(0.8);
});

it("counts a disk as df does: what only root may write is neither free nor used", () => {
  expect(diskShare({ blocks: 1_000, bfree: 200, bavail: 100 })).toBeCloseTo(800 / 900);
  expect(diskShare({ blocks: 0, bfree: 0, bavail: 0 })).toBe(0);
});
