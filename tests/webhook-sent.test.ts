import { describe, expect, inject, it, vi } from "vitest";
import { hashOf } from "#domain/topics/partitions.ts";
import { TRIES_MAX, WAITS_MS } from "#domain/webhooks/schedule.ts";
import { newAccount } from "./helpers.ts";
import {
  append,
  type Hook,
  madeHook,
  onVirtualClock,
  type Page,
  playOut,
  receiver,
  show,
  type Status,
} from "./hooks.ts";

// What webhooks are sent, and when, on a clock that jumps from alarm to alarm.

onVirtualClock();
const H = 3_600_000;
/** `npm run bench -- webhooks` has 10,000. */
const DELIVERIES = inject("deliveries");
type Tried = { id: string; attempt: number; outcome: string; status: number; number: number };

describe("what it is sent", () => {
  it("is what came since, of the types that it wants, as CloudEvents that verify", async () => {
    const account = await newAccount();
    await append(account, "unit.events", [{ type: "unit.searchable" }]);
    const { id, secret } = await madeHook(account, { events: ["unit.searchable", "task.*"] });
    const { came, fetch } = receiver(
      () => secret,
      () => 204,
    );
    await append(account, "unit.events", [
      { type: "unit.published" },
      { type: "unit.searchable", subject: "u0_1", data: { unitId: "u0_1" } },
    ]);
    await append(account, "agent.tasks", [{ type: "task.completed" }]);
    await append(account, "agent.events", [{ type: "agent.paused" }]);
    await playOut(id, fetch);
    expect(came.map(({ type }) => type).toSorted()).toEqual(["task.completed", "unit.searchable"]);
    const unit = came.find(({ type }) => type === "unit.searchable");
    expect(unit?.event).toMatchObject({
      specversion: "1.0",
      subject: "u0_1",
      data: { unitId: "u0_1" },
      datacontenttype: "application/json",
    });
    expect(unit?.id).toBe(`evt_unit-events_0_${Number(unit?.event.sequence)}`);
    const status = await show<Status>(account, `${id}/status`);
    expect(status).toMatchObject({ failures: 0, lastStatus: 204, retrying: 0, missed: 0 });
    expect(status.nextAttemptAt).toBeNull();
  });

  it("arrives, all of it, at an endpoint that fails a fifth of the time, each attempt at its time, over evictions", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"] });
    const { came, attempts, fetch } = receiver(
      () => secret,
      (webhookId, attempt) => (isFifth(webhookId, attempt) ? 503 : 200),
    );
    const drafts = Array.from({ length: DELIVERIES }, (_, i) => ({
      type: "unit.published",
      subject: `u${i}`,
    }));
    await append(account, "unit.events", drafts);
    const beganMs = Date.now();
    await playOut(id, fetch);
    expect(came).toHaveLength(DELIVERIES);
    expect(new Set(came.map(({ event }) => event.subject)).size).toBe(DELIVERIES);
    expect(Date.now() - beganMs).toBeLessThan(28 * H);
    let [early, late] = [0, 0];
    for (const times of attempts.values())
      for (const [i, wait] of WAITS_MS.entries()) {
        const [one, next] = [times[i], times[i + 1]];
        if (one === undefined || next === undefined) break;
        const waitedMs = next - one;
        if (waitedMs < wait * 0.95) early++;
        // A run of failures may open the breaker, which leaves an endpoint alone for a minute at most.
        if (waitedMs > wait + 60_000) late++;
      }
    expect([early, late]).toEqual([0, 0]);
    const retried = [...attempts.values()].filter((times) => times.length > 1).length;
    expect(retried / DELIVERIES).toBeGreaterThan(0.17);
    expect(retried / DELIVERIES).toBeLessThan(0.23);
  }, 300_000);

  it("arrives in order where that is asked, however often one of them fails", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"], ordered: true });
    const { came, fetch } = receiver(
      () => secret,
      (webhookId, attempt) => (isFifth(webhookId, attempt) ? 500 : 200),
    );
    const drafts = Array.from({ length: DELIVERIES }, (_, i) => ({
      type: "unit.published",
      data: i,
      key: `k${i % 7}`,
    }));
    await append(account, "unit.events", drafts);
    await playOut(id, fetch);
    expect(came.map(({ event }) => event.data)).toEqual(drafts.map(({ data }) => data));
  }, 300_000);

  it("is tried 8 times over 27 hours, and is then a dead letter", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"] });
    const { attempts, fetch } = receiver(
      () => secret,
      () => 500,
    );
    await append(account, "unit.events", [{ type: "unit.published" }]);
    await playOut(id, fetch);
    const [times = []] = attempts.values();
    const waits = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    expect(waits).toHaveLength(WAITS_MS.length);
    for (const [i, waited] of waits.entries()) {
      expect(waited).toBeLessThanOrEqual(WAITS_MS[i] ?? 0);
      expect(waited).toBeGreaterThanOrEqual((WAITS_MS[i] ?? 0) * 0.95);
    }
    const attempted = await show<Page<Tried>>(account, `${id}/deliveries`);
    expect(attempted.items.map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual([
      "8 given-up",
      ...[7, 6, 5, 4, 3, 2, 1].map((n) => `${n} failed`),
    ]);
    expect(await show<Status>(account, `${id}/status`)).toMatchObject({
      deadLetters: 1,
      retrying: 0,
      nextAttemptAt: null,
    });
  });

  it("holds up, in order, its own partition and no other", async () => {
    const account = await newAccount();
    const events = ["unit.*", "agent.*"];
    const { id, secret } = await madeHook(account, { events, ordered: true });
    const { came, fetch } = receiver(
      () => secret,
      (webhookId) => (webhookId === "evt_unit-events_0_2" ? 400 : 200),
    );
    const types = ["published", "verified", "searchable"];
    await append(
      account,
      "unit.events",
      types.map((type) => ({ type: `unit.${type}` })),
    );
    await append(account, "agent.events", [{ type: "agent.paused" }, { type: "agent.resumed" }]);
    await playOut(id, fetch, { untilMs: Date.now() + H });
    expect(came.map(({ type }) => type).toSorted()).toEqual([
      "agent.paused",
      "agent.resumed",
      "unit.published",
    ]);
    await playOut(id, fetch);
    expect(came.at(-1)?.type).toBe("unit.searchable");
  });

  it("holds up only what comes after it in order, until it is given up; then it can be sent again", async () => {
    const account = await newAccount();
    const ordered = await madeHook(account, { events: ["unit.*"], ordered: true });
    const free = await madeHook(account, { events: ["unit.*"] });
    await append(account, "unit.events", [{ type: "unit.published" }, { type: "unit.verified" }]);
    const beganMs = Date.now();
    const poison = { is: true };
    const refusing = (hook: Hook) =>
      receiver(
        () => hook.secret,
        (id) => (poison.is && id.endsWith("_1") ? 400 : 200),
      );
    const [inOrder, atOnce] = [refusing(ordered), refusing(free)];
    await playOut(free.id, atOnce.fetch, { untilMs: beganMs + 60_000 });
    expect(atOnce.came.map(({ type }) => type)).toEqual(["unit.verified"]);
    vi.setSystemTime(beganMs);
    await playOut(ordered.id, inOrder.fetch, { untilMs: beganMs + 26 * 3_600_000 });
    expect(inOrder.came).toEqual([]);
    await playOut(ordered.id, inOrder.fetch);
    expect(inOrder.came.map(({ type }) => type)).toEqual(["unit.verified"]);
    expect([...inOrder.attempts.values()].map(({ length }) => length)).toEqual([8, 1]);
    type Dead = { id: string; attempts: number; reason: string; body: string };
    const dead = await show<Page<Dead>>(account, `${ordered.id}/dead-letters`);
    expect(dead.items).toMatchObject([
      { id: "evt_unit-events_0_1", attempts: 8, reason: "it answered 400, after 8 attempts" },
    ]);
    poison.is = false;
    const redriven = await account.call("POST", `/v1/webhooks/${ordered.id}/redrive`);
    expect(await redriven.json()).toEqual({ redriven: 1 });
    await playOut(ordered.id, inOrder.fetch);
    expect(inOrder.came.map(({ type }) => type)).toEqual(["unit.verified", "unit.published"]);
    expect(await show<Status>(account, `${ordered.id}/status`)).toMatchObject({ deadLetters: 0 });
  });

  it("waits in the log while the endpoint is down, which is tried with one thing at a time; then all arrives", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"] });
    const up = { is: false };
    const { came, attempts, fetch } = receiver(
      () => secret,
      () => (up.is ? 200 : 503),
    );
    // More than is read at once.
    const drafts = Array.from({ length: 600 }, () => ({ type: "unit.published" }));
    await append(account, "unit.events", drafts);
    const beganMs = Date.now();
    await playOut(id, fetch, { untilMs: beganMs + 2 * 3_600_000 });
    expect(came).toEqual([]);
    expect(attempts.size).toBeLessThan(80);
    up.is = true;
    await playOut(id, fetch, { untilMs: beganMs + 30 * 3_600_000 });
    expect(came).toHaveLength(600);
  }, 60_000);

  it("is what it asked for no sooner than it asked (Retry-After)", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"] });
    const { came, attempts, fetch } = receiver(
      () => secret,
      (_, attempt) => (attempt === 1 ? 429 : 200),
    );
    await append(account, "unit.events", [{ type: "unit.published" }]);
    await playOut(id, fetch);
    const [times = []] = attempts.values();
    expect(came).toHaveLength(1);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(120_000);
  });

  it("can be seen attempt by attempt, in pages, the newest first", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["unit.*"] });
    const { fetch } = receiver(
      () => secret,
      (webhookId, attempt) => (webhookId.endsWith("7") && attempt === 1 ? 500 : 200),
    );
    const drafts = Array.from({ length: 70 }, () => ({ type: "unit.published" }));
    await append(account, "unit.events", drafts);
    await playOut(id, fetch);
    const all: Tried[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? "" : `&cursor=${cursor}`;
      const page: Page<Tried> = await show(account, `${id}/deliveries?limit=30${more}`);
      all.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(all.map(({ number }) => number)).toEqual(Array.from({ length: 77 }, (_, i) => 77 - i));
    const again = all.slice(0, 7);
    expect(again.map(({ attempt, outcome }) => [attempt, outcome])).toEqual(
      Array.from({ length: 7 }, () => [2, "delivered"]),
    );
    const failed = all.filter(({ outcome }) => outcome === "failed");
    expect(failed.map(({ id: one }) => one).toSorted()).toEqual(
      again.map(({ id: one }) => one).toSorted(),
    );
    expect(failed.every(({ status, attempt }) => status === 500 && attempt === 1)).toBe(true);
  });
});

/** A fifth of all attempts, the same in every run; the last one of eight is never among them. */
const isFifth = (webhookId: string, attempt: number): boolean =>
  attempt < TRIES_MAX && hashOf(`${webhookId} ${attempt}`) % 5 === 0;
