import { expect, it } from "vitest";
import { TopicWaiters } from "#objects/topic-waiters.ts";

const LONG_MS = 60_000;

it("wakes all who wait, and ends what nothing came for", async () => {
  const waiters = new TopicWaiters(8);
  const all = [waiters.wait(LONG_MS), waiters.wait(LONG_MS, "a"), waiters.wait(LONG_MS, "b")];
  waiters.wakeAll();
  expect(await Promise.all(all)).toEqual(["woken", "woken", "woken"]);
  expect(await waiters.wait(1)).toBe("over");
});

it("has no more than so many, and one of each name: who asks again leaves nobody behind", async () => {
  const waiters = new TopicWaiters(2);
  const first = waiters.wait(LONG_MS, "a");
  const other = waiters.wait(LONG_MS);
  expect(await waiters.wait(LONG_MS, "b")).toBe("full");
  const second = waiters.wait(LONG_MS, "a");
  expect(await first).toBe("replaced");
  expect(await waiters.wait(LONG_MS)).toBe("full");
  waiters.wakeAll();
  expect(await Promise.all([second, other])).toEqual(["woken", "woken"]);
  const [third, fourth] = [waiters.wait(1, "a"), waiters.wait(1, "b")];
  expect(await Promise.all([third, fourth])).toEqual(["over", "over"]);
});
