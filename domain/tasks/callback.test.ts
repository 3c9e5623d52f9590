import fc from "fast-check";
import { expect, it } from "vitest";
import { callbackGivenUp, callbackId } from "./callback.ts";
import { type QueueName, taskIdOf } from "./task-id.ts";

const dead = (id: string) => ({
  seq: 1,
  id,
  reason: "it answered 410",
  attempts: 1,
  createdAtMs: 1,
  deadAtMs: 2,
  body: JSON.stringify({ type: "task.completed", data: { type: "step", attempts: 3 } }),
});

it("finds the queue, the task and its end again in what was given up, and in nothing else", () => {
  const account = "a0_0123456789abcdef";
  const queues = fc.constantFrom<QueueName>(
    { pool: "account", account, shard: 7 },
    { pool: "gpu", account: null, shard: 0 },
  );
  fc.assert(
    fc.property(queues, fc.integer({ min: 1, max: 2 ** 40 }), fc.nat(), (queue, seq, token) => {
      const about = { seq, token, account, type: "step", attempts: 3 };
      expect(callbackGivenUp(account, dead(callbackId(taskIdOf(queue, seq), token)))).toEqual({
        queue,
        callback: { ...about, reason: "it answered 410", atMs: 2 },
      });
    }),
  );
  for (const id of ["ping_1", "", "tsk_", "msg_a_1"])
    expect(callbackGivenUp(account, dead(id))).toBeNull();
});
