import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it, vi } from "vitest";
import { newAccount, problemOf } from "./helpers.ts";
import {
  append,
  custom,
  type Event,
  EVENTS,
  lines,
  owner,
  page,
  type Page,
  partition,
  topics,
} from "./topics.ts";

const at = (ms: number) => vi.setSystemTime(ms);
afterEach(() => {
  vi.useRealTimers();
});

it("gives back what was appended, in its order, from any offset", async () => {
  expect(await append(custom(1))).toEqual([{ id: "e1", partition: 0, offset: 1 }]);
  const several = await append({ events: [custom(2), custom(3), custom(4)] });
  expect(several.map(({ offset }) => offset)).toEqual([2, 3, 4]);
  const { items, partitions } = await page();
  expect(items.map(({ id }) => id)).toEqual(["e1", "e2", "e3", "e4"]);
  expect(items[2]).toMatchObject({
    specversion: "1.0",
    source: `${env.WISHUB_PUBLIC_URL}${EVENTS.replace("/events", "")}`,
    type: "custom.tick",
    datacontenttype: "application/json",
    data: { n: 3 },
    partition: 0,
    sequence: "0000000000000003",
  });
  expect(partitions).toEqual([{ partition: 0, next: 4, latest: 4 }]);
  expect((await page("?partition=0&after=2&limit=1")).items.map(({ id }) => id)).toEqual(["e3"]);
  expect((await lines()).map(({ id }) => id)).toEqual(["e1", "e2", "e3", "e4"]);
  expect((await lines("?limit=3")).map(({ id }) => id)).toEqual(["e1", "e2", "e3"]);
});

it("keeps an event once, however often and in whatever company it comes, and after an eviction too", async () => {
  const first = await append({ events: [custom(1), custom(2)] });
  expect(await append({ events: [custom(2), custom(3), custom(3)] })).toMatchObject([
    { offset: 2 },
    { offset: 3 },
    { offset: 3 },
  ]);
  await evictDurableObject(partition(0));
  expect(await append({ events: [custom(1), custom(2)] })).toEqual(first);
  expect((await page()).items.map(({ id }) => id)).toEqual(["e1", "e2", "e3"]);
  // Without an id the repetition of a request is known by its key.
  const headers = { "Idempotency-Key": "once" };
  const body = { type: "custom.tick" };
  for (let i = 0; i < 2; i++)
    expect((await owner.call("POST", EVENTS, { body, headers })).status).toBe(201);
  expect((await page()).items).toHaveLength(4);
});

it("says what is wrong with an event, a topic and an offset", async () => {
  const refused = async (method: string, path: string, body?: object) => {
    const { code, errors, detail } = await problemOf(
      await owner.call(method, path, body === undefined ? {} : { body }),
    );
    return [code, errors?.[0]?.pointer ?? detail];
  };
  expect(await refused("GET", "/v1/topics/agent.dreams")).toEqual(["topic-unknown", undefined]);
  expect(await refused("GET", "/v1/topics/agent.dreams/events")).toEqual([
    "topic-unknown",
    undefined,
  ]);
  expect(await refused("POST", "/v1/topics/agent.dreams/events", custom(1))).toEqual([
    "topic-unknown",
    undefined,
  ]);
  expect(
    await refused("POST", "/v1/topics/agent.dreams/groups/readers/members", { begin: "latest" }),
  ).toEqual(["topic-unknown", undefined]);
  expect(await refused("POST", "/v1/topics/unit.events/events", custom(1))).toEqual([
    "forbidden",
    "only agent.events takes what callers append",
  ]);
  expect(await refused("POST", EVENTS, { type: "unit.published" })).toEqual([
    "invalid-request",
    "/type",
  ]);
  expect(await refused("POST", EVENTS, { data: 1 })).toEqual(["invalid-request", "/type"]);
  expect(await refused("POST", EVENTS, { type: "custom.a", events: [custom(1)] })).toEqual([
    "invalid-request",
    "/type",
  ]);
  expect(await refused("POST", EVENTS, { subject: "s", events: [custom(1)] })).toEqual([
    "invalid-request",
    "/events",
  ]);
  expect((await refused("POST", EVENTS, custom(1, { data: "x".repeat(65_536) })))[0]).toBe(
    "event-too-large",
  );
  expect((await refused("POST", EVENTS, custom(1, { data: "\u4e2d".repeat(22_000) })))[0]).toBe(
    "event-too-large",
  );
  const many = { events: [custom(7), custom(8, { data: "x".repeat(65_536) })] };
  expect(await refused("POST", EVENTS, many)).toEqual([
    "event-too-large",
    "the event e8 takes more than 65536 bytes",
  ]);
  expect((await page()).items).toEqual([]);
  expect(await refused("GET", `${EVENTS}?partition=0&after=1`)).toEqual([
    "invalid-request",
    "#/query/after",
  ]);
  expect(await refused("GET", `${EVENTS}?after=nonsense`)).toEqual([
    "invalid-request",
    "#/query/after",
  ]);
  expect(await refused("GET", `${EVENTS}?limit=1001`)).toEqual([
    "invalid-request",
    "#/query/limit",
  ]);
  expect((await refused("GET", `${EVENTS}?partition=3`))[0]).toBe("not-found");
  expect(await refused("GET", `${EVENTS}?after=MQ&from=2026-01-01T00:00:00Z`)).toEqual([
    "invalid-request",
    "#/query/from",
  ]);
});

