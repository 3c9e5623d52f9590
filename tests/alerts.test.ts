import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { Gathering } from "#domain/metrics/gathering.ts";
import { AlertRows } from "#objects/alert-rows.ts";
import { AlertTelling } from "#objects/alert-telling.ts";
import { Alerts, type Measured } from "#objects/alerts.ts";
import type { Alert } from "#domain/alerts/alert.ts";
import type { Signal } from "#domain/alerts/signals.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";

type Rule = { id: string; signal: string; above: number; origin: string; enabled: boolean };
type Shown = { id: string; rule: string; state: string; silenced: boolean; value: number };
type Notice = { id: string; subject: string; text: string; kind: string };

let owner: TestAccount;
beforeEach(async () => {
  owner = await newAccount();
});

const MINUTE = 60_000;
const object = () => env.ALERTS.getByName(owner.accountId);
const watched = () => ({ accountId: owner.accountId, reach: "account" as const });
const read = async <T>(path: string): Promise<T[]> =>
  (await (await owner.call("GET", path)).json<{ items: T[] }>()).items;
const alerts = () => read<Shown>("/v1/alerts");
const states = async () => (await alerts()).map(({ state }) => state);

/** A backlog of so much, a point every 15 s over these minutes. */
function backlog(value: number, fromMinute: number, toMinute: number): Measured[] {
  const signal: Signal = "queue.backlog";
  const points = [];
  for (let atMs = fromMinute * MINUTE + 15_000; atMs <= toMinute * MINUTE; atMs += 15_000)
    points.push({ atMs: START_MS + atMs, value });
  return [{ signal, series: [{ labels: { queue: "account" }, points }] }];
}
const START_MS = Date.now() - 8 * MINUTE;
/** Looked at when the last of it was measured. */
const observe = (measured: Measured[]) =>
  object().observe(watched(), measured, measured[0]?.series[0]?.points.at(-1)?.atMs);

