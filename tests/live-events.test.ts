import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { LIMITS } from "#domain/shared/limits.ts";
import { positionText } from "#domain/topics/position.ts";
import { partitionNameOf } from "#domain/topics/topics.ts";
import { agentOf } from "./agent-session.ts";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { append, PATH, Reader } from "./live-events.ts";

let account: TestAccount;
beforeEach(async () => {
  account = await newAccount();
});

const partition = (n: number) =>
  env.TOPIC.getByName(
    partitionNameOf({ accountId: account.accountId, topic: "agent.events", partition: n }),
  );
const after = (last: string) => ({ "Last-Event-ID": last });
const failed = async (query: string, headers = {}) =>
  await problemOf(await account.call("GET", `/v1/events${query}`, { headers }));

describe("events as they happen", () => {
  it("are told as CloudEvents to whoever follows, from now on", async () => {
    await append(account, [1]);
    const reader = await Reader.open(account);
    await append(account, [2]);
    const told = await reader.next();
    expect(told?.name).toBe("message");
    expect(told?.event).toMatchObject({
      specversion: "1.0",
      type: "custom.counted",
      data: { n: 2 },
    });
    expect(told?.id).toBe(reader.last);
    await reader.close();
  });

  it("are told from a time on, and behind a position", async () => {
    const begunAt = new Date(Date.now() - 1_000).toISOString();
    await append(account, [1, 2, 3]);
    const whole = await Reader.open(account, `?from=${begunAt}`);
    expect(await whole.numbers(1)).toEqual([1]);
    const rest = await Reader.open(account, `?after=${whole.last}`);
    expect(await rest.numbers(2)).toEqual([2, 3]);
    await Promise.all([whole.close(), rest.close()]);
  });

  it("are told from the newest of what is there, and no further back than a time", async () => {
    await append(account, [1, 2, 3]);
    const last = await Reader.open(account, "?newest=2&topic=agent.events");
    expect(await last.numbers(2)).toEqual([2, 3]);
    await append(account, [4]);
    expect(await last.numbers(1)).toEqual([4]);
    const all = await Reader.open(account, "?newest=10000&topic=agent.events");
    expect(await all.numbers(4)).toEqual([1, 2, 3, 4]);
    const later = new Date(Date.now() + 60_000).toISOString();
    const none = await Reader.open(account, `?newest=2&from=${later}&topic=agent.events`);
    const first = none.numbers(1);
    await append(account, [5]);
    expect(await first).toEqual([5]);
    await Promise.all([last.close(), all.close(), none.close()]);
    for (const newest of ["0", "10001", "-1", "x"])
      expect(await failed(`?newest=${newest}`)).toMatchObject({ code: "invalid-request" });
  });

  it("are told without a gap or twice, wherever the connection is lost", async () => {
    let reader = await Reader.open(account);
    // Lost before its first event: its place is known all the same.
    await append(account, [1]);
    const told: number[] = [];
    for (let n = 2; n <= 12; n++) {
      const { last } = reader;
      told.push(...(await reader.numbers(1)));
      expect(reader.last).not.toBe(last);
      await reader.close();
      await append(account, [n]);
      reader = await Reader.open(account, "", after(reader.last));
    }
    await reader.close();
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it("keep the place of a reader that lost its stream before anything came", async () => {
    const reader = await Reader.open(account);
    const waiting = reader.next();
    await expect.poll(() => reader.last).not.toBe("");
    const other = await Reader.open(account, "", after(reader.last));
    await append(account, [1]);
    expect(await other.numbers(1)).toEqual([1]);
    await waiting;
    await Promise.all([reader.close(), other.close()]);
  });

  it("go on in new partitions when a topic grows, each key's in their order", async () => {
    const reader = await Reader.open(account);
    const keys = ["a", "b", "c", "d", "e", "f"];
    await append(account, [1], { key: "a" });
    expect(await reader.numbers(1)).toEqual([1]);
    await partition(0).grow(1);
    const numbers = Array.from({ length: 24 }, (_, i) => i + 2);
    for (const n of numbers) await append(account, [n], { key: keys[n % keys.length] ?? "a" });
    const told = await reader.numbers(numbers.length);
    expect(told.toSorted((x, y) => x - y)).toEqual(numbers);
    for (const [i] of keys.entries()) {
      const own = told.filter((n) => n % keys.length === i);
      expect(own).toEqual(own.toSorted((x, y) => x - y));
    }
    await reader.close();
  });

  it("are what was asked for: a topic, types, an agent, a run, a task", async () => {
    const begunAt = new Date(Date.now() - 1_000).toISOString();
    await append(account, [1], { more: { agentId: "a_1", taskId: "t_1" } });
    await append(account, [2], { type: "custom.paid", more: { agentId: "a_2" } });
    await append(account, [3], { more: { agentId: "a_2", runId: "r_1", taskId: "t_2" } });
    await append(account, [4], { type: "custom.shop.paid" });
    const wanted: [string, number[]][] = [
      ["type=custom.*", [1, 2, 3, 4]],
      ["type=custom.paid,custom.shop.*", [2, 4]],
      ["agent=a_2", [2, 3]],
      ["agent=a_2&type=custom.counted", [3]],
      ["run=r_1", [3]],
      ["task=t_1&topic=agent.events,agent.tasks", [1]],
    ];
    for (const [query, numbers] of wanted) {
      const reader = await Reader.open(account, `?from=${begunAt}&${query}`);
      expect(await reader.numbers(numbers.length), query).toEqual(numbers);
      await reader.close();
    }
  });

  it("end with the first ones where an answer is carried as a whole", async () => {
    const agent = await agentOf(account);
    await append(account, [1, 2]);
    const begunAt = new Date(Date.now() - 60_000).toISOString();
    const { perform } = await import("#workers/http/app.ts");
    const { createExecutionContext } = await import("cloudflare:test");
    const path = `/v1/events?from=${begunAt}&topic=agent.events&type=custom.*`;
    const asked = { method: "GET", path };
    const answer = await perform(env, createExecutionContext(), account.principal, asked);
    const text = await answer.text();
    expect(text.match(/^data: /gm)).toHaveLength(2);
    expect(agent).not.toBe("");
  });
});

describe("what cannot be told", () => {
  it("is refused in words: topics, types, positions, times", async () => {
    expect(await failed("?topic=unit.eventz")).toMatchObject({ code: "topic-unknown" });
    const wrong: [string, string][] = [
      ["?type=UNIT.*", "#/query/type/0"],
      ["?type=unit.*,unt.published", "#/query/type/1"],
      [
        `?type=${Array.from({ length: LIMITS.eventTypesPerFilterMax + 1 }, () => "custom.b").join()}`,
        "#/query/type",
      ],
      ["?after=xyz", "#/query/after"],
      [`?after=${"x".repeat(5_000)}`, "#/query/after"],
      ["?from=yesterday", "#/query/from"],
      ["?agent=a%20b", "#/query/agent"],
      ["?more=1", "#/query/more"],
    ];
    for (const [query, pointer] of wrong) {
      const { code, errors } = await failed(query);
      expect([code, errors?.[0]?.pointer], query).toEqual(["invalid-request", pointer]);
    }
    const { errors } = await failed("", after("nonsense"));
    expect(errors?.[0]?.pointer).toBe("#/headers/last-event-id");
  });

  it("is behind a position that its log has not come to: another log gave it", async () => {
    await append(account, [1]);
    for (const offsets of [[2], [1, 1]]) {
      const ahead = positionText({ "agent.events": offsets });
      const detail = expect.stringContaining("there is no such event: the latest is");
      const error = { pointer: "#/headers/last-event-id", detail };
      expect(await failed("", after(ahead))).toMatchObject({ errors: [error] });
    }
    expect(await failed(`?after=${positionText({ "agent.events": [9] })}`)).toMatchObject({
      errors: [{ pointer: "#/query/after" }],
    });
  });

  it("is gone where it is kept no more, and the earliest that is there is named", async () => {
    await append(account, [1, 2, 3, 4]);
    const begunAt = new Date(Date.now() - 60_000).toISOString();
    const reader = await Reader.open(account, `?from=${begunAt}&topic=agent.events`);
    expect(await reader.numbers(1)).toEqual([1]);
    await reader.close();
    await runInDurableObject(partition(0), (_, state) => {
      const meta = state.storage.kv.get<{ earliest: number }>("meta");
      state.storage.kv.put("meta", {
        count: 1,
        parent: null,
        released: 1,
        splits: {},
        ...meta,
        earliest: 4,
      });
    });
    await evictDurableObject(partition(0));
    expect(await failed("?topic=agent.events", after(reader.last))).toMatchObject({
      code: "offset-gone",
      status: 410,
      earliest: 4,
    });
  });

  it("is another account's, the audit log's to whoever may not read it, and nobody's without the scope", async () => {
    await append(account, [1]);
    const stranger = await newAccount();
    const begunAt = new Date(Date.now() - 60_000).toISOString();
    await append(stranger, [7]);
    const reader = await Reader.open(stranger, `?from=${begunAt}&topic=agent.events`);
    expect(await reader.numbers(1)).toEqual([7]);
    await reader.close();
    const as = async (apiKey: string, query: string) =>
      await call("HEAD", `/v1/events${query}`, { headers: { Authorization: `Bearer ${apiKey}` } });
    const events = await account.key(["events"]);
    expect((await as(events.apiKey, "?topic=audit.logs")).status).toBe(403);
    expect((await as(events.apiKey, "")).headers.get("WisHub-Topics")).toBe(
      "unit.events,agent.events,agent.tasks",
    );
    const others = await account.key(["units:read", "audit"]);
    expect((await as(others.apiKey, "")).status).toBe(403);
  });
});

it("ends soon after its key was revoked", { timeout: 20_000 }, async () => {
  const { id, apiKey } = await account.key(["events"]);
  const as = { Authorization: `Bearer ${apiKey}` };
  const reader = new Reader(await call("GET", "/v1/events", { headers: as }));
  await append(account, [1]);
  expect(await reader.numbers(1)).toEqual([1]);
  await account.call("DELETE", `/v1/keys/${id}`);
  expect(await reader.next()).toBeNull();
});

it("is no topic's to append to but by its own address", async () => {
  const body = { type: "custom.x", data: {} };
  expect(
    (await account.call("POST", PATH.replace("agent.events", "unit.events"), { body })).status,
  ).toBe(403);
});
