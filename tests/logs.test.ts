import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { log, LEVELS, type LogRecord } from "#domain/observability/log.ts";
import { PLATFORM_PLACE } from "#domain/observability/places.ts";
import { newAccount, type TestAccount } from "./helpers.ts";
import { asking, randomHex } from "./tracing.ts";

const T0 = Date.UTC(2026, 10, 22, 12);
const MEMBERS = ["timestamp", "level", "service", "traceId", "spanId", "message", "data"];

let account: TestAccount;
beforeEach(async () => {
  account = await newAccount();
});

type Page = { items: LogRecord[]; nextCursor: string | null };
const search = async (query: Record<string, string>): Promise<LogRecord[]> => {
  const answer = await account.call("GET", `/v1/logs?${new URLSearchParams(query).toString()}`);
  expect(answer.status).toBe(200);
  return (await answer.json<Page>()).items;
};
const exported = async (query: Record<string, string> = {}): Promise<LogRecord[]> => {
  const answer = await account.call(
    "GET",
    `/v1/logs/export?${new URLSearchParams(query).toString()}`,
  );
  expect(answer.headers.get("Content-Type")).toBe("application/x-ndjson");
  const text = await answer.text();
  return text === ""
    ? []
    : text
        .trimEnd()
        .split("\n")
        .map((one) => JSON.parse(one) as LogRecord);
};
const messages = (lines: LogRecord[]) => lines.map(({ message }) => message);
const line = (n: number, more: Partial<LogRecord> = {}): LogRecord => ({
  timestamp: new Date(T0 + n * 1_000).toISOString(),
  level: "info",
  service: "http",
  traceId: null,
  spanId: null,
  message: `line-${n}`,
  data: {},
  ...more,
});
const kept = (...lines: LogRecord[]) =>
  env.TRACE.getByName(account.accountId).keep([], lines, Date.now());

