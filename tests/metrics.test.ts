import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { metricsPort } from "#adapters/metrics.ts";
import type { PointRow } from "#domain/metrics/gathering.ts";
import { accountsObjectOf } from "#domain/metrics/merged.ts";
import { parsedExposition } from "#domain/metrics/prometheus-reader.ts";
import { seriesKey } from "#domain/metrics/series.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";

let first: TestAccount;
let other: TestAccount;
beforeAll(async () => {
  [first, other] = [await newAccount(), await newAccount()];
  await env.CATALOG_0.prepare("INSERT INTO installation VALUES (1, ?, ?, 0)")
    .bind(first.accountId, first.principal.principalId)
    .run();
});

const page = async () => {
  const answer = await first.call("GET", "/metrics");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return parsedExposition(await answer.text());
};
type Group = {
  labels: Record<string, string>;
  points: { at: string; count: number; p99: number }[];
};
const asked = async (query: string) => {
  const answer = await first.call("GET", `/v1/metrics?${query}`);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
  return await answer.json<{ stepSeconds: number; groups: Group[] }>();
};
const HTTP = "wishub_http_request_duration_seconds";
const OWN = "wishub_account_request_duration_seconds";
const counted = ({ groups }: { groups: Group[] }) =>
  groups.flatMap(({ points }) => points).reduce((all, { count }) => all + count, 0);

