import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { topicPort } from "#adapters/topics.ts";
import { partitionNameOf } from "#domain/topics/topics.ts";
import { newAccount, problemOf } from "./helpers.ts";
import {
  append,
  type Hook,
  madeHook,
  onVirtualClock,
  playOut,
  receiver,
  show,
  type Status,
} from "./hooks.ts";

// Webhooks that are disabled, paused or begun again, on a clock that jumps from alarm to alarm.

const DAY = 86_400_000;
onVirtualClock();

describe("a webhook that is held up", () => {
  it("is disabled after five days without one delivery, says so once, and goes on where it was when it is set to active", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"] });
    const up = { is: false };
    const { came, fetch } = receiver(
      () => secret,
      () => (up.is ? 200 : 500),
    );
    const some = Array.from({ length: 10 }, () => ({ type: "unit.published" }));
    await append(account, "unit.events", some);
    const beganMs = Date.now();
    await playOut(id, fetch);
    expect(await show(account, id)).toMatchObject({ state: "active" });
    expect(await show<Status>(account, `${id}/status`)).toMatchObject({ deadLetters: 10 });
    vi.setSystemTime(beganMs + 5 * DAY);
    await append(account, "unit.events", [{ type: "unit.rejected" }]);
    await playOut(id, fetch);
    const shown = await show<Hook & { reason: string }>(account, id);
    expect(shown).toMatchObject({ state: "disabled", reason: "failing", version: 2 });
    const told = await topicPort(env).read(account.accountId, "agent.events", {
      partition: 0,
      after: 0,
      limit: 10,
      bytesMax: 100_000,
      waitMs: 0,
    });
    const events = told.ok ? told.value.events.map((text) => JSON.parse(text) as object) : [];
    expect(events).toMatchObject([
      { type: "webhook.disabled", subject: id, data: { webhookId: id, reason: "failing" } },
    ]);
    up.is = true;
    const headers = { "If-Match": "*" };
    await account.call("PATCH", `/v1/webhooks/${id}`, { body: { state: "active" }, headers });
    await playOut(id, fetch);
    expect(came.map(({ type }) => type)).toEqual(["unit.rejected"]);
    await account.call("POST", `/v1/webhooks/${id}/redrive`);
    await playOut(id, fetch);
    expect(came).toHaveLength(11);
  });

  it("that answers 410 is disabled at once", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"] });
    const { attempts, fetch } = receiver(
      () => secret,
      () => 410,
    );
    await append(account, "unit.events", [{ type: "unit.published" }]);
    await playOut(id, fetch);
    expect([...attempts.values()].map(({ length }) => length)).toEqual([1]);
    expect(await show(account, id)).toMatchObject({ state: "disabled", reason: "gone" });
  });

  it("by hand keeps its place, and goes on where the log begins when it was away for longer than that", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"] });
    const { came, fetch } = receiver(
      () => secret,
      () => 200,
    );
    const set = async (state: string) => {
      const headers = { "If-Match": "*" };
      await account.call("PATCH", `/v1/webhooks/${id}`, { body: { state }, headers });
    };
    await set("paused");
    await append(account, "unit.events", [{ type: "unit.published", data: 1 }]);
    await playOut(id, fetch);
    expect(came).toEqual([]);
    await set("active");
    await playOut(id, fetch);
    expect(came.map(({ event }) => event.data)).toEqual([1]);
    await set("paused");
    await append(account, "unit.events", [{ type: "unit.published", data: 2 }]);
    vi.setSystemTime(Date.now() + 8 * DAY);
    const name = partitionNameOf({
      accountId: account.accountId,
      topic: "unit.events",
      partition: 0,
    });
    await runInDurableObject(env.TOPIC.getByName(name), (topic) => topic.alarm());
    await append(account, "unit.events", [{ type: "unit.published", data: 3 }]);
    await set("active");
    await playOut(id, fetch);
    expect(came.map(({ event }) => event.data)).toEqual([1, 3]);
    expect(await show<Status>(account, `${id}/status`)).toMatchObject({ missed: 1 });
  });

  it("by its account's suspension sends nothing, and one whose row is gone is gone", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"] });
    const { came, fetch } = receiver(
      () => secret,
      () => 200,
    );
    const status = (to: string) =>
      env.CATALOG_0.prepare("UPDATE account SET status = ? WHERE id = ?")
        .bind(to, account.accountId)
        .run();
    await status("suspended");
    await append(account, "unit.events", [{ type: "unit.published" }]);
    await playOut(id, fetch, { untilMs: Date.now() + 7_200_000 });
    expect(came).toEqual([]);
    await status("active");
    await playOut(id, fetch);
    expect(came).toHaveLength(1);
    await env.CATALOG_0.prepare("DELETE FROM webhook WHERE id = ?").bind(id).run();
    await append(account, "unit.events", [{ type: "unit.published" }]);
    vi.setSystemTime(Date.now() + 61_000);
    await playOut(id, fetch);
    expect(came).toHaveLength(1);
    expect(await env.DELIVERY.getByName(id).hookStatus()).toBeNull();
  });
});

describe("a replay", () => {
  it("sends again what came since a time, or since one delivery, under the same ids", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"] });
    const { came, fetch } = receiver(
      () => secret,
      () => 200,
    );
    const times: string[] = [];
    for (let i = 0; i < 4; i++) {
      times.push(new Date(Date.now()).toISOString());
      await append(account, "unit.events", [{ type: "unit.published", data: i }]);
      vi.setSystemTime(Date.now() + 60_000);
    }
    await playOut(id, fetch);
    expect(came.map(({ event }) => event.data)).toEqual([0, 1, 2, 3]);
    const ids = came.map((one) => one.id);
    const replay = (from: string) =>
      account.call("POST", `/v1/webhooks/${id}/replay`, { body: { from } });
    expect((await replay(times[2] ?? "")).status).toBe(202);
    await playOut(id, fetch);
    expect(came.slice(4).map((one) => one.id)).toEqual(ids.slice(2));
    expect((await replay(ids[1] ?? "")).status).toBe(202);
    await playOut(id, fetch);
    expect(came.slice(6).map((one) => one.id)).toEqual(ids.slice(1));
    for (const from of ["evt_unit-events_0_99", "evt_agent-tasks_0_1", "yesterday"])
      expect((await problemOf(await replay(from))).code, from).toBe("invalid-request");
  });
});
