import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Alert } from "#domain/alerts/alert.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { AlertRows, type StoredRoute } from "#objects/alert-rows.ts";
import { AlertTelling } from "#objects/alert-telling.ts";
import { Alerts } from "#objects/alerts.ts";
import { Delivery } from "#objects/delivery.ts";
import { newAccount, type TestAccount } from "./helpers.ts";
import { forgotten, onVirtualClock } from "./hooks.ts";
import { fakeOpsgenie, fakePagerDuty, type Pager } from "./node/pagers.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ROUTING_KEY = "R0UT1NGKEY00000000000000000000AB";
const API_KEY = "eb243592-faa2-4ba2-a551q-1afdf565c889";

let owner: TestAccount;
let nowMs: number;
onVirtualClock();
beforeEach(async () => {
  owner = await newAccount();
  nowMs = Date.now();
  handedTo.length = 0;
});
const wait = (ms: number) => vi.setSystemTime((nowMs += ms));

type Shown = {
  id: string;
  telling: { waiting: number; givenUp: number; lastFailure: { reason: string } | null };
};
async function route(body: object): Promise<Shown> {
  const answer = await owner.call("POST", "/v1/alerts/routes", { body });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  return await answer.json();
}
const routes = async () =>
  (await (await owner.call("GET", "/v1/alerts/routes")).json<{ items: Shown[] }>()).items;
const mail = { target: { kind: "email", to: "ops@example.com" } };
const subjects = async () => {
  const told = await owner.call("GET", "/v1/notifications");
  const { items } = await told.json<{ items: { subject: string; id: string }[] }>();
  return items.map(({ subject }) => subject).toSorted();
};

/** The objects that the account's alerts were handed to, the newest first. */
const handedTo: string[] = [];
function alerting<T>(run: (alerts: Alerts, state: DurableObjectState) => Promise<T>): Promise<T> {
  return runInDurableObject(env.ALERTS.getByName(owner.accountId), async (_, state) => {
    const DELIVERY = {
      getByName(name: string) {
        if (!handedTo.includes(name)) handedTo.unshift(name);
        return env.DELIVERY.getByName(name);
      },
    };
    return await run(new Alerts(state, { ...env, DELIVERY } as unknown as Env), state);
  });
}
/** A backlog of so much for the next minutes, looked at when they are over. */
async function backlog(value: number, minutes: number): Promise<void> {
  const points = [];
  for (let i = 0; i < minutes * 4; i++) {
    wait(15_000);
    points.push({ atMs: nowMs, value });
  }
  const series = [{ labels: { queue: "account" }, points }];
  const watched = { accountId: owner.accountId, reach: "account" as const };
  await alerting((alerts) => alerts.observe(watched, [{ signal: "queue.backlog", series }], nowMs));
}
/** What waits is sent to the pager, by whichever object is asked first. */
async function sent(pager: Pager): Promise<void> {
  for (const name of handedTo) {
    await runInDurableObject(env.DELIVERY.getByName(name), async (_, state) => {
      const EGRESS = {
        fetch: (url: string, init: RequestInit) => pager.answer(new Request(url, init)),
      };
      await new Delivery(state, { ...env, EGRESS } as unknown as Env).alarm();
    });
    await forgotten(name);
  }
}

describe("PagerDuty", () => {
  it("has one incident of one alert, which is resolved with it, whatever it answered meanwhile", async () => {
    const pager = fakePagerDuty(ROUTING_KEY);
    await route({ target: { kind: "pagerduty", routingKey: ROUTING_KEY } });
    await backlog(20_000, 3);
    pager.mood = "down";
    await sent(pager);
    await backlog(3, 3);
    pager.mood = "full";
    wait(MINUTE);
    await sent(pager);
    pager.mood = "well";
    wait(10 * MINUTE);
    await sent(pager);
    expect(pager.refused).toEqual([]);
    expect([...pager.incidents.values()]).toMatchObject([
      { state: "resolved", summary: expect.stringContaining("20,000") as string },
    ]);
    expect(pager.events.map((one) => one.split(" ")[0])).toEqual(["trigger", "resolve"]);
  });
});