describe("what the platform measures", () => {
  it("is shown to the first account, as Prometheus reads it", async () => {
    for (let i = 0; i < 3; i++) await first.call("GET", "/v1/limits");
    await first.call("GET", "/v1/units/absent");
    const chat = { messages: [{ role: "user", content: "Otters?" }] };
    const unbound = await first.call("POST", "/v1/inference/chat", { body: chat });
    expect(unbound.status).toBe(501);
    const families = await page();
    const of = (family: string, labels: Record<string, string>) =>
      families
        .get(family)
        ?.samples.filter(
          (one) =>
            one.name === `${family}_count` &&
            Object.entries(labels).every(([label, value]) => one.labels[label] === value),
        )
        .reduce((all, { value }) => all + value, 0) ?? 0;
    expect(of(HTTP, { route: "GET /v1/limits", status: "2xx" })).toBe(3);
    expect(of(HTTP, { route: "GET /v1/units/{id}", status: "4xx" })).toBe(1);
    // What is not offered here is no failure, of which alerts and error budgets would tell.
    expect(of(HTTP, { route: "POST /v1/inference/chat", status: "4xx" })).toBe(1);
    expect(of(HTTP, { status: "5xx" })).toBe(0);
    expect(of("wishub_db_query_duration_seconds", { database: "catalog-0" })).toBeGreaterThan(0);
    expect(families.get(HTTP)?.type).toBe("histogram");
  });

  it("is nobody else's", async () => {
    for (const path of ["/metrics", `/v1/metrics?name=${HTTP}`]) {
      const answer = await other.call("GET", path);
      expect([answer.status, (await problemOf(answer)).code], path).toEqual([403, "forbidden"]);
    }
  });

  it("is counted by class and method of objects, by queue, and by pool of tasks", async () => {
    const task = { type: "measure.this", input: {} };
    expect((await first.call("POST", "/v1/tasks", { body: task })).status).toBe(201);
    const unit = { title: "Measured", body: "An otter that is measured.", kind: "fact" };
    expect((await first.call("POST", "/v1/units", { body: unit })).status).toBe(202);
    await expect
      .poll(
        async () => {
          const families = await page();
          const labels = (name: string) =>
            families.get(name)?.samples.map((one) => JSON.stringify(one.labels)) ?? [];
          return [
            labels("wishub_object_call_duration_seconds").some((one) =>
              one.includes('"TaskQueue"'),
            ),
            labels("wishub_tasks_total").some((one) => one.includes('"submitted"')),
            labels("wishub_queue_backlog").some((one) => one.includes('"tasks-account"')),
            labels("wishub_queue_batch_duration_seconds").some((one) => one.includes("unit-index")),
          ];
        },
        { timeout: 20_000, interval: 500 },
      )
      .toEqual([true, true, true, true]);
  });

  it("is never measured by measuring it: what keeps metrics is no series", async () => {
    await page();
    const families = await page();
    const classes = new Set(
      families
        .get("wishub_object_call_duration_seconds")
        ?.samples.map(({ labels }) => labels["class"]),
    );
    expect(classes.has("Metrics")).toBe(false);
  });

  it("is read by label, grouped, in steps of seconds, minutes or hours", async () => {
    for (let i = 0; i < 4; i++) await first.call("GET", "/v1/pools");
    const labels = encodeURIComponent('route="GET /v1/pools"');
    for (const step of [1, 60, 3_600]) {
      const answer = await asked(
        `name=${HTTP}&labels=${labels}&by=status&step=${step}&${since(60)}`,
      );
      expect(answer.stepSeconds).toBe(step);
      expect(answer.groups.map((group) => group.labels)).toEqual([{ status: "2xx" }]);
      expect(counted(answer)).toBe(4);
    }
    expect((await asked(`name=${HTTP}&labels=${encodeURIComponent('route="x"')}`)).groups).toEqual(
      [],
    );
  });

  it("outlives the objects that keep it", async () => {
    for (let i = 0; i < 2; i++) await first.call("GET", "/v1/reservations");
    const labels = encodeURIComponent('route="GET /v1/reservations"');
    const query = `name=${HTTP}&labels=${labels}&step=60`;
    expect(counted(await asked(query))).toBe(2);
    // Whoever reads a page has it written.
    await page();
    for (let shard = 0; shard < 4; shard++)
      await evictDurableObject(env.METRICS.getByName(`metrics ${shard}`));
    expect(counted(await asked(query))).toBe(2);
    const total = (await page())
      .get(HTTP)
      ?.samples.find(
        ({ name, labels: has }) =>
          name.endsWith("_count") && has["route"] === "GET /v1/reservations",
      );
    expect(total?.value).toBe(2);
  });

  it("is asked for with what is wrong named", async () => {
    const wrong = {
      "name=nothing": "#/query/name",
      [`name=${HTTP}&labels=route`]: "#/query/labels",
      [`name=${HTTP}&labels=${encodeURIComponent('moon="1"')}`]: "#/query/labels",
      [`name=${HTTP}&by=moon`]: "#/query/by",
      [`name=${HTTP}&by=route,route`]: "#/query/by",
      [`name=${HTTP}&step=0`]: "#/query/step",
      [`name=${HTTP}&step=1`]: "#/query/step",
      [`name=${HTTP}&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z`]: "#/query/from",
      [`name=${HTTP}&from=yesterday`]: "#/query/from",
      [`name=${OWN}&labels=${encodeURIComponent(`account="${other.accountId}"`)}`]:
        "#/query/labels",
      [`name=${OWN}&by=account`]: "#/query/by",
      [`name=${OWN}&step=90&from=${hourAgo()}`]: "#/query/step",
      "": "#/query/name",
    };
    for (const [query, pointer] of Object.entries(wrong)) {
      const answer = await first.call("GET", `/v1/metrics?${query}`);
      expect(answer.status, query).toBe(400);
      expect((await problemOf(answer)).errors?.[0]?.pointer, query).toBe(pointer);
    }
  });
});

