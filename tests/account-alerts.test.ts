import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { metricsPort } from "#adapters/metrics.ts";
import { Gathering } from "#domain/metrics/gathering.ts";
import { accountsObjectOf } from "#domain/metrics/merged.ts";
import { newAccount, type TestAccount } from "./helpers.ts";

type Shown = { rule: string; state: string };

const MINUTE = 60_000;
let owner: TestAccount;
beforeEach(async () => {
  owner = await newAccount();
});
const object = () => env.ALERTS.getByName(owner.accountId);
const read = async <T>(path: string): Promise<T[]> =>
  (await (await owner.call("GET", path)).json<{ items: T[] }>()).items;
const alerts = () => read<Shown>("/v1/alerts");
const states = async () => (await alerts()).map(({ state }) => state);
const told = () => read<{ subject: string }>("/v1/notifications");
const mail = { target: { kind: "email", to: "ops@example.com" } };
async function route(body: object): Promise<void> {
  const answer = await owner.call("POST", "/v1/alerts/routes", { body });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
}

describe("what was measured of an account", () => {
  const lane = () => env.METRICS.getByName(accountsObjectOf(owner.accountId));
  /** Requests of an account in the last minutes, of which a tenth went wrong on our side. */
  async function asked(accountId: string): Promise<void> {
    const gathered = new Gathering(60);
    const nowMs = Date.now();
    for (let atMs = nowMs - 6 * MINUTE; atMs < nowMs; atMs += 3_000) {
      const status = atMs % 30_000 < 3_000 ? "5xx" : "2xx";
      const of = { account: accountId, status, waits: "no" };
      gathered.record("wishub_account_request_duration_seconds", of, 0.1, atMs);
    }
    await env.METRICS.getByName(accountsObjectOf(accountId)).take(gathered.take(nowMs));
  }
  const armed = () => runInDurableObject(object(), (_, state) => state.storage.getAlarm());

  it("fires its own rules, and nobody else's", async () => {
    await route(mail);
    const other = await newAccount();
    await asked(other.accountId);
    await runDurableObjectAlarm(object());
    expect(await alerts()).toEqual([]);
    await asked(owner.accountId);
    await runDurableObjectAlarm(object());
    expect((await alerts()).map(({ rule, state }) => [rule, state])).toEqual([
      ["api-errors", "firing"],
    ]);
    expect((await told()).map(({ subject }) => subject)).toEqual(["CRITICAL: api-errors"]);
  });

  it("is what its queue says where nothing happens in it", async () => {
    await route(mail);
    await owner.call("PUT", "/v1/alerts/rules/backlog", {
      body: { signal: "queue.backlog", above: 2, forSeconds: 0 },
    });
    for (let i = 0; i < 3; i++)
      await owner.call("POST", "/v1/tasks", { body: { type: "wait.here", input: {} } });
    await runDurableObjectAlarm(object());
    const found = await read<Shown & { labels: object }>("/v1/alerts");
    expect(found).toMatchObject([
      { rule: "backlog", state: "firing", value: 3, labels: { queue: "tasks-account" } },
    ]);
  });

  it("has nobody look while nothing comes, and somebody once something does", async () => {
    await route(mail);
    await metricsPort(env).told();
    vi.useFakeTimers({ toFake: ["Date"] });
    const begun = Date.now();
    try {
      vi.setSystemTime(begun + 14 * MINUTE);
      await runDurableObjectAlarm(object());
      expect(await armed()).not.toBeNull();
      vi.setSystemTime(begun + 17 * MINUTE);
      await runDurableObjectAlarm(object());
      expect(await armed()).toBeNull();
      await evictDurableObject(object());
      await evictDurableObject(lane());
      await asked((await newAccount()).accountId);
      expect(await armed()).toBeNull();
      await asked(owner.accountId);
      expect(await armed()).not.toBeNull();
      await runDurableObjectAlarm(object());
      expect(await states()).toEqual(["firing"]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is looked at on and on while something waits in its queue", async () => {
    await route(mail);
    await owner.call("POST", "/v1/tasks", { body: { type: "wait.here", input: {} } });
    await metricsPort(env).told();
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      vi.setSystemTime(Date.now() + 17 * MINUTE);
      await runDurableObjectAlarm(object());
      expect(await armed()).not.toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });
});
