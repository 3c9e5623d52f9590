import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { partitionNameOf } from "#domain/topics/topics.ts";
import { problemOf } from "./helpers.ts";
import {
  append,
  custom,
  EVENTS,
  fill,
  lines,
  owner,
  page,
  partition,
  segments,
  topics,
} from "./topics.ts";

const DAY = 86_400_000;
const at = (ms: number) => vi.setSystemTime(ms);
afterEach(() => {
  vi.useRealTimers();
});

it("seals what is older into segments, and reads on over them as if nothing had happened", async () => {
  await fill(1, 400, 20_000);
  // By its own alarm.
  await vi.waitFor(async () => expect(await segments()).toHaveLength(1), 5_000);
  const all = Array.from({ length: 400 }, (_, i) => `e${i + 1}`);
  expect((await lines()).map(({ id }) => id)).toEqual(all);
  await evictDurableObject(partition(0));
  expect((await lines("?partition=0&after=100")).map(({ id }) => id)).toEqual(all.slice(100));
  expect((await page("?partition=0&after=7&limit=3")).items.map(({ id }) => id)).toEqual([
    "e8",
    "e9",
    "e10",
  ]);
  // Sealed or not, an id that is remembered is known.
  expect(await append(custom(390))).toMatchObject([{ offset: 390 }]);
  expect(await append(custom(3))).toMatchObject([{ offset: 3 }]);
});

it("seals again what it was cut off at, and nothing is there twice", async () => {
  await fill(1, 100, 20_000);
  await runInDurableObject(partition(0), (_, { storage }) => {
    // As it is left behind when the process ends before the segment is known: up to this chunk, under this name.
    storage.kv.put("sealing", 51);
  });
  await evictDurableObject(partition(0));
  await runInDurableObject(partition(0), async (object) => await object.alarm());
  expect(await segments()).toEqual([expect.stringMatching(/\/0{15}1-0{14}74\./)]);
  await fill(101, 50, 100);
  expect((await lines()).map(({ id }) => id)).toEqual(
    Array.from({ length: 150 }, (_, i) => `e${i + 1}`),
  );
});

it("removes on day 8 what is older than seven days, sealed or not, and nothing younger", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = Date.UTC(2027, 0, 1, 12);
  at(begun);
  await fill(1, 200, 20_000);
  at(begun + DAY);
  await fill(201, 200, 20_000);
  await runDurableObjectAlarm(partition(0));
  expect(await segments()).toHaveLength(1);
  at(begun + 7 * DAY);
  await append(custom(401));
  await runDurableObjectAlarm(partition(0));
  expect((await page("?partition=0&after=0&limit=1")).items[0]?.id).toBe("e1");

  at(begun + 8 * DAY - 1);
  await runDurableObjectAlarm(partition(0));
  const gone = await problemOf(await owner.call("GET", `${EVENTS}?partition=0&after=0`));
  expect(gone).toMatchObject({ code: "offset-gone", status: 410, earliest: 201 });
  expect((await lines()).map(({ id }) => id)).toEqual(
    Array.from({ length: 201 }, (_, i) => `e${i + 201}`),
  );
  const from = new Date(begun + 2 * DAY).toISOString();
  expect((await page(`?from=${from}`)).items.map(({ id }) => id)).toEqual(["e401"]);

  at(begun + 14 * DAY + 1);
  await runDurableObjectAlarm(partition(0));
  expect(await segments()).toEqual([]);
  expect((await page()).partitions).toEqual([{ partition: 0, next: 401, latest: 401 }]);
  // What comes now goes on where it was.
  expect(await append(custom(402))).toMatchObject([{ offset: 402 }]);
});

