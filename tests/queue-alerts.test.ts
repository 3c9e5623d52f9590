import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { Alerts } from "#objects/alerts.ts";
import { newAccount } from "./helpers.ts";

type Shown = { rule: string; state: string; labels: { queue?: string } };
const MINUTE = 60_000;
/** As the platform calls the class of its binding. */
class Queue {}

it("alerts of a queue from which nobody takes anything: it is asked itself", async () => {
  const owner = await newAccount();
  const object = env.ALERTS.getByName(owner.accountId);
  await runInDurableObject(object, async (_, state) => {
    const stuck = Object.create(Queue.prototype, {
      metrics: {
        value: async () => ({
          backlogCount: 12_345,
          backlogBytes: 1,
          oldestMessageTimestamp: new Date(Date.now() - 45_000),
        }),
      },
    }) as unknown;
    const alerting = new Alerts(state, { ...env, UNIT_INDEX: stuck } as Env);
    const first = { accountId: owner.accountId, reach: "platform" as const };
    await alerting.observe(first, []);
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const begun = Date.now();
      for (let minute = 0; minute < 3; minute++) {
        vi.setSystemTime(begun + minute * MINUTE);
        await alerting.alarm();
      }
    } finally {
      vi.useRealTimers();
    }
  });
  const shown = await owner.call("GET", "/v1/alerts");
  const { items } = await shown.json<{ items: Shown[] }>();
  const ofQueue = items.filter(({ labels }) => labels.queue === "unit-index");
  expect(Object.fromEntries(ofQueue.map(({ rule, state }) => [rule, state]))).toEqual({
    backlog: "firing",
    "consume-delay": "firing",
  });
});