describe("an account's log", () => {
  it("is searched by the least level, part, trace, text and time, and by all of them at once", async () => {
    const traceId = randomHex(16);
    await kept(
      line(0, { level: "debug", traceId }),
      line(1, { service: "Agent" }),
      line(2, { level: "warn", data: { reason: "der Fluß steht" } }),
      line(3, { level: "error", traceId, data: { units: [{ id: "u1" }] } }),
      line(4, { level: "fatal", service: "Agent", message: "over" }),
    );
    const found = async (query: Record<string, string>) => messages(await search(query));
    expect(await found({})).toEqual(["over", "line-3", "line-2", "line-1", "line-0"]);
    for (const [at, level] of LEVELS.entries())
      expect(await found({ level }), level).toHaveLength(LEVELS.length - at);
    expect(await found({ service: "Agent" })).toEqual(["over", "line-1"]);
    expect(await found({ service: "Agen" })).toEqual([]);
    expect(await found({ traceId })).toEqual(["line-3", "line-0"]);
    const dashed = traceId.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-").toUpperCase();
    expect(await found({ traceId: dashed })).toEqual(["line-3", "line-0"]);
    expect(await found({ q: "FLUß" })).toEqual(["line-2"]);
    expect(await found({ q: '"id":"u1"' })).toEqual(["line-3"]);
    expect(await found({ q: "100%_" })).toEqual([]);
    const from = new Date(T0 + 1_000).toISOString();
    const to = new Date(T0 + 3_000).toISOString();
    expect(await found({ from, to })).toEqual(["line-2", "line-1"]);
    expect(await found({ from, to, level: "warn", q: "steht", service: "http" })).toEqual([
      "line-2",
    ]);
    expect(messages(await exported({ from, level: "error" }))).toEqual(["over", "line-3"]);
  });

  it("refuses what no line can be asked by, and says which part is wrong", async () => {
    for (const [name, value] of [
      ["level", "loud"],
      ["from", "yesterday"],
      ["to", "2026-13-01T00:00:00Z"],
      ["q", ""],
      ["limit", "0"],
      ["cursor", "x"],
      ["lines", "1"],
    ]) {
      const answer = await account.call("GET", `/v1/logs?${name}=${value}`);
      expect([answer.status, name]).toEqual([400, name]);
      expect(await answer.text()).toContain(name);
    }
  });

  it("is exported whole, however much there is, each line once and nothing of anybody else's", async () => {
    const other = env.TRACE.getByName((await newAccount()).accountId);
    await other.keep([], [line(9_999, { message: "theirs" })], T0);
    const all = Array.from({ length: 2_500 }, (_, n) => line(n));
    for (let from = 0; from < all.length; from += 500) await kept(...all.slice(from, from + 500));
    expect(messages(await exported())).toEqual(messages(all).toReversed());
  });

  it("has records of exactly seven members, its own and those of the platform", async () => {
    const { traceId, headers } = asking();
    await account.call("GET", "/v1/units", { headers });
    const made = await account.call("POST", "/v1/keys", {
      body: { name: "Second", scopes: ["search"] },
    });
    expect(made.status).toBe(201);
    log("error", "odd-thing", { error: new Error("no"), apiKey: account.apiKey });
    const lines = await vi.waitFor(
      async () => {
        const found = await search({});
        expect(messages(found)).toEqual(expect.arrayContaining(["request", "state-changed"]));
        return found;
      },
      { timeout: 20_000, interval: 100 },
    );
    const platform = await vi.waitFor(
      async () => {
        const { items } = await env.TRACE.getByName(PLATFORM_PLACE).lines({}, null, 100);
        expect(items.join()).toContain("odd-thing");
        return items.map((text) => JSON.parse(text) as LogRecord);
      },
      { timeout: 20_000, interval: 100 },
    );
    for (const one of [...lines, ...platform]) expect(Object.keys(one)).toEqual(MEMBERS);
    const traced = lines.find(({ message }) => message === "request");
    expect(traced).toMatchObject({ traceId, level: "debug", service: "http" });
    expect(JSON.stringify([lines, platform])).not.toContain(account.apiKey);
  });

  it("tells every change of state, whether or not its request is traced, and reads of none", async () => {
    const body = { name: "Third", scopes: ["search"] };
    const made = await account.call("POST", "/v1/keys", { body });
    const { id } = await made.json<{ id: string }>();
    for (let n = 0; n < 5; n++) await account.call("GET", "/v1/keys");
    expect((await account.call("DELETE", `/v1/keys/${id}`)).status).toBe(204);
    await vi.waitFor(
      async () => {
        const changes = await search({ level: "info" });
        expect(changes.map(({ level, message, data }) => [level, message, data])).toEqual([
          ["info", "state-changed", { action: "key.revoke", status: 204, type: "key", id }],
          ["info", "state-changed", { action: "key.make", status: 201, type: "key", id }],
        ]);
      },
      { timeout: 20_000, interval: 100 },
    );
  });

  it("has what an object does for it by itself, without what quotes the inside", async () => {
    const of = { accountId: account.accountId, service: "Delivery" };
    log("warn", "given-up", { attempts: 8, reason: "it answered 500", error: "inside" }, of);
    await vi.waitFor(async () => expect(await search({ service: "Delivery" })).toHaveLength(1), {
      timeout: 20_000,
      interval: 100,
    });
    const [said] = await search({ service: "Delivery" });
    expect(said).toMatchObject({ level: "warn", message: "given-up", traceId: null });
    expect(said?.data).toEqual({ attempts: 8 });
  });

  it("has a line of each callback that was given up, once", async () => {
    const body = { type: "step", input: 1, callback: { url: "https://hooks.example.com/end" } };
    const made = await account.call("POST", "/v1/tasks", { body });
    const { id } = await made.json<{ id: string }>();
    const queue = env.TASK_QUEUE.getByName(`account/${account.accountId}/0`);
    const seq = Number.parseInt(id.split("_").at(-1) ?? "", 36);
    const of = { seq, token: 1, account: account.accountId, type: "step", attempts: 8 };
    const given = [{ ...of, reason: "it answered 500 every time", atMs: Date.now() }];
    expect(await queue.callbacksGivenUp(given)).toBe(true);
    expect(await queue.callbacksGivenUp(given)).toBe(true);
    await vi.waitFor(
      async () => {
        const lines = await search({ level: "warn", service: "TaskQueue" });
        expect(lines.map(({ message, data }) => [message, data])).toEqual([
          ["callback-given-up", { task: id, attempts: 8 }],
        ]);
      },
      { timeout: 20_000, interval: 100 },
    );
  });
});
