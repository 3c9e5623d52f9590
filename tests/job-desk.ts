import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, vi } from "vitest";
import type { JobView } from "#domain/jobs/protocol.ts";
import { PULL, pullAnswer } from "#domain/jobs/pull.ts";
import { wakeUp, type WakeUp } from "#domain/jobs/wakeup.ts";
import { bytesOf } from "#domain/shared/bytes.ts";
import { call, newAccount, type TestAccount } from "./helpers.ts";

// The way of a heavy job to a backend and back, with the test as the backend: what it says is what any may say.

export type Task = { id: string; state: string; attempts: number; reason: string | null };
const { WISHUB_JOBS_TOKEN: token } = env as Env;
export const bearer = (credential: string) => ({ Authorization: `Bearer ${credential}` });
const SHARD = "shared/gpu/0";
export const queue = () => env.TASK_QUEUE.getByName(SHARD);
export const shard = (work: (state: DurableObjectState) => unknown) =>
  runInDurableObject(queue(), async (_, state) => void (await work(state)));

/** Whose jobs they are: another account for each test, whose shard holds no other's. */
export let owner: TestAccount;
export const newOwnerEachTime = () =>
  beforeEach(async () => {
    await queue().depth();
    await shard(async (state) => {
      const tables = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'task'");
      if (tables.toArray().length > 0)
        state.storage.sql.exec("DELETE FROM task; DELETE FROM wake_up");
      await state.storage.deleteAlarm();
    });
    await evictDurableObject(queue());
    owner = await newAccount();
  });

export async function made(body: object): Promise<Task> {
  const answer = await owner.call("POST", "/v1/tasks", { body: { pool: "gpu", ...body } });
  expect(answer.status).toBe(201);
  return await answer.json<Task>();
}
export const shown = async ({ id }: Pick<Task, "id">) =>
  await (await owner.call("GET", `/v1/tasks/${id}`)).json<Task>();

async function pulled(): Promise<WakeUp[]> {
  // Longer than any run: what one test took comes back to no other one.
  const body = { batch_size: 100, visibility_timeout_ms: PULL.visibilityMsMax };
  const path = "/jobs/queue/messages/pull";
  const answer = await call("POST", path, { body, headers: bearer(token ?? "") });
  const { messages } = pullAnswer.parse(await answer.json()).result;
  return messages.map(({ body: text }) =>
    wakeUp.parse(JSON.parse(new TextDecoder().decode(bytesOf(text)))),
  );
}
/** Those that come after their outbox was relayed. */
export const announced = (count: number) =>
  vi.waitFor(async () => {
    const got = await pulled();
    expect(got).toHaveLength(count);
    return got;
  });
export const say = (what: string, credential: string, body: object) =>
  call("POST", `/jobs/${what}`, { body, headers: bearer(credential) });
export const KINDS = ["embed.batch", "kmeans", "reembed", "rerank"];
export async function claimed(
  secret: string,
  kinds = KINDS,
  leaseMs = 60_000,
): Promise<JobView | null> {
  const answer = await say("claim", secret, { kinds, leaseMs });
  expect(answer.status).toBe(200);
  return (await answer.json<{ job: JobView | null }>()).job;
}
/** A job that is ours. */
export async function working(task: object): Promise<{ task: Task; job: JobView }> {
  const one = await made(task);
  const [message] = await announced(1);
  const job = await claimed(message?.secret ?? "");
  if (job === null) throw new Error("nothing was given");
  return { task: one, job };
}
export const RERANK = { type: "rerank", input: { query: "q", documents: ["a", "b"] } };
export const RANKED = {
  model: "m",
  results: [
    { index: 1, score: 2 },
    { index: 0, score: 1 },
  ],
};