async function told(): Promise<Notice[]> {
  return (await read<Notice>("/v1/notifications")).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
async function route(body: object): Promise<{ id: string; secret?: string }> {
  const answer = await owner.call("POST", "/v1/alerts/routes", { body });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  return await answer.json();
}
const FIRING = {
  ruleId: "backlog",
  signal: "queue.backlog",
  severity: "warning",
  state: "firing",
  labels: {},
  above: 1,
  value: 2,
  sinceMs: 1,
  firedAtMs: 1,
  resolvedAtMs: null,
};
const mail = { target: { kind: "email", to: "ops@example.com" } };

describe("rules", () => {
  it("are there before anybody asked, and change as data", async () => {
    const rules = await read<Rule>("/v1/alerts/rules");
    expect(rules.map(({ id }) => id)).toContain("backlog");
    expect(rules.every(({ origin }) => origin === "default")).toBe(true);
    const body = { signal: "queue.backlog", above: 5, forSeconds: 0 };
    const put = await owner.call("PUT", "/v1/alerts/rules/backlog", { body });
    expect([put.status, put.headers.get("ETag")]).toEqual([200, '"1"']);
    const stale = { body, headers: { "If-Match": '"0"' } };
    const refused = await owner.call("PUT", "/v1/alerts/rules/backlog", stale);
    expect((await problemOf(refused)).code).toBe("version-stale");
    expect(await (await owner.call("GET", "/v1/alerts/rules/backlog")).json()).toMatchObject({
      above: 5,
      origin: "changed",
    });
    expect((await owner.call("DELETE", "/v1/alerts/rules/backlog")).status).toBe(204);
    expect(await read<Rule>("/v1/alerts/rules")).toEqual(rules);
  });

  it("of one's own come and go, and are nobody else's", async () => {
    const body = { signal: "queue.delay", above: 100 };
    expect((await owner.call("PUT", "/v1/alerts/rules/late", { body })).status).toBe(200);
    const other = await newAccount();
    expect((await other.call("GET", "/v1/alerts/rules/late")).status).toBe(404);
    expect((await owner.call("DELETE", "/v1/alerts/rules/late")).status).toBe(204);
    expect((await owner.call("GET", "/v1/alerts/rules/late")).status).toBe(404);
  });

  it("about the installation are the first account's", async () => {
    const body = { signal: "system.cpu", above: 0.5 };
    for (const signal of ["system.cpu", "system.memory", "system.disk", "db.pool", "db.p95"]) {
      const put = await owner.call("PUT", "/v1/alerts/rules/mine", { body: { ...body, signal } });
      const { code, detail } = await problemOf(put);
      expect([code, detail?.startsWith(signal), detail?.includes("api.errors")]).toEqual([
        "forbidden",
        true,
        true,
      ]);
    }
    expect((await problemOf(await owner.call("GET", "/v1/slos"))).code).toBe("forbidden");
  });

  it("refuse what is no signal, no number and no name", async () => {
    for (const [id, body] of [
      ["odd", { signal: "queue.colour", above: 1 }],
      ["odd", { signal: "queue.backlog", above: -1 }],
      ["odd", { signal: "queue.backlog", above: 1, forSeconds: 1e9 }],
    ] as const) {
      const put = await owner.call("PUT", `/v1/alerts/rules/${id}`, { body });
      expect((await problemOf(put)).code).toBe("invalid-request");
    }
    const body = { signal: "queue.backlog", above: 1 };
    expect((await owner.call("PUT", "/v1/alerts/rules/Odd_Name", { body })).status).toBe(404);
  });
});

describe("an alert", () => {
  it("is pending, fires and is resolved, and is told once of each, over an eviction", async () => {
    await route(mail);
    await observe(backlog(20_000, 0, 0.5));
    expect(await states()).toEqual(["pending"]);
    expect(await told()).toEqual([]);
    await evictDurableObject(object());
    await observe(backlog(20_000, 0.5, 3));
    await observe(backlog(20_000, 0.5, 4));
    expect(await states()).toEqual(["firing"]);
    expect((await told()).map(({ subject }) => subject)).toEqual(["WARNING: backlog"]);
    await evictDurableObject(object());
    // What was looked at before, once more, and then well for some minutes.
    await observe(backlog(20_000, 0, 4));
    await observe(backlog(3, 4, 7));
    await observe(backlog(3, 4, 8));
    expect(await states()).toEqual(["resolved"]);
    const subjects = (await told()).map(({ subject }) => subject);
    expect(subjects.toSorted()).toEqual(["Resolved: backlog", "WARNING: backlog"]);
    await evictDurableObject(object());
    await observe(backlog(20_000, 0, 4));
    expect(await states()).toEqual(["resolved"]);
  });

  it("is told to nobody under a silence, and to all when that ends and it still fires", async () => {
    await route(mail);
    const until = new Date(Date.now() + MINUTE).toISOString();
    const from = new Date(START_MS).toISOString();
    const body = { rule: "backlog", from, until, reason: "an import" };
    const made = await owner.call("POST", "/v1/alerts/silences", { body });
    const { id } = await made.json<{ id: string }>();
    await observe(backlog(20_000, 0, 3));
    expect((await alerts()).map(({ state, silenced }) => [state, silenced])).toEqual([
      ["firing", true],
    ]);
    expect(await told()).toEqual([]);
    expect((await owner.call("DELETE", `/v1/alerts/silences/${id}`)).status).toBe(204);
    expect(await told()).toHaveLength(1);
  });

  it("goes by severity and rule, and to no route that was taken away", async () => {
    const all = await route(mail);
    await route({ ...mail, severities: ["critical"] });
    await route({ ...mail, rules: ["agent-slow"] });
    expect((await owner.call("DELETE", `/v1/alerts/routes/${all.id}`)).status).toBe(204);
    await observe(backlog(20_000, 0, 3));
    expect(await told()).toEqual([]);
  });

  it("is over when its rule is changed or turned off", async () => {
    await route(mail);
    await observe(backlog(20_000, 0, 3));
    const body = { signal: "queue.backlog", above: 10_000, enabled: false };
    await owner.call("PUT", "/v1/alerts/rules/backlog", { body });
    expect(await states()).toEqual(["resolved"]);
    await observe(backlog(20_000, 3, 6));
    expect(await states()).toEqual(["resolved"]);
  });

  it("costs no alarm where nobody asked for any, and an end to it where nothing is left", async () => {
    await alerts();
    const armed = () => runInDurableObject(object(), (_, state) => state.storage.getAlarm());
    expect(await armed()).toBeNull();
    const { id } = await route(mail);
    expect(await armed()).not.toBeNull();
    await runDurableObjectAlarm(object());
    expect(await armed()).not.toBeNull();
    await owner.call("DELETE", `/v1/alerts/routes/${id}`);
    await runDurableObjectAlarm(object());
    expect(await armed()).toBeNull();
  });
});

describe("what the installation measured of itself", () => {
  it("is not needed to tell what is known: what waits is told though nothing can be read", async () => {
    const { id } = await route(mail);
    await runInDurableObject(object(), async (_, state) => {
      const groups = () => Promise.reject(new Error("it is down"));
      const own = { ...env, METRICS: { getByName: () => ({ groups }) } } as unknown as Env;
      const alerting = new Alerts(state, own);
      await alerting.observe({ accountId: owner.accountId, reach: "platform" }, []);
      const body = JSON.stringify({ ...FIRING, id: "alt_waits" });
      state.storage.sql.exec(
        "INSERT INTO tell (route_id, body, due_ms) VALUES (?, ?, 1)",
        id,
        body,
      );
      await alerting.alarm();
      expect(await state.storage.getAlarm()).not.toBeNull();
    });
    expect((await told()).map(({ subject }) => subject)).toEqual(["WARNING: backlog"]);
  });

  it("fires for the first account, and burns its objectives", async () => {
    const gathered = new Gathering();
    const nowMs = Date.now();
    for (let atMs = nowMs - 6 * MINUTE; atMs < nowMs; atMs += 5_000)
      for (const status of ["2xx", "5xx"]) {
        const of = { route: "GET /v1/units/{id}", status };
        gathered.record("wishub_http_request_duration_seconds", of, 3, atMs);
      }
    await env.METRICS.getByName("metrics 0").take(gathered.take(nowMs));
    const first = { accountId: owner.accountId, reach: "platform" as const };
    await object().observe(first, []);
    await runDurableObjectAlarm(object());
    const firing = (await alerts()).filter(({ state }) => state === "firing");
    expect(firing.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(["api-slow", "api-errors", "slo-burn-fast"]),
    );
    const units = (await object().slos()).find(({ id }) => id === "units");
    expect(units?.errors).toBeGreaterThan(0);
    expect(units?.budgetLeft).toBeLessThan(0);
  });
});

describe("routes", () => {
  it("show no secret again, and keep none where a database shows it", async () => {
    const { secret } = await route({ target: { kind: "webhook", url: "https://ops.example/" } });
    expect(secret).toMatch(/^whsec_/);
    await route({ target: { kind: "pagerduty", routingKey: "R0UT1NGKEY" } });
    await route({ target: { kind: "opsgenie", apiKey: "0123-GENIE" } });
    await route(mail);
    const shown = await (await owner.call("GET", "/v1/alerts/routes")).text();
    const stored = await runInDurableObject(object(), (_, state) =>
      JSON.stringify(state.storage.sql.exec("SELECT * FROM route").toArray()),
    );
    for (const hidden of [secret ?? "", "R0UT1NGKEY", "0123-GENIE", "ops@example.com"]) {
      expect(shown).not.toContain(hidden);
      expect(stored).not.toContain(hidden);
    }
  });

  it("lead to a conversation of the account's own channel", async () => {
    const about = { name: "Otter", type: "query", description: "Reads.", capabilities: [] };
    const made = await owner.call("POST", "/v1/agents", { body: about });
    const { id: agentId } = await made.json<{ id: string }>();
    const config = { signingSecret: "s", botToken: "b" };
    const body = { type: "slack", name: "Ops", agentId, config };
    const { id } = await (
      await owner.call("POST", "/v1/channels", { body })
    ).json<{ id: string }>();
    // Where nothing is sent.
    const patch = { body: { state: "paused" }, headers: { "If-Match": "*" } };
    await owner.call("PATCH", `/v1/channels/${id}`, patch);
    const target = { kind: "channel", conversationId: `${id}:C024BE91L` };
    const stranger = await newAccount();
    const refused = await stranger.call("POST", "/v1/alerts/routes", { body: { target } });
    expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("/target/conversationId");
    const { id: routeId } = await route({ target });
    expect((await owner.call("POST", `/v1/alerts/routes/${routeId}/test`)).status).toBe(202);
    await runDurableObjectAlarm(object());
    const said = await runInDurableObject(env.CHANNEL.getByName(id), (_, state) =>
      state.storage.sql.exec("SELECT way, lane, body FROM item").toArray(),
    );
    expect(said).toMatchObject([{ way: "out", lane: "C024BE91L" }]);
    expect(JSON.stringify(said)).toContain("INFO: test");
  });

  it("hear that something is over after they heard of it, also where that had to be handed on again", async () => {
    const { id } = await route({ target: { kind: "webhook", url: "https://ops.example/" } });
    const handed: string[] = [];
    await runInDurableObject(object(), async (_, state) => {
      const keep = async (_to: unknown, [item]: { id: string }[]) => {
        handed.push(item?.id.split(".")[1] ?? "");
        return { ok: handed.length > 1 };
      };
      const own = { ...env, DELIVERY: { getByName: () => ({ keep }) } } as unknown as Env;
      const telling = new AlertTelling(state.storage.sql, own);
      const rows = new AlertRows(state.storage.sql);
      const firing = { ...FIRING, id: "alt_1" } as Alert;
      rows.tell(id, firing, 1);
      rows.tell(id, { ...firing, state: "resolved" }, 1);
      await telling.work(owner.accountId, rows.routes(), 1);
      expect(handed).toEqual(["firing"]);
      rows.tell(id, { ...firing, state: "resolved" }, 2);
      await telling.work(owner.accountId, rows.routes(), 3);
      expect(handed).toEqual(["firing"]);
      await telling.work(owner.accountId, rows.routes(), MINUTE);
    });
    expect(handed).toEqual(["firing", "firing", "resolved", "resolved"]);
  });

  it("lead to no address inside", async () => {
    const target = { kind: "webhook", url: "https://10.0.0.1/" };
    const answer = await owner.call("POST", "/v1/alerts/routes", { body: { target } });
    expect((await problemOf(answer)).code).toBe("egress-refused");
  });

  it("are tried with an alert that is none", async () => {
    const { id } = await route(mail);
    const tried = await owner.call("POST", `/v1/alerts/routes/${id}/test`);
    expect(tried.status).toBe(202);
    expect((await told()).map(({ subject }) => subject)).toEqual(["INFO: test"]);
    expect(await alerts()).toEqual([]);
  });
});