it("makes nothing for who only looks", async () => {
  expect((await page()).items).toEqual([]);
  const answer = await owner.call("GET", "/v1/topics");
  const { items } = await answer.json<{ items: { topic: string; partitions: object[] }[] }>();
  expect(items.map(({ topic }) => topic)).toEqual([
    "unit.events",
    "agent.events",
    "agent.tasks",
    "audit.logs",
  ]);
  expect(items[1]?.partitions).toEqual([
    { partition: 0, earliest: 1, latest: 0, bytes: 0, parent: null },
  ]);
  await runInDurableObject(partition(0), async (_, { storage }) => {
    expect([...(await storage.list())]).toEqual([]);
    expect(await storage.getAlarm()).toBe(null);
    expect(
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'chunk'").toArray(),
    ).toEqual([]);
  });
});

it("shows the topic of the audit log to who may read that", async () => {
  const { apiKey } = await owner.key(["events"]);
  const headers = { Authorization: `Bearer ${apiKey}` };
  const { items } = await (
    await owner.call("GET", "/v1/topics", { headers })
  ).json<{ items: { topic: string }[] }>();
  expect(items.map(({ topic }) => topic)).not.toContain("audit.logs");
  for (const path of ["", "/events"])
    expect(
      await problemOf(await owner.call("GET", `/v1/topics/audit.logs${path}`, { headers })),
    ).toMatchObject({
      code: "forbidden",
      detail: "needs the scope audit",
    });
  expect((await owner.call("GET", "/v1/topics/audit.logs/events")).status).toBe(200);
});

it("keeps one account's events from every other", async () => {
  await append(custom(1));
  const other = await newAccount();
  const seen = await (await other.call("GET", EVENTS)).json<Page>();
  expect(seen.items).toEqual([]);
});

it("wakes who waits for the next event", async () => {
  await append(custom(1));
  const reading = { partition: 0, after: 1, limit: 10, bytesMax: 1_000_000, waitMs: 20_000 };
  const waiting = topics.read(owner.accountId, "agent.events", reading);
  await append(custom(2));
  const read = await waiting;
  expect(read.ok && read.value.events.map((text) => (JSON.parse(text) as Event).id)).toEqual([
    "e2",
  ]);
});

it("grows by doubling, and a key's events stay in their order for who reads what goes on from what", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const begun = Date.UTC(2027, 0, 1);
  at(begun);
  const keys = Array.from({ length: 16 }, (_, i) => `key ${i}`);
  let n = 0;
  const round = async () =>
    await append({ events: keys.map((key) => custom(++n, { key, data: { key, n } })) });
  await round();
  await partition(0).grow(1);
  // In an isolate that has not heard of it, too.
  await round();
  expect(await partition(0).parents()).toEqual([null, { partition: 0, offset: 16 }]);
  at(begun + 61_000);
  await partition(0).grow(2);
  const places = await round();
  expect(new Set(places.map((one) => one.partition))).toEqual(new Set([0, 1, 2, 3]));
  const parents = await partition(0).parents();
  expect(parents.map((parent) => parent?.partition ?? null)).toEqual([null, 0, 0, 1]);

  const orderOf = (events: Event[]) => {
    const seen = new Map<string, number[]>();
    for (const { data } of events as { data: { key: string; n: number } }[])
      seen.set(data.key, [...(seen.get(data.key) ?? []), data.n]);
    return seen;
  };
  const all = await lines();
  expect(all).toHaveLength(48);
  for (const [key, ns] of orderOf(all)) expect(ns, key).toEqual(ns.toSorted((a, b) => a - b));
  // Page by page, while it goes on being written to.
  const paged: Event[] = [];
  let position = "";
  for (let turn = 0; turn < 40; turn++) {
    const { items, position: next } = await page(`?limit=5${position && `&after=${position}`}`);
    if (items.length === 0) break;
    paged.push(...items);
    position = next ?? "";
    if (turn === 3) await round();
  }
  expect(paged).toHaveLength(64);
  for (const [key, ns] of orderOf(paged)) expect(ns, key).toEqual(ns.toSorted((a, b) => a - b));
  // What is repeated is known where it went on, and it says where the event is.
  const again = await append({ events: keys.map((key, i) => custom(33 + i, { key, data: null })) });
  expect(again).toEqual(places);
});

it("goes on growing where it was cut off", async () => {
  await append({ events: [custom(1, { key: "a" }), custom(2, { key: "b" })] });
  await partition(0).split(2);
  await runInDurableObject(partition(0), (_, { storage }) => {
    storage.kv.put("layout", { parents: [null], growingTo: 2, grownMs: Date.now() });
  });
  await evictDurableObject(partition(0));
  await append(custom(3, { key: "a" })).catch(() => {});
  await runInDurableObject(partition(0), async (object) => await object.alarm());
  expect(await partition(0).parents()).toEqual([null, { partition: 0, offset: 2 }]);
  await append({ events: [custom(4, { key: "a" }), custom(5, { key: "b" })] });
  expect((await lines()).map(({ id }) => id).toSorted()).toContain("e5");
});
