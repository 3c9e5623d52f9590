import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { LIMITS } from "#domain/shared/limits.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { agentOf, type Message, mailbox } from "./mailbox.ts";

let owner: TestAccount;
beforeAll(async () => {
  owner = await newAccount();
});

describe("a message", () => {
  it("is stored, given out under a lease, and gone once it is acknowledged", async () => {
    const box = await mailbox(owner);
    const sent = await box.sent({ body: { otters: [1, "two", null] }, priority: 7 });
    const [message] = await box.leased();
    expect(message).toMatchObject({
      id: sent.id,
      body: { otters: [1, "two", null] },
      from: { accountId: owner.accountId },
      kind: "message",
      conversationId: null,
      priority: 7,
      attempts: 1,
    });
    expect(await box.leased()).toEqual([]);
    expect((await box.settle("ack", message)).status).toBe(200);
    expect((await box.settle("ack", message)).status).toBe(404);
  });

  it("comes to the agent in the order of its conversation, one after the other", async () => {
    const box = await mailbox(owner);
    for (const body of [1, 2, 3]) await box.sent({ body, conversationId: "talk" });
    for (const body of [1, 2, 3]) {
      const [message, next] = await box.leased(10);
      expect([message?.body, next]).toEqual([body, undefined]);
      await box.settle("ack", message);
    }
  });

  it("waits for nothing where it is in no conversation, and more urgent ones go first", async () => {
    const box = await mailbox(owner);
    for (const priority of [4, 9, 0, 4]) await box.sent({ body: priority, priority });
    expect((await box.leased(10)).map(({ body }) => body)).toEqual([9, 4, 4, 0]);
  });

  it("that is given back comes again with a newer token, and the old token is good for nothing", async () => {
    const box = await mailbox(owner);
    await box.sent({ body: "again" });
    const [first] = await box.leased();
    expect(await (await box.settle("nack", first)).json()).toMatchObject({ state: "waiting" });
    const [second] = await box.leased();
    expect(second?.id).toBe(first?.id);
    expect(second?.fencingToken).toBeGreaterThan(first?.fencingToken ?? Infinity);
    for (const how of ["ack", "nack", "extend"] as const) {
      const late = await box.settle(how, first);
      expect([late.status, (await problemOf(late)).code], how).toEqual([409, "lease-lost"]);
    }
    expect((await box.settle("ack", second)).status).toBe(200);
  });

  it("is given to another when its lease runs out, unless its holder keeps it", async () => {
    const box = await mailbox(owner);
    await box.sent({ body: "kept" });
    await box.sent({ body: "lost" });
    const [kept, lost] = await box.leased(2, { leaseMs: 300 });
    expect((await box.settle("extend", kept, { leaseMs: 60_000 })).status).toBe(200);
    const [again, none] = await box.leased(2, { waitMs: 5_000 });
    expect([again?.id, none]).toEqual([lost?.id, undefined]);
    expect((await box.settle("ack", lost)).status).toBe(409);
    expect((await box.settle("ack", again)).status).toBe(200);
    expect((await box.settle("ack", kept)).status).toBe(200);
  });

  it("reaches who waits for it", async () => {
    const box = await mailbox(owner);
    const waiting = box.leased(5, { waitMs: 20_000 });
    await box.sent({ body: "at last" });
    expect((await waiting).map(({ body }) => body)).toEqual(["at last"]);
  });

  it("is one message under a deduplicationId, and one answer under an idempotency key", async () => {
    const box = await mailbox(owner);
    const one = await box.sent({ body: 1, deduplicationId: "once" });
    const two = await box.sent({ body: 2, deduplicationId: "once" });
    expect([one.duplicate, two.duplicate, two.id]).toEqual([false, true, one.id]);
    const headers = { "Idempotency-Key": "key" };
    const sent = [await box.send({ body: 3 }, headers), await box.send({ body: 3 }, headers)];
    const [first, second] = await Promise.all(sent.map((answer) => answer.json<Message>()));
    expect(second?.id).toBe(first?.id);
    const other = await box.send({ body: 4 }, headers);
    expect((await problemOf(other)).code).toBe("idempotency-conflict");
    expect((await box.leased(10)).map(({ body }) => body)).toEqual([1, 3]);
  });

  it("is held to both where it has both", async () => {
    const box = await mailbox(owner);
    const named = (deduplicationId: string, key: string, body: unknown = 1) =>
      box.send({ body, deduplicationId }, { "Idempotency-Key": key });
    const idOf = async (answer: Response) => (await answer.json<{ id: string }>()).id;
    const first = await idOf(await named("a", "k1"));
    expect(await idOf(await named("a", "k1"))).toBe(first);
    // Another body, or another name, is another request.
    for (const other of [named("a", "k1", 2), named("b", "k1")])
      expect((await problemOf(await other)).code).toBe("idempotency-conflict");
    // Another request may name the same message, and is known by its own key too from then on.
    expect(await idOf(await named("a", "k2"))).toBe(first);
    expect((await problemOf(await named("c", "k2"))).code).toBe("idempotency-conflict");
    expect(await box.leased(10)).toHaveLength(1);
  });

  it("may be named by each sender as often as it is its share, whatever others name", async () => {
    const box = await mailbox(owner, { visibility: "listed", accepts: "listed" });
    const [busy, quiet] = [await newAccount(), await newAccount()];
    const send = (from: TestAccount) =>
      from.call("POST", `/v1/agents/${box.id}/messages`, {
        body: { body: 1, deduplicationId: "once more" },
      });
    await env.AGENT.getByName(box.id).contents(); // its tables are made
    await runInDurableObject(env.AGENT.getByName(box.id), (_, { storage }) =>
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= ?)
           INSERT INTO message_seen SELECT ? || ' d  ' || i, i, '', ? FROM n`,
        LIMITS.senderDeduplicationsMax,
        busy.accountId,
        Date.now(),
      ),
    );
    const refused = await send(busy);
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "60"]);
    for (const other of [quiet, owner]) expect((await send(other)).status).toBe(201);
  });

  it("is acknowledged with others at once, each with its own outcome", async () => {
    const box = await mailbox(owner);
    for (const body of [1, 2]) await box.sent({ body });
    const leased = await box.leased(2);
    const named = leased.map(({ id, fencingToken }) => ({ id, fencingToken }));
    const wrong = { id: named[0]?.id, fencingToken: 1_000_000 };
    const body = { messages: [wrong, ...named, { id: "msg_of_nobody", fencingToken: 1 }] };
    const answer = await owner.call("POST", `/v1/agents/${box.id}/messages/ack`, { body });
    const { results } = await answer.json<{ results: { state?: string; code?: string }[] }>();
    expect(results.map(({ state, code }) => state ?? code)).toEqual([
      "lease-lost",
      "done",
      "done",
      "not-found",
    ]);
  });
});

describe("who may", () => {
  it("write: only those whom a listed agent takes messages from", async () => {
    const stranger = await newAccount();
    const [hidden, own, open] = await Promise.all([
      agentOf(owner),
      agentOf(owner, { visibility: "listed" }),
      agentOf(owner, { visibility: "listed", accepts: "listed" }),
    ]);
    const write = async (id: string) =>
      (await stranger.call("POST", `/v1/agents/${id}/messages`, { body: { body: "?" } })).status;
    expect(await Promise.all([hidden, own, open].map(write))).toEqual([404, 403, 201]);
    const opened = await stranger.call("POST", `/v1/agents/${open}/messages/lease`, { body: {} });
    expect(opened.status).toBe(404);
  });

  it("name an agent as the sender: its own account", async () => {
    const stranger = await newAccount();
    const box = await mailbox(owner);
    const [mine, theirs] = [await agentOf(owner), await agentOf(stranger)];
    await box.sent({ body: 1, fromAgentId: mine });
    expect((await box.leased())[0]?.from).toEqual({ accountId: owner.accountId, agentId: mine });
    const problem = await problemOf(await box.send({ body: 1, fromAgentId: theirs }));
    expect(problem.errors).toEqual([
      { pointer: "/fromAgentId", detail: "is no agent of your account" },
    ]);
  });
});

describe("what is refused", () => {
  it("says where it is wrong", async () => {
    const box = await mailbox(owner);
    const wrong: [object, string][] = [
      [{}, "/body"],
      [{ body: 1, priority: 10 }, "/priority"],
      [{ body: 1, deadline: "tomorrow" }, "/deadline"],
      [{ body: 1, kind: "task" }, "/kind"],
      [{ body: 1, conversationId: "" }, "/conversationId"],
      [{ body: 1, from: "me" }, "/from"],
    ];
    for (const [body, pointer] of wrong) {
      const problem = await problemOf(await box.send(body));
      expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(["invalid-request", pointer]);
    }
    const large = await box.send({ body: "x".repeat(262_144) });
    expect((await problemOf(large)).code).toBe("body-too-large");
  });

  it("holds a stranger back that sends more than is taken, and nobody else", async () => {
    const [stranger, another] = [await newAccount(), await newAccount()];
    const box = await mailbox(owner, { visibility: "listed", accepts: "listed" });
    const body = { body: "x".repeat(262_000) };
    const path = `/v1/agents/${box.id}/messages`;
    const all = await Promise.all(
      Array.from({ length: 66 }, () => stranger.call("POST", path, { body })),
    );
    const held = all.filter(({ status }) => status === 429);
    expect(all.filter(({ status }) => status === 201)).toHaveLength(64);
    expect(held.map((answer) => Number(answer.headers.get("Retry-After")) > 0)).toEqual([
      true,
      true,
    ]);
    expect((await another.call("POST", path, { body: { body: 1 } })).status).toBe(201);
    const [message] = await box.leased();
    await box.settle("ack", message);
    expect((await stranger.call("POST", path, { body })).status).toBe(201);
  });
});
