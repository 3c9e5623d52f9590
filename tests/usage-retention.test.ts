import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { append, batchOf, collector, owner } from "./usage-log.ts";

// Alone in its file: what adds usage up closes hours for all accounts at once.

const DAY = 86_400_000;
afterEach(() => {
  vi.useRealTimers();
});

const log = () => env.TOPIC.getByName("platform usage.records 0");
const earliest = async () => (await log().state()).earliest;
const retained = async () => await runInDurableObject(log(), async (one) => await one.alarm());

it("leaves the log on day 31 only once the aggregate of its hour is sealed", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = Date.UTC(2027, 0, 1, 12, 30);
  vi.setSystemTime(begun);
  await append(batchOf(0, 7));
  await append(batchOf(0, 5));
  const sealed = async () => await env.USAGE.getByName(owner.accountId).sealed(0, begun + 40 * DAY);

  vi.setSystemTime(begun + 31 * DAY);
  await append(batchOf(0, 2));
  await retained();
  expect([await earliest(), await sealed()]).toEqual([1, []]);

  // A month after it was made, it is billed in the hour in which it was made.
  await runInDurableObject(collector(), async (one) => await one.alarm());
  expect(await sealed()).toMatchObject([
    { hourMs: begun - 30 * 60_000, uses: [["agent", "unit.search", 12, 0, 12]] },
  ]);
  await retained();
  expect(await earliest()).toBe(3);

  // What lies in an hour that is open stays, and what is sealed but young as well.
  vi.setSystemTime(begun + 31 * DAY + 3 * 3_600_000);
  await runInDurableObject(collector(), async (one) => await one.alarm());
  await retained();
  expect((await sealed()).map(({ uses }) => uses[0]?.[2])).toEqual([12, 2]);
  expect(await earliest()).toBe(3);
});
