import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { planned } from "#domain/scheduling/harness.ts";
import { Queue } from "#domain/scheduling/queue.ts";
import { OWN_QUEUE } from "#domain/tasks/queue-settings.ts";
import { TaskSubscribers } from "#objects/task-subscribers.ts";
import { newDesk } from "./task-desk.ts";

it("leaves an agent that says no word alone, longer each time, until it says one", async () => {
  const { owner, batch } = await newDesk();
  await batch([{}]);
  const stub = env.TASK_QUEUE.getByName(`account/${owner.accountId}/0`);
  await runInDurableObject(stub, (_, { storage }) => {
    const agents = new TaskSubscribers(storage.sql);
    agents.set("silent", { types: ["look"], atOnce: 1, leaseMs: 1_000, capabilities: [] });
    const queue = new Queue(OWN_QUEUE);
    queue.enqueue([planned({ attemptsMax: 9 })], 0);
    let nowMs = 0;
    let token = 0;
    const gives = () => {
      const { answer, changes } = agents.give(queue, nowMs);
      for (const change of changes) agents.note(change, nowMs);
      token = answer[0]?.given.token ?? 0;
      expect(answer).toHaveLength(1);
    };
    const pauses: number[] = [];
    const runsOut = () => {
      nowMs = queue.dueMs;
      for (const change of queue.tick(nowMs).changes) agents.note(change, nowMs);
      pauses.push(agents.dueMs(nowMs) - nowMs);
      nowMs += agents.dueMs(nowMs) - nowMs;
    };
    for (let i = 0; i < 3; i++) {
      gives();
      runsOut();
    }
    gives();
    const heard = queue.heartbeat({ seq: 1, token, by: "silent" }, 1_000, nowMs);
    for (const change of heard.changes) agents.note(change, nowMs);
    runsOut();
    expect(pauses).toEqual([30_000, 60_000, 120_000, 30_000]);
  });
});
