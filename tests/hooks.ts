import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, vi } from "vitest";
import { topicPort } from "#adapters/topics.ts";
import type { EventDraft } from "#domain/topics/event.ts";
import type { TopicName } from "#domain/topics/topics.ts";
import { Delivery } from "#objects/delivery.ts";
import type { TestAccount } from "./helpers.ts";

export const HOOK = "https://hooks.example.com/events";
export type Hook = { id: string; secret: string; version: number; state: string; topics: string[] };
export type Page<T> = { items: T[]; nextCursor: string | null };
export type Status = {
  failures: number;
  lastStatus: number | null;
  retrying: number;
  deadLetters: number;
  missed: number;
  nextAttemptAt: string | null;
};

/** Every test of a file on a clock that jumps from alarm to alarm. */
export function onVirtualClock(): void {
  beforeEach(async () => {
    await holdAlarms();
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
}

/** Something of a webhook, as its account is shown it. */
export const show = async <T>(account: TestAccount, path: string): Promise<T> =>
  await (await account.call("GET", `/v1/webhooks/${path}`)).json<T>();

/** What a receiver outside took in: verified by the specification's own library. */
export type Came = { id: string; attempt: number; atMs: number; type: string; event: CloudEvent };
export type CloudEvent = {
  id: string;
  type: string;
  source: string;
  subject?: string;
  sequence: string;
  partition: number;
  data: unknown;
};

/** A receiver: `answer` says what each attempt is answered. */
export function receiver(secret: () => string, answer: (id: string, attempt: number) => number) {
  const came: Came[] = [];
  const attempts = new Map<string, number[]>();
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (url !== HOOK) return new Response(null, { status: 404 });
    const headers = Object.fromEntries(new Headers(init.headers));
    const body = await new Response(init.body).text();
    const id = headers["webhook-id"] ?? "";
    const times = attempts.get(id) ?? [];
    attempts.set(id, times);
    times.push(Date.now());
    const event = new Webhook(secret()).verify(body, headers) as CloudEvent;
    const status = answer(id, times.length);
    if (status < 300)
      came.push({ id, attempt: times.length, atMs: Date.now(), type: event.type, event });
    const headersBack = status === 429 ? { "Retry-After": "120" } : undefined;
    return new Response(null, { status, headers: headersBack });
  };
  return { came, attempts, fetch };
}

export async function madeHook(account: TestAccount, input: object): Promise<Hook> {
  const made = await account.call("POST", "/v1/webhooks", { body: { url: HOOK, ...input } });
  if (made.status !== 201) throw new Error(await made.text());
  return await made.json<Hook>();
}

export async function append(
  account: TestAccount,
  topic: TopicName,
  drafts: (Pick<EventDraft, "type"> & Partial<EventDraft>)[],
): Promise<void> {
  const all = drafts.map((draft) => ({
    id: crypto.randomUUID(),
    timeMs: Date.now(),
    data: null,
    ...draft,
  }));
  for (let from = 0; from < all.length; from += 500) {
    const taken = await topicPort(env).append(
      account.accountId,
      topic,
      all.slice(from, from + 500),
    );
    if (!taken.ok) throw new Error(taken.error.code);
  }
}

/** When each object's alarm would ring. */
let alarms = new WeakMap<DurableObjectStorage, number>();

/** From here on no alarm of any object rings by itself; `playOut` rings those of receivers. */
async function holdAlarms(): Promise<void> {
  await runInDurableObject(env.DELIVERY.getByName("nobody"), (_, { storage }) => {
    const every = Object.getPrototypeOf(storage) as DurableObjectStorage;
    alarms = new WeakMap();
    vi.spyOn(every, "setAlarm").mockImplementation(async function (this: DurableObjectStorage, at) {
      alarms.set(this, Number(at));
    });
    vi.spyOn(every, "deleteAlarm").mockImplementation(async function (this: DurableObjectStorage) {
      alarms.delete(this);
    });
    vi.spyOn(every, "getAlarm").mockImplementation(async function (this: DurableObjectStorage) {
      return alarms.get(this) ?? null;
    });
  });
}

/**
 * Rings a receiver's alarm whenever it is due, on a clock that jumps to it, until nothing is due before `untilMs`. Nothing
 * is remembered between every `evictedEvery` alarms.
 */
export async function playOut(
  id: string,
  fetch: (url: string, init: RequestInit) => Promise<Response>,
  { untilMs = Infinity, evictedEvery = 40 }: { untilMs?: number; evictedEvery?: number } = {},
): Promise<void> {
  await runInDurableObject(env.DELIVERY.getByName(id), async (_, state) => {
    const { storage } = state;
    const outside = { ...env, EGRESS: { fetch } } as unknown as Env;
    let own = new Delivery(state, outside);
    await own.refreshHook();
    for (let rung = 1; ; rung++) {
      const alarmMs = alarms.get(storage) ?? Infinity;
      if (alarmMs === Infinity || alarmMs > untilMs) break;
      vi.setSystemTime(Math.max(Date.now(), alarmMs));
      alarms.delete(storage);
      await own.alarm();
      if (rung % evictedEvery === 0) own = new Delivery(state, outside);
    }
  });
  await forgotten(id);
}

/**
 * What was done in the memory of another one is not what the object outside of a test knows: it begins anew. An eviction
 * would wait for whatever still refers to it.
 */
export async function forgotten(id: string): Promise<void> {
  const abort = (_: Delivery, state: DurableObjectState) => state.abort("forgotten");
  await runInDurableObject(env.DELIVERY.getByName(id), abort).catch(() => {});
}