/** Appends to a log that no caller writes to, one event a day from now on: `d1`, `d2`, …; where they lie. */
async function daily(accountId: string, topic: "usage.records" | "audit.logs", count: number) {
  const begun = Date.now();
  const offsets: number[] = [];
  for (let day = 1; day <= count; day++) {
    at(begun + (day - 1) * DAY);
    const draft = { id: `d${day}`, type: "test.told", timeMs: Date.now(), key: "k", data: day };
    const taken = await topics.append(accountId, topic, [draft]);
    offsets.push(...(taken.ok ? taken.value.map(({ offset }) => offset) : []));
  }
  return offsets;
}
const idsIn = async (accountId: string, topic: "usage.records" | "audit.logs", from: number) => {
  const all = { partition: 0, after: from - 1, limit: 1_000, bytesMax: 1_000_000, waitMs: 0 };
  const read = await topics.read(accountId, topic, all);
  if (!read.ok) return read.error;
  const ids = read.value.events.map((text) => (JSON.parse(text) as { id: string }).id);
  return ids.filter((id) => /^d\d+$/.test(id));
};
const days = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `d${from + i}`);

it("removes of usage.records on day 31 what is older than thirty days and was released, and nothing else", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = Date.UTC(2027, 0, 1);
  at(begun);
  const object = env.TOPIC.getByName("platform usage.records 0");
  await object.remove();
  const left = async (from: number) => await idsIn("platform", "usage.records", from);
  // Others are metered here, too.
  const [first = 0, second = 0, third = 0] = await daily("platform", "usage.records", 3);
  try {
    at(begun + 30 * DAY + DAY / 2);
    await runDurableObjectAlarm(object);
    // However old it is: nobody has counted it.
    expect(await left(first)).toEqual(days(1, 3));
    await topics.release("platform", "usage.records", 0, third + 1);
    await runDurableObjectAlarm(object);
    expect(await left(first)).toMatchObject({ code: "offset-gone", earliest: first + 1 });
    expect(await left(second)).toEqual(days(2, 3));
    at(begun + 31 * DAY + DAY / 2);
    await runDurableObjectAlarm(object);
    expect(await left(second)).toMatchObject({ code: "offset-gone" });
    expect(await left(third)).toEqual(["d3"]);
  } finally {
    await object.remove();
  }
});

it("removes of audit.logs on day 91 what is older than ninety days, and nothing younger; the audit log itself stays", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = Date.UTC(2027, 0, 1);
  at(begun);
  const { accountId } = owner;
  const made = await owner.call("POST", "/v1/keys", { body: { name: "One", scopes: ["search"] } });
  expect(made.status).toBe(201);
  const object = env.TOPIC.getByName(
    partitionNameOf({ accountId, topic: "audit.logs", partition: 0 }),
  );
  const state = async () => await object.state();
  const { size } = await env.ACCOUNT.getByName(accountId).auditState();
  expect(size).toBeGreaterThan(0);
  await vi.waitFor(async () => expect((await state()).latest).toBe(size));
  at(begun + DAY);
  await daily(accountId, "audit.logs", 2);
  at(begun + 90 * DAY - 1);
  await runDurableObjectAlarm(object);
  expect(await state()).toMatchObject({ earliest: 1, latest: size + 2 });

  at(begun + 90 * DAY + DAY / 2);
  await runDurableObjectAlarm(object);
  expect(await idsIn(accountId, "audit.logs", 1)).toMatchObject({
    code: "offset-gone",
    earliest: size + 1,
  });
  expect(await idsIn(accountId, "audit.logs", size + 1)).toEqual(days(1, 2));
  at(begun + 91 * DAY + DAY / 2);
  await runDurableObjectAlarm(object);
  expect(await idsIn(accountId, "audit.logs", size + 2)).toEqual(["d2"]);
  const log = await owner.call("GET", "/v1/audit");
  expect((await log.json<{ items: object[] }>()).items).toHaveLength(size);
});

