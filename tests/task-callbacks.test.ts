import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { webhookSecretOf } from "#domain/delivery/webhook.ts";
import { untilTold } from "./event-sources.ts";
import { HOOK, onVirtualClock, playOut, receiver } from "./hooks.ts";
import { type Desk, newDesk, ok, type Task } from "./task-desk.ts";

// Callbacks of tasks on a clock that jumps from alarm to alarm, and what is left of one that nobody takes.

const DAY = 86_400_000;
const secret = webhookSecretOf(new Uint8Array(32).fill(7));
onVirtualClock();
let desk: Desk;
beforeEach(async () => {
  desk = await newDesk();
});

type Shown = Task & { callbackFailed?: { at: string; reason: string } };
const queueOf = () => env.TASK_QUEUE.getByName(`account/${desk.owner.accountId}/0`);
const ring = () => runInDurableObject(queueOf(), (queue) => queue.alarm());
const shown = (id: string) => desk.show(id) as Promise<Shown>;

/** A task that has ended, and the object that is to tell of it. */
async function ended(): Promise<{ id: string; seq: number; by: string }> {
  const callback = { url: HOOK, secret };
  const body = { type: "step", input: 1, callback };
  const { id } = await ok<Task>(desk.post("/v1/tasks", body));
  const [given] = await desk.lease(1);
  if (given === undefined) throw new Error("nothing was leased");
  await ok(desk.say("complete", given, { result: "an otter" }));
  await ring();
  const seq = Number.parseInt(id.split("_").at(-1) ?? "", 36);
  const { details } = (await queueOf().show(seq, desk.owner.accountId)) ?? {};
  const { callback: kept } = JSON.parse(details ?? "") as { callback: { name: string } };
  return { id, seq, by: kept.name };
}

const UNTIL_COMPLETED = ["task.created", "task.leased", "task.completed"];
const isTold = async (id: string) => {
  await ring();
  return await untilTold(desk.owner, "agent.tasks", id, [
    ...UNTIL_COMPLETED,
    "task.callback-failed",
  ]);
};

describe("a callback that is given up is kept with its task, and told,", () => {
  it("after 8 refusals; nothing else is left of it", async () => {
    const { id, by } = await ended();
    const { attempts, fetch } = receiver(
      () => secret,
      () => 400,
    );
    await playOut(by, fetch);
    expect([...attempts.values()].map(({ length }) => length)).toEqual([8]);
    const reason = "it was refused with 400 every time";
    const failed = { at: new Date().toISOString(), reason };
    expect(await shown(id)).toMatchObject({ state: "completed", callbackFailed: failed });
    const [listed] = (await ok<{ items: Shown[] }>(desk.owner.call("GET", "/v1/tasks?limit=1")))
      .items;
    expect(listed).toMatchObject({ id, callbackFailed: failed });
    const told = (await isTold(id)).at(-1);
    expect(told?.data).toEqual({ taskId: id, type: "step", pool: "account", attempts: 1, reason });
    expect(told?.time).toBe(failed.at);
    expect(await env.DELIVERY.getByName(by).state()).toBeNull();
  });

  it("with all others that wait, once its receiver says that it is gone; the next one is tried anew", async () => {
    const [one, other] = [await ended(), await ended()];
    const { by } = one;
    const up = { is: false };
    const { came, fetch } = receiver(
      () => secret,
      () => (up.is ? 200 : 410),
    );
    await playOut(by, fetch);
    for (const { id } of [one, other]) {
      expect((await shown(id)).callbackFailed?.reason).toBe("it answered 410");
      await isTold(id);
    }
    up.is = true;
    const { id } = await ended();
    await playOut(by, fetch);
    expect(came.map(({ event }) => event.data)).toMatchObject([{ id, state: "completed" }]);
    expect(await shown(id)).not.toHaveProperty("callbackFailed");
  });

  it("where its receiver is away for five days, while its task can still be read", async () => {
    const { id, by } = await ended();
    const beganMs = Date.now();
    const { fetch } = receiver(
      () => secret,
      () => 503,
    );
    await playOut(by, fetch);
    expect(Date.now() - beganMs).toBeGreaterThanOrEqual(5 * DAY);
    expect(Date.now() - beganMs).toBeLessThan(5.1 * DAY);
    expect((await shown(id)).callbackFailed?.reason).toBe("it waited for too long");
    await isTold(id);
  });

  it("though the queue of its task cannot hear of it at first", async () => {
    const { id, by } = await ended();
    const { fetch } = receiver(
      () => secret,
      () => 410,
    );
    const renamed = (from: string, to: string) =>
      runInDurableObject(queueOf(), (_, { storage }) => {
        storage.sql.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
      });
    await renamed("event_out", "away");
    await playOut(by, fetch, { untilMs: Date.now() + 1_000 });
    await renamed("away", "event_out");
    expect(await shown(id)).not.toHaveProperty("callbackFailed");
    await playOut(by, fetch);
    expect((await shown(id)).callbackFailed?.reason).toBe("it answered 410");
    await isTold(id);
  });

  it("once, however often the queue hears of it, and not shown of an end that was undone", async () => {
    const { id, seq } = await ended();
    const token = (await queueOf().show(seq, desk.owner.accountId))?.token ?? 0;
    const about = { seq, account: desk.owner.accountId, type: "step", attempts: 1 };
    const given = { ...about, reason: "it answered 410", atMs: Date.now() };
    await queueOf().callbacksGivenUp([{ ...given, token }]);
    await queueOf().callbacksGivenUp([{ ...given, token }]);
    await isTold(id);
    expect(await shown(id)).toHaveProperty("callbackFailed");
    // Of an end that is another one's by now.
    const other = await ended();
    const before = (await queueOf().show(other.seq, desk.owner.accountId))?.token ?? 0;
    await queueOf().callbacksGivenUp([{ ...given, seq: other.seq, token: before - 1 }]);
    await isTold(other.id);
    expect(await shown(other.id)).not.toHaveProperty("callbackFailed");
  });
});
