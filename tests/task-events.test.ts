import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { ok as fine } from "#domain/shared/result.ts";
import type { EventDraft } from "#domain/topics/event.ts";
import { EventOutbox } from "#objects/event-outbox.ts";
import { untilTold } from "./event-sources.ts";
import { type Desk, type Given, newDesk, ok } from "./task-desk.ts";

let desk: Desk;
beforeEach(async () => {
  desk = await newDesk();
});

const queueOf = () => env.TASK_QUEUE.getByName(`account/${desk.owner.accountId}/0`);
async function one(): Promise<Given> {
  const [given] = await desk.lease(1);
  if (given === undefined) throw new Error("nothing was leased");
  return given;
}
const of = (id: string, whats: string[]) =>
  untilTold(
    desk.owner,
    "agent.tasks",
    id,
    whats.map((what) => `task.${what}`),
  );

describe("agent.tasks tells of a task", () => {
  it("how it is made, leased, worked on, tried again and done, and nothing that was said in it", async () => {
    const [task] = await desk.batch([{ input: { secret: "otter" }, attempts: 3 }]);
    const id = task?.id ?? "";
    await ok(desk.say("fail", await one(), { reason: "a secret reason", delayMs: 1 }));
    const again = await untilLeased();
    await ok(desk.say("heartbeat", again, { progress: 0.5, event: "a secret word" }));
    await ok(desk.say("heartbeat", again));
    await ok(desk.say("complete", again, { result: "a secret result" }));
    const steps = ["created", "leased", "delayed", "leased", "progressed", "completed"];
    const events = await of(id, steps);
    expect(events[4]?.data).toMatchObject({ taskId: id, type: "step", progress: 0.5, attempts: 2 });
    expect(JSON.stringify(events)).not.toContain("secret");
  });
  async function untilLeased(): Promise<Given> {
    for (;;) {
      const body = { types: ["step"], limit: 1, waitMs: 5_000 };
      const { tasks } = await ok<{ tasks: Given[] }>(desk.post("/v1/tasks/lease", body));
      if (tasks[0] !== undefined) return tasks[0];
    }
  }

  it("that failed for good, what was canceled with it, and that it was put back", async () => {
    const [first, second] = await desk.batch([{ ref: "a" }, { dependsOn: ["a"] }]);
    await ok(desk.say("fail", await one(), { final: true }));
    await ok(desk.post("/v1/queues/account/redrive", { ids: [first?.id] }));
    await ok(desk.post(`/v1/tasks/${first?.id}/cancel`, {}));
    const events = await of(first?.id ?? "", [
      "created",
      "leased",
      "failed",
      "redriven",
      "canceled",
    ]);
    expect(events[2]?.data).toMatchObject({ cause: "refused" });
    const [, canceled] = await of(second?.id ?? "", ["created", "canceled"]);
    expect(canceled?.data).toMatchObject({ cause: "dependency" });
  });

  it("whose queue was evicted before anybody was told, once", async () => {
    const [task] = await desk.batch([{}]);
    await of(task?.id ?? "", ["created"]);
    const { accountId } = desk.owner;
    // As a crash leaves it: written with what it tells of, and not handed over; and one that was, and was not cleared.
    await runInDurableObject(queueOf(), (_, { storage }) => {
      const { notes } = storage.sql
        .exec<{ notes: string }>(`SELECT '[[1,5,1,"${accountId}","step",1,0]]' AS notes`)
        .one();
      storage.sql.exec("INSERT OR REPLACE INTO event_out VALUES (90, 'late', ?)", notes);
    });
    for (let round = 0; round < 2; round++) {
      await evictDurableObject(queueOf());
      await queueOf().depth();
      await runInDurableObject(queueOf(), (_, { storage }) => storage.setAlarm(1));
      await runDurableObjectAlarm(queueOf());
      await of(task?.id ?? "", ["created", "leased"]);
    }
    await runInDurableObject(queueOf(), (_, { storage }) =>
      expect(storage.sql.exec("SELECT * FROM event_out").toArray()).toEqual([]),
    );
  });
});

describe("an outbox of events", () => {
  type Taken = { ids: string[]; fails: boolean };
  const outboxOn = (sql: SqlStorage, taken: Taken) =>
    new EventOutbox<number>({
      sql,
      append: async (_, drafts: EventDraft[]) => {
        if (taken.fails) return { ok: false, error: { code: "overloaded" } };
        taken.ids.push(...drafts.map(({ id, data }) => `${id} ${String(data)}`));
        return fine(null);
      },
      eventOf: (n, id) => ({
        accountId: "a",
        draft: { id, type: "otter.dived", timeMs: 0, data: n },
      }),
      newId: () => "batch",
      nowMs: () => 1_000,
    });

  it("hands over in order what was stored, after a failure from where it was, and nothing that was taken back", async () => {
    await desk.batch([{}]);
    await runInDurableObject(queueOf(), async (_, { storage }) => {
      storage.sql.exec("DELETE FROM event_out");
      const taken: Taken = { ids: [], fails: true };
      const outbox = outboxOn(storage.sql, taken);
      const write = (...notes: number[]) => {
        for (const note of notes) outbox.note(note);
        outbox.write();
      };
      storage.transactionSync(() => write(1, 2));
      outbox.stored();
      await scheduler.wait(0);
      try {
        storage.transactionSync(() => {
          write(3);
          throw new Error("taken back");
        });
      } catch {
        outbox.forget();
      }
      storage.transactionSync(() => write(4));
      outbox.stored();
      await scheduler.wait(0);
      expect(taken.ids).toEqual([]);
      expect(outbox.dueMs).toBeLessThan(Infinity);
      taken.fails = false;
      await outbox.work();
      expect(taken.ids).toEqual(["batch.0 1", "batch.1 2", "batch.0 4"]);
      expect(outbox.dueMs).toBe(Infinity);
      expect(storage.sql.exec("SELECT * FROM event_out").toArray()).toEqual([]);
      // What is written next is handed over at once, by whoever begins anew too.
      storage.transactionSync(() => write(5));
      const after = outboxOn(storage.sql, taken);
      expect(after.dueMs).toBe(1);
      await after.work();
      expect(taken.ids.at(-1)).toBe("batch.0 5");
    });
  });
});
