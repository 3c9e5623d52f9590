import {
  createMessageBatch,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { keyRing } from "#adapters/key-ring.ts";
import {
  type Notice,
  NOTICE_LEASE_MS,
  NOTICE_LIFE_MS,
  RECIPIENT_FIELD,
} from "#domain/notices/notice.ts";
import { consume } from "#workers/queues/consume.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { browser } from "./push-service.ts";

type Mail = { id: string; to: string; subject: string; text: string };
type Shown = { id: string; state: string; attempts: number; reason: string | null };

let owner: TestAccount;
let taken: Mail[];
let works: boolean;
let bindings: Env;
beforeEach(async () => {
  owner = await newAccount();
  [taken, works] = [[], true];
  const MAIL = {
    async send(mail: Mail) {
      if (!works) throw new Error("no mail today");
      taken.push(mail);
    },
  };
  bindings = { ...env, MAIL } as unknown as Env;
});

const object = () => env.NOTICES.getByName(owner.accountId);
const notice = async (id: string, more: Partial<Notice> = {}): Promise<Notice> => ({
  id,
  kind: "email",
  sealedTo: await keyRing(env).seal(
    { account: owner.accountId },
    RECIPIENT_FIELD,
    "ops@example.com",
  ),
  principalId: owner.principal.principalId,
  subject: "WARNING: backlog",
  text: "Work piles up.",
  about: "one",
  ...more,
});

/** As the object holds it: its own alarm, which would hand it to the queue, is the test's. */
async function added(...notices: Notice[]): Promise<void> {
  expect(await object().add(owner.accountId, notices)).toBe(true);
  await runInDurableObject(object(), (_, state) => state.storage.deleteAlarm());
}

type Outcome = "acked" | "again";
/** What a queue with these messages comes to. */
async function brought(queue: string, ...bodies: unknown[]): Promise<Outcome[]> {
  const outcomes = bodies.map((): Outcome | null => null);
  const batch = createMessageBatch(
    queue,
    bodies.map((body, i) => ({ id: String(i), timestamp: new Date(), attempts: 1, body })),
  );
  for (const [i, message] of batch.messages.entries()) {
    message.ack = () => void (outcomes[i] = "acked");
    message.retry = () => void (outcomes[i] = "again");
  }
  await consume(batch, bindings);
  return outcomes.map((one) => one ?? "again");
}
const bring = async (id: string) =>
  await brought("notification-email", { accountId: owner.accountId, noticeId: id });
const listed = async (state: string) =>
  (await (await owner.call("GET", `/v1/notifications?state=${state}`)).json<{ items: Shown[] }>())
    .items;

describe("a mail", () => {
  it("is sent once, though it is handed over and brought twice", async () => {
    await added(await notice("one"));
    await added(await notice("one"));
    expect(await bring("one")).toEqual(["acked"]);
    expect(await bring("one")).toEqual(["acked"]);
    expect(taken.map(({ to, subject }) => [to, subject])).toEqual([
      ["ops@example.com", "WARNING: backlog"],
    ]);
    await added(await notice("one"));
    expect(await bring("one")).toEqual(["acked"]);
    expect(taken).toHaveLength(1);
  });

  it("is tried three times more, then given up, and sent when it is redriven", async () => {
    await added(await notice("one"));
    works = false;
    const outcomes = [];
    for (let i = 0; i < 4; i++) outcomes.push((await bring("one"))[0]);
    expect(outcomes).toEqual(["again", "again", "again", "acked"]);
    expect(await listed("dead")).toMatchObject([
      { id: "one", attempts: 4, reason: "Error: no mail today" },
    ]);
    works = true;
    expect(await bring("one")).toEqual(["acked"]);
    expect(taken).toEqual([]);
    const redriven = await owner.call("POST", "/v1/notifications/redrive");
    expect(await redriven.json()).toEqual({ redriven: 1 });
    await bring("one");
    expect(taken).toHaveLength(1);
    expect(await listed("dead")).toEqual([]);
  });

  it("waits for a sender without being tried, where there is none", async () => {
    await added(await notice("one"));
    bindings = env;
    expect(await bring("one")).toEqual(["acked"]);
    expect(await listed("waiting")).toMatchObject([{ id: "one", attempts: 0 }]);
  });

  it("is handed to its queue by its outbox, again when the queue lost it, and for a day", async () => {
    await added(await notice("one"));
    await runInDurableObject(object(), async (_, state) => {
      await state.storage.setAlarm(1);
    });
    await runDurableObjectAlarm(object());
    const row = async () =>
      await runInDurableObject(object(), (_, state) =>
        state.storage.sql.exec<{ sent: number; due_ms: number }>("SELECT * FROM notice").one(),
      );
    expect((await row()).sent).toBe(1);
    expect((await row()).due_ms).toBeGreaterThan(Date.now() + 30_000);
    await runInDurableObject(object(), (_, state) => {
      state.storage.sql.exec("UPDATE notice SET created_ms = ?", Date.now() - NOTICE_LIFE_MS);
    });
    await runDurableObjectAlarm(object());
    expect(await listed("dead")).toMatchObject([{ reason: "nobody took it for a day" }]);
  });

  it("is not sent twice where its object forgets all that it remembers, nor lost where its sender died with it", async () => {
    await added(await notice("one"), await notice("two"));
    const died = await object().take("one");
    expect(died?.notice.id).toBe("one");
    await evictDurableObject(object());
    // Somebody has it: whoever is brought it once more does nothing.
    expect(await bring("one")).toEqual(["acked"]);
    expect(await bring("two")).toEqual(["acked"]);
    await evictDurableObject(object());
    expect(await bring("two")).toEqual(["acked"]);
    expect(taken.map(({ id }) => id)).toEqual(["two"]);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + NOTICE_LEASE_MS);
    try {
      expect(await bring("one")).toEqual(["acked"]);
      // What the dead one says late changes nothing.
      expect(await object().settle("one", died?.token ?? 0, "too late")).toBeNull();
      expect(await bring("one")).toEqual(["acked"]);
    } finally {
      vi.useRealTimers();
    }
    expect(taken.map(({ id }) => id)).toEqual(["two", "one"]);
    expect(await listed("waiting")).toEqual([]);
  });

  it("keeps its recipient where no database shows it", async () => {
    await added(await notice("one"));
    const stored = await runInDurableObject(object(), (_, state) =>
      JSON.stringify(state.storage.sql.exec("SELECT * FROM notice").toArray()),
    );
    expect(stored).not.toContain("ops@example.com");
  });
});

