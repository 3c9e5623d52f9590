import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { append, batchOf, collector, dayAgo, owner, used } from "./usage-log.ts";

// Alone in its file: what adds usage up closes hours for all accounts at once.

/** Below which offset the log may let go. */
const released = async () =>
  await runInDurableObject(
    env.TOPIC.getByName("platform usage.records 0"),
    (_, { storage }) => storage.kv.get<{ released: number }>("meta")?.released ?? 1,
  );

it("is sealed when its hour is over, kept by the account's own object, and only then leaves the log", async () => {
  await append(batchOf(3, 4));
  await append(batchOf(0, 2));
  const before = await used(dayAgo());
  expect(before.items.map(({ isSealed }) => isSealed)).toEqual([false, false]);
  expect(await released()).toBe(1);
  await runDurableObjectAlarm(collector());
  expect(await released()).toBe(2);
  const sealed = await env.USAGE.getByName(owner.accountId).sealed(0, Date.now());
  expect(sealed).toMatchObject([{ uses: [["agent", "unit.search", 4, 0, 4]] }]);
  // What comes for that hour now is counted in the one that is open.
  await append(batchOf(3, 1));
  const after = await used(dayAgo());
  // For some minutes two hours are open, and what is late is counted in the older one.
  const searches = (isSealed: boolean) =>
    after.items
      .filter((item) => item.isSealed === isSealed)
      .flatMap(({ operations }) => operations)
      .filter(({ operation }) => operation === "unit.search")
      .reduce((all, { calls }) => all + calls, 0);
  expect([searches(true), searches(false)]).toEqual([4, 3]);
  await evictDurableObject(collector());
  await evictDurableObject(env.USAGE.getByName(owner.accountId));
  expect((await used(dayAgo())).total.calls).toBe(after.total.calls + 1);
});