describe("Opsgenie", () => {
  it("opens an alert and closes it, in that order though it was away when it fired", async () => {
    const pager = fakeOpsgenie(API_KEY);
    await route({ target: { kind: "opsgenie", apiKey: API_KEY } });
    await backlog(20_000, 3);
    pager.mood = "down";
    await sent(pager);
    await backlog(3, 3);
    pager.mood = "well";
    wait(10 * MINUTE);
    await sent(pager);
    expect([pager.refused, pager.lost]).toEqual([[], 0]);
    expect([...pager.alerts.values()]).toMatchObject([{ state: "closed" }]);
  });

  it("takes an alert of a rule of the longest name, with the most labels there may be", async () => {
    const pager = fakeOpsgenie(API_KEY);
    await route({ target: { kind: "opsgenie", apiKey: API_KEY } });
    const id = "long-".repeat(12).slice(0, LIMITS.idCharsMax - 1);
    const body = { signal: "queue.backlog", above: 1, forSeconds: 0, description: "x".repeat(500) };
    expect((await owner.call("PUT", `/v1/alerts/rules/${id}x`, { body })).status).toBe(200);
    await backlog(20_000, 1);
    await sent(pager);
    expect(pager.refused).toEqual([]);
    expect(pager.alerts.size).toBeGreaterThan(0);
  });
});

describe("a route", () => {
  it("that is added while something fires hears of that, and then that it is over", async () => {
    await backlog(20_000, 3);
    await route(mail);
    expect(await subjects()).toEqual(["WARNING: backlog"]);
    await backlog(3, 3);
    expect(await subjects()).toEqual(["Resolved: backlog", "WARNING: backlog"]);
  });

  it("whose receiver never takes what it is told says so, and forgets it when it is taken away", async () => {
    const pager = fakePagerDuty("another integration's");
    const { id } = await route({ target: { kind: "pagerduty", routingKey: ROUTING_KEY } });
    await backlog(20_000, 3);
    await sent(pager);
    const telling = async () => (await routes()).find((one) => one.id === id)?.telling;
    expect(await telling()).toMatchObject({
      waiting: 1,
      givenUp: 0,
      lastFailure: { reason: "it answered 400" },
    });
    for (let i = 0; i < 8; i++) {
      wait(120 * MINUTE);
      await sent(pager);
    }
    expect(await telling()).toMatchObject({ waiting: 0, givenUp: 1 });
    expect(pager.refused).toHaveLength(8);
    await owner.call("DELETE", `/v1/alerts/routes/${id}`);
    expect(await env.DELIVERY.getByName(`alerts/${owner.accountId}/${id}`).state()).toBeNull();
  });

  it("that is added after something is over hears nothing of it, and nobody hears it twice", async () => {
    await route(mail);
    await backlog(20_000, 3);
    const silence = {
      rule: "backlog",
      until: new Date(nowMs + 60 * MINUTE).toISOString(),
      reason: "known",
    };
    await owner.call("POST", "/v1/alerts/silences", { body: silence });
    const late = await route({ ...mail, severities: ["warning"] });
    await backlog(3, 3);
    expect(await subjects()).toEqual(["Resolved: backlog", "WARNING: backlog"]);
    expect((await routes()).find(({ id }) => id === late.id)?.telling.waiting).toBe(0);
  });
});