it("leaves nothing of a topic that is removed", async () => {
  await fill(1, 400, 20_000);
  await vi.waitFor(async () => expect(await segments()).toHaveLength(1), 5_000);
  await topics.remove(owner.accountId, "agent.events");
  expect(await segments()).toEqual([]);
  expect((await page()).partitions).toEqual([{ partition: 0, next: 0, latest: 0 }]);
  expect(await append(custom(1))).toEqual([{ id: "e1", partition: 0, offset: 1 }]);
});

it("goes on compacting behind a segment that has grown too large to be compacted again", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = Date.UTC(2027, 0, 1);
  at(begun);
  const compact = { retentionDays: 1, compact: true };
  await fill(1, 14, 100);
  await owner.call("PATCH", "/v1/topics/agent.events", { body: compact });
  at(begun + DAY + 1);
  await runDurableObjectAlarm(partition(0));
  await runInDurableObject(partition(0), (_, { storage }) => {
    storage.sql.exec("UPDATE segment SET bytes = 9000000");
  });
  await evictDurableObject(partition(0));
  await fill(15, 14, 100);
  at(begun + 2 * DAY + 2);
  await runDurableObjectAlarm(partition(0));
  const numbers = (from: number) => Array.from({ length: 7 }, (_, i) => `e${from + i}`);
  expect((await lines()).map(({ id }) => id)).toEqual([...numbers(8), ...numbers(22)]);
  expect(await segments()).toHaveLength(2);
});

it("looks again for what it could not do, however often it could not, and still does the rest", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = Date.UTC(2027, 0, 1);
  at(begun);
  await fill(1, 10, 100);
  await runInDurableObject(partition(0), (_, { storage }) => {
    storage.kv.put("sealing", 1);
  });
  await evictDurableObject(partition(0));
  at(begun + 8 * DAY);
  const every = Object.getPrototypeOf(env.BLOBS) as R2Bucket;
  const put = vi.spyOn(every, "put").mockRejectedValue(new Error("the store is away"));
  try {
    await runInDurableObject(partition(0), async (object, { storage }) => {
      await object.alarm();
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now());
    });
    expect((await page()).partitions).toEqual([{ partition: 0, next: 10, latest: 10 }]);
  } finally {
    put.mockRestore();
  }
});

it("keeps of a compacted topic the newest event of each key, at its offset, and what is young as it is", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = Date.UTC(2027, 0, 1);
  at(begun);
  const topic = "/v1/topics/agent.events";
  const patch = async (body: object, path = topic) => await owner.call("PATCH", path, { body });
  await fill(1, 21, 100);
  await append(custom(22, { data: "of no key" }));
  expect(await (await patch({ retentionDays: 2, compact: true })).json()).toMatchObject({
    retentionDays: 2,
    compact: true,
  });
  at(begun + DAY);
  await fill(23, 7, 100); // keys 2, 3, 4, 5, 6, 0, 1
  at(begun + 2 * DAY + 1);
  await runDurableObjectAlarm(partition(0));
  const kept = async () => (await lines()).map(({ id }) => id);
  const young = ["e23", "e24", "e25", "e26", "e27", "e28", "e29"];
  const newest = ["e15", "e16", "e17", "e18", "e19", "e20", "e21"];
  expect(await kept()).toEqual([...newest, ...young]);
  // From an offset in a gap, on over it.
  expect((await page("?partition=0&after=3&limit=2")).items.map(({ id }) => id)).toEqual([
    "e15",
    "e16",
  ]);
  at(begun + 3 * DAY + 1);
  await runDurableObjectAlarm(partition(0));
  expect(await kept()).toEqual(young);
  expect(await segments()).toHaveLength(1);
  await evictDurableObject(partition(0));
  expect(await append(custom(30))).toMatchObject([{ offset: 30 }]);
  expect(await kept()).toEqual([...young, "e30"]);

  expect((await patch({ retentionDays: 30 }, "/v1/topics/audit.logs")).status).toBe(400);
  expect((await patch({ retentionDays: 0 })).status).toBe(400);
  expect((await patch({}, "/v1/topics/agent.dreams")).status).toBe(404);
});