describe("the queues of notices", () => {
  it("acknowledge what is no message of theirs", async () => {
    const bodies = [
      null,
      "x",
      {},
      { accountId: 1, noticeId: "one" },
      { accountId: "a", noticeId: "" },
    ];
    expect(await brought("notification-email", ...bodies)).toEqual(bodies.map(() => "acked"));
  });

  it("put what was given up where it can be listed", async () => {
    await added(await notice("one"));
    const ref = { accountId: owner.accountId, noticeId: "one" };
    expect(await brought("notification-dead", ref, ref)).toEqual(["acked", "acked"]);
    expect(await listed("dead")).toHaveLength(1);
  });

  it("are nobody else's to list or redrive", async () => {
    await added(await notice("one"));
    const other = await newAccount();
    const shown = await other.call("GET", "/v1/notifications");
    expect(await shown.json()).toEqual({ items: [], nextCursor: null });
  });
});

describe("a browser", () => {
  const keyOf = async () =>
    (await (await owner.call("GET", "/v1/push/key")).json<{ publicKey: string }>()).publicKey;
  const push = async (id: string) =>
    await brought("notification-push", { accountId: owner.accountId, noticeId: id });

  async function subscribed() {
    const one = await browser(await keyOf());
    const answer = await owner.call("POST", "/v1/push/subscriptions", { body: one.subscription });
    expect(answer.status).toBe(201);
    bindings = { ...bindings, EGRESS: one.network } as unknown as Env;
    return { ...one, id: (await answer.json<{ id: string }>()).id };
  }

  it("is told what it can decrypt, by who it subscribed to", async () => {
    const { pushed } = await subscribed();
    await added(await notice("one", { kind: "push", sealedTo: null }));
    expect(await push("one")).toEqual(["acked"]);
    expect(pushed).toMatchObject([
      { title: "WARNING: backlog", body: "Work piles up.", tag: "one", ttl: "86400" },
    ]);
    expect(pushed[0]?.topic).toMatch(/^[\w-]{32}$/);
  });

  it("is one subscription however often it subscribes, and forgotten when it says that it is gone", async () => {
    const { subscription, service, pushed, id } = await subscribed();
    await owner.call("POST", "/v1/push/subscriptions", { body: subscription });
    const list = async () =>
      (await (await owner.call("GET", "/v1/push/subscriptions")).json<{ items: object[] }>()).items;
    expect(await list()).toMatchObject([{ id, service: "https://push.example" }]);
    service.status = 410;
    await added(await notice("one", { kind: "push", sealedTo: null }));
    await push("one");
    expect([await list(), pushed]).toEqual([[], []]);
  });

  it("is told though another of its person's gave a key that is none", async () => {
    const { subscription, pushed } = await subscribed();
    const p256dh = `B${"A".repeat(86)}`;
    const endpoint = "https://push.example/other";
    const body = { ...subscription, endpoint, keys: { ...subscription.keys, p256dh } };
    expect((await owner.call("POST", "/v1/push/subscriptions", { body })).status).toBe(201);
    await added(await notice("one", { kind: "push", sealedTo: null }));
    expect(await push("one")).toEqual(["acked"]);
    expect(pushed).toHaveLength(1);
  });

  it("that cannot be reached is tried again", async () => {
    const { service, pushed } = await subscribed();
    service.status = 503;
    await added(await notice("one", { kind: "push", sealedTo: null }));
    expect(await push("one")).toEqual(["again"]);
    service.status = 201;
    expect(await push("one")).toEqual(["acked"]);
    expect(pushed).toHaveLength(1);
  });

  it("that refuses is told three times more, then it is a dead letter that is listed, and told when it is redriven", async () => {
    const { service, pushed } = await subscribed();
    service.status = 400;
    await added(await notice("one", { kind: "push", sealedTo: null }));
    const outcomes = [];
    for (let i = 0; i < 4; i++) outcomes.push((await push("one"))[0]);
    expect(outcomes).toEqual(["again", "again", "again", "acked"]);
    expect(await listed("dead")).toMatchObject([
      { id: "one", kind: "push", attempts: 4, reason: "the push service answered 400" },
    ]);
    service.status = 201;
    const redriven = await owner.call("POST", "/v1/notifications/redrive");
    expect(await redriven.json()).toEqual({ redriven: 1 });
    await runInDurableObject(object(), (_, state) => state.storage.deleteAlarm());
    expect(await push("one")).toEqual(["acked"]);
    expect(pushed).toHaveLength(1);
    expect(await listed("dead")).toEqual([]);
  });

  it("has the same key to subscribe with in every isolate", async () => {
    const key = await keyOf();
    expect(key).toMatch(/^B[\w-]{86}$/);
    expect(await keyOf()).toBe(key);
  });

  it("is subscribed at no address inside, and unsubscribed by its own person", async () => {
    const { subscription, id } = await subscribed();
    const body = { ...subscription, endpoint: "https://127.0.0.1/push" };
    const refused = await owner.call("POST", "/v1/push/subscriptions", { body });
    expect((await problemOf(refused)).code).toBe("egress-refused");
    const other = await newAccount();
    expect((await other.call("DELETE", `/v1/push/subscriptions/${id}`)).status).toBe(404);
    expect((await owner.call("DELETE", `/v1/push/subscriptions/${id}`)).status).toBe(204);
  });
});