const FIRING: Alert = {
  id: "alt_1",
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

describe("what cannot be handed on", () => {
  type Inside = { telling: AlertTelling; rows: AlertRows; all: StoredRoute[]; handed: string[] };
  /** Two routes, of which the first one's receiver takes nothing while it is stuck. */
  async function within(run: (inside: Inside, isStuck: { value: boolean }) => Promise<void>) {
    const stuck = await route({ target: { kind: "webhook", url: "https://stuck.example/" } });
    await route({ target: { kind: "webhook", url: "https://well.example/" } });
    await alerting(async (_, { storage }) => {
      const isStuck = { value: true };
      const handed: string[] = [];
      const getByName = (name: string) => ({
        async keep(_endpoint: unknown, [item]: { id: string }[]) {
          if (name.endsWith(stuck.id) && isStuck.value) return { ok: false };
          handed.push(
            `${name.endsWith(stuck.id) ? "stuck" : "well"} ${item?.id.split(".", 2).join(" ")}`,
          );
          return { ok: true };
        },
      });
      const own = { ...env, DELIVERY: { getByName } } as unknown as Env;
      const rows = new AlertRows(storage.sql);
      const all = rows.routes().toSorted((one) => (one.id === stuck.id ? -1 : 1));
      await run({ telling: new AlertTelling(storage.sql, own), rows, all, handed }, isStuck);
    });
  }
  const to = ({ all }: Inside, i: number) => all[i]?.id ?? "";

  it("holds up no other route, however much of it waits", async () => {
    await within(async (inside) => {
      const { telling, rows, all, handed } = inside;
      for (let i = 0; i < 60; i++) rows.tell(to(inside, 0), { ...FIRING, id: `alt_${i}` }, nowMs);
      rows.tell(to(inside, 1), { ...FIRING, id: "alt_other" }, nowMs);
      await telling.work(owner.accountId, all, nowMs);
      expect(handed).toEqual(["well alt_other firing"]);
    });
  });

  it("is told in its order once it can be, as soon as within ten minutes", async () => {
    await within(async (inside, isStuck) => {
      const { telling, rows, all, handed } = inside;
      rows.tell(to(inside, 0), FIRING, nowMs);
      rows.tell(to(inside, 0), { ...FIRING, state: "resolved" }, nowMs);
      for (let i = 0; i < 30; i++) await telling.work(owner.accountId, all, (nowMs += 10 * MINUTE));
      expect(telling.states().get(to(inside, 0))).toMatchObject({ waiting: 2, givenUp: 0 });
      isStuck.value = false;
      expect(telling.dueMs()).toBeLessThanOrEqual(nowMs + 10 * MINUTE);
      await telling.work(owner.accountId, all, nowMs + 10 * MINUTE);
      expect(handed).toEqual(["stuck alt_1 firing", "stuck alt_1 resolved"]);
    });
  });

  it("is given up after a day with all that is about it, and its route says so", async () => {
    await within(async (inside, isStuck) => {
      const { telling, rows, all, handed } = inside;
      rows.hears(FIRING, to(inside, 0), nowMs);
      rows.tell(to(inside, 0), { ...FIRING, state: "resolved" }, nowMs + DAY - MINUTE);
      rows.hears({ ...FIRING, id: "alt_2" }, to(inside, 0), nowMs + DAY - MINUTE);
      await telling.work(owner.accountId, all, nowMs);
      await telling.work(owner.accountId, all, nowMs + DAY);
      isStuck.value = false;
      await telling.work(owner.accountId, all, nowMs + DAY + 10 * MINUTE);
      expect(handed).toEqual(["stuck alt_2 firing"]);
      expect(rows.heardEnd("alt_1")).toEqual([]);
      expect(rows.heardEnd("alt_2")).toEqual([to(inside, 0)]);
    });
    const [bad] = (await routes()).filter(({ telling }) => telling.lastFailure !== null);
    expect(bad?.telling).toMatchObject({
      waiting: 0,
      givenUp: 1,
      lastFailure: { reason: "its receiver has no room for more" },
    });
  });
});

describe("an object that forgets all that it remembers", () => {
  it("tells once what fires, and once that it is over, though its receiver's answer was lost", async () => {
    const pager = fakePagerDuty(ROUTING_KEY);
    await route({ target: { kind: "pagerduty", routingKey: ROUTING_KEY } });
    const object = () => env.ALERTS.getByName(owner.accountId);
    /** The receiver's object takes it, and whoever hands it over dies before it hears so. */
    const dying = {
      getByName: (name: string) => ({
        async keep(...args: Parameters<Delivery["keep"]>) {
          if (!handedTo.includes(name)) handedTo.unshift(name);
          await env.DELIVERY.getByName(name).keep(...args);
          throw new Error("cut off");
        },
      }),
    };
    for (const value of [20_000, 3]) {
      const points = Array.from({ length: 13 }, (_, i) => ({ atMs: nowMs + i * 15_000, value }));
      wait(3 * MINUTE);
      const series = [{ labels: { queue: "account" }, points }];
      const watched = { accountId: owner.accountId, reach: "account" as const };
      await runInDurableObject(object(), async (_, state) => {
        const own = new Alerts(state, { ...env, DELIVERY: dying } as unknown as Env);
        await own.observe(watched, [{ signal: "queue.backlog", series }], nowMs);
      });
      await evictDurableObject(object());
      wait(MINUTE);
      await alerting((alerts) => alerts.alarm());
      await evictDurableObject(object());
      await alerting((alerts) =>
        alerts.observe(watched, [{ signal: "queue.backlog", series }], nowMs),
      );
    }
    await sent(pager);
    expect(pager.refused).toEqual([]);
    expect(pager.events.map((one) => one.split(" ")[0])).toEqual(["trigger", "resolve"]);
    expect((await routes())[0]?.telling).toMatchObject({ waiting: 0, givenUp: 0 });
  });
});