describe("what is measured of an account", () => {
  const own = async (account: TestAccount, query: string) => {
    const answer = await account.call("GET", `/v1/metrics?name=${OWN}${query}`);
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
    return await answer.json<{ stepSeconds: number; groups: Group[] }>();
  };

  it("is shown to it, and what another does is not in it", async () => {
    const mine = await newAccount();
    const names = await (
      await mine.call("GET", "/v1/metrics/names")
    ).json<{ items: { name: string; labels: string[] }[] }>();
    expect(names.items.map(({ name }) => name)).toContain(OWN);
    for (const { name, labels } of names.items)
      expect([name.startsWith("wishub_account_"), labels.includes("account")]).toEqual([
        true,
        false,
      ]);
    for (let i = 0; i < 3; i++) await other.call("GET", "/v1/limits");
    await mine.call("GET", "/v1/limits");
    await mine.call("GET", "/v1/units/absent");
    const { stepSeconds, groups } = await own(mine, "&by=status");
    expect(stepSeconds).toBe(60);
    const counts = groups.map(({ labels, points }) => [
      labels["status"],
      points.reduce((all, { count }) => all + count, 0),
    ]);
    expect(Object.fromEntries(counts)).toEqual({ "2xx": 2, "4xx": 1 });
  });

  it("is of its own queue and what its agents did", async () => {
    const mine = await newAccount();
    await mine.call("POST", "/v1/tasks", { body: { type: "measure.own", input: {} } });
    const leased = await mine.call("POST", "/v1/tasks/lease", { body: { types: ["measure.own"] } });
    const given = await leased.json<{ tasks: { id: string; fencingToken: number }[] }>();
    const { id = "", fencingToken } = given.tasks[0] ?? {};
    const body = { fencingToken, result: {} };
    const done = await mine.call("POST", `/v1/tasks/${id}/complete`, { body });
    expect(done.status).toBe(200);
    const counts = async (name: string) => {
      const answer = await mine.call("GET", `/v1/metrics?name=${name}`);
      return counted(await answer.json<{ groups: Group[] }>());
    };
    expect(await counts("wishub_account_task_duration_seconds")).toBe(1);
    // And what an agent was asked for by it over A2A, whoever's that is.
    const task = { id: "t1", classes: [], accountId: mine.accountId, isOwn: false };
    const agent = env.AGENT.getByName("an-agent-of-somebody");
    await agent.did({ kind: "asked", task });
    await agent.did({ kind: "ended", id: "t1", ending: "failed", credits: null });
    await agent.did({ kind: "ended", id: "t1", ending: "failed", credits: null });
    expect(await counts("wishub_account_task_duration_seconds")).toBe(2);
    expect(await counts("wishub_account_queue_backlog")).toBeGreaterThan(0);
  });

  it("outlives the object that keeps it, and is gone when it is forgotten", async () => {
    const mine = await newAccount();
    const object = env.METRICS.getByName(accountsObjectOf(mine.accountId));
    for (let i = 0; i < 4; i++) await mine.call("GET", "/v1/limits");
    const hours = `&step=3600&from=${hourAgo()}`;
    expect(counted(await own(mine, hours))).toBe(4);
    await runInDurableObject(object, async (one) => {
      // An object that nobody asks for a while writes, and leaves memory.
      vi.useFakeTimers({ toFake: ["Date"] });
      vi.setSystemTime(Date.now() + 8_000);
      await one.alarm?.();
      vi.useRealTimers();
    });
    await evictDurableObject(object);
    expect(counted(await own(mine, hours))).toBeGreaterThanOrEqual(4);
    await metricsPort(env).forgetAccount(mine.accountId);
    await evictDurableObject(object);
    expect(counted(await own(mine, hours))).toBeLessThan(4);
  });
});

it("answers no more points than one answer holds, and says what to ask for instead", async () => {
  const second = Math.floor(Date.now() / 1_000) - 200;
  const points = Array.from({ length: 150 * 140 }, (_, i): PointRow => {
    const key = seriesKey(HTTP, { route: `GET /many/${i % 150}`, status: "2xx" });
    return [key, second + Math.floor(i / 150), [1, 1, 1, 1, 1, 0, 1, 1]];
  });
  await env.METRICS.getByName("metrics 0").take(points);
  const query = `/v1/metrics?name=${HTTP}&step=1&${since(240)}`;
  const refused = await first.call("GET", `${query}&by=route`);
  expect(refused.status).toBe(400);
  const { errors } = await problemOf(refused);
  expect(errors).toMatchObject([{ pointer: "#/query/by" }]);
  expect((await first.call("GET", query)).status).toBe(200);
});

const hourAgo = (): string => new Date(Date.now() - 3_600_000).toISOString();
const since = (seconds: number): string =>
  `from=${new Date(Date.now() - seconds * 1_000).toISOString()}`;
