import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { newAccount, type TestAccount } from "./helpers.ts";

type Task = { id: string };

let owner: TestAccount;
const shard = (n: number) => env.TASK_QUEUE.getByName(`account/${owner.accountId}/${n}`);
async function made(n: number, headers: Record<string, string> = {}): Promise<string> {
  const answer = await owner.call("POST", "/v1/tasks", {
    body: { type: "look", input: n },
    headers,
  });
  expect(answer.status).toBe(201);
  return (await answer.json<Task>()).id;
}
async function leased(more: object = {}): Promise<(Task & { fencingToken: number })[]> {
  const body = { types: ["look"], limit: 100, ...more };
  const answer = await owner.call("POST", "/v1/tasks/lease", { body });
  return (await answer.json<{ tasks: (Task & { fencingToken: number })[] }>()).tasks;
}
/** Open tasks of each shard. */
const spread = async () =>
  await Promise.all([0, 1, 2, 3].map(async (n) => (await shard(n).load()).open));

beforeEach(async () => {
  owner = await newAccount();
});

it("spreads what is made over the shards of a busy pool, and finds all of it again", async () => {
  const ids = [await made(0, { "Idempotency-Key": "early" })];
  expect([await shard(0).grow(1), await shard(0).grow(2), await shard(0).grow(2)]).toEqual([
    2, 4, 4,
  ]);
  for (let n = 1; n <= 40; n++) ids.push(await made(n));
  const open = await spread();
  expect(Math.max(...open) - Math.min(...open), open.join()).toBeLessThanOrEqual(6);
  const done = new Set<string>();
  for (let tasks = await leased(); tasks.length > 0; tasks = await leased())
    for (const { id, fencingToken } of tasks) {
      const said = { body: { fencingToken, result: null } };
      expect((await owner.call("POST", `/v1/tasks/${id}/complete`, said)).status).toBe(200);
      expect(done.has(id)).toBe(false);
      done.add(id);
    }
  expect([...done].toSorted()).toEqual(ids.toSorted());
});

it("makes a task once under a key, however many shards there came to be", async () => {
  const keys = Array.from({ length: 12 }, (_, n) => ({ "Idempotency-Key": `key ${n}` }));
  const first = await Promise.all(keys.map(async (headers) => await made(1, headers)));
  await shard(0).grow(1);
  const second = await Promise.all(keys.map(async (headers) => await made(1, headers)));
  await shard(0).grow(2);
  const third = await Promise.all(keys.map(async (headers) => await made(1, headers)));
  expect([second, third]).toEqual([first, first]);
});

it("brings whoever waits to the shard where something comes", async () => {
  await shard(0).grow(1);
  await made(0);
  await leased();
  // Twice: by chance one may have come to the first shard.
  for (let n = 0; n < 6; n++) {
    const waiting = leased({ waitMs: 20_000 });
    const id = await made(n);
    expect((await waiting).map((one) => one.id)).toEqual([id]);
  }
});

it("stays paused where a busy pool comes to more shards, and is resumed with all of them", async () => {
  const control = async (verb: string) =>
    expect((await owner.call("POST", `/v1/queues/account/${verb}`, { body: {} })).status).toBe(200);
  await made(0);
  await control("pause");
  await shard(0).grow(1);
  for (let n = 1; n <= 6; n++) await made(n);
  expect((await shard(1).load()).open).toBeGreaterThan(0);
  expect(await leased()).toEqual([]);
  // A pool that this isolate has heard of a moment ago, and that has grown since.
  await shard(0).grow(2);
  await control("resume");
  expect(
    (await Promise.all([0, 1, 2, 3].map((n) => shard(n).depth()))).map(({ mode }) => mode),
  ).toEqual(["open", "open", "open", "open"]);
});
