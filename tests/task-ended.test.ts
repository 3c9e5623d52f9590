import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { Queue } from "#domain/scheduling/queue.ts";
import { OWN_QUEUE } from "#domain/tasks/queue-settings.ts";
import { TaskEnded } from "#objects/task-ended.ts";
import { TaskRows } from "#objects/task-rows.ts";
import { newDesk } from "./task-desk.ts";

it("lets ended tasks go sooner where they take too much, and no more of them before it grows again", async () => {
  const { owner, batch } = await newDesk();
  await batch(Array.from({ length: 3 }, (_, n) => ({ ref: `t${n}` })));
  const stub = env.TASK_QUEUE.getByName(`account/${owner.accountId}/0`);
  for (const seq of [1, 2]) await stub.cancel(seq, owner.accountId, null);
  await runInDurableObject(stub, (_, { storage }) => {
    const rows = new TaskRows(storage, owner.accountId);
    const gone: number[][] = [];
    const ended = new TaskEnded(storage, rows, (seqs) => gone.push(seqs), 1);
    const makeRoom = () => {
      ended.count = rows.countEnded();
      storage.transactionSync(() => ended.makeRoom(new Queue(OWN_QUEUE), Date.now()));
    };
    makeRoom();
    expect(gone).toEqual([[1, 2]]);
    expect(rows.one(3)).not.toBeNull();
    storage.sql.exec("UPDATE task SET state = 6 WHERE seq = 3");
    makeRoom(); // there is room in what went
    expect(gone).toHaveLength(1);
    storage.sql.exec("CREATE TABLE more (x BLOB)");
    storage.sql.exec("INSERT INTO more VALUES (zeroblob(100000))");
    makeRoom();
    expect(gone).toEqual([[1, 2], [3]]);
  });
});
