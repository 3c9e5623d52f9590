import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { keyedAgent } from "./mailbox.ts";

type Delegation = { id: string; chain: string[]; budget: number; deadline: string };
type Message = { id: string; fencingToken: number; body: unknown; delegation?: Delegation };
type Agent = Awaited<ReturnType<typeof working>>;

/** An agent with a key of its own, listed and open to all that are. */
async function working(account: TestAccount) {
  const open = { visibility: "listed", accepts: "listed" };
  const { id, as } = await keyedAgent(account, open);
  return {
    id,
    as,
    object: env.AGENT.getByName(id),
    hands: (to: { id: string }, delegation: object = {}, more: object = {}) =>
      as("POST", `/v1/agents/${to.id}/messages`, { body: "work", delegation, ...more }),
    /** A task over A2A; the JSON-RPC answer. */
    async asks(to: { id: string }, metadata?: object) {
      const message = { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text: "x" }] };
      const answer = await as(
        "POST",
        `/a2a/${to.id}`,
        {
          jsonrpc: "2.0",
          id: 1,
          method: "SendMessage",
          params: { message, metadata, configuration: { returnImmediately: true } },
        },
        { "A2A-Version": "1.0" },
      );
      return await answer.json<{
        result?: { task: { id: string; status: { state: string } } };
        error?: { message: string; data: { reason?: string }[] };
      }>();
    },
    async takes(): Promise<Message[]> {
      const answer = await as("POST", `/v1/agents/${id}/messages/lease`, { limit: 10 });
      expect(answer.status).toBe(200);
      return (await answer.json<{ messages: Message[] }>()).messages;
    },
    async acks({ id: message, fencingToken }: Message): Promise<number> {
      return (await as("POST", `/v1/agents/${id}/messages/${message}/ack`, { fencingToken }))
        .status;
    },
  };
}

const handed = async (answer: Response): Promise<string> => {
  expect(answer.status).toBe(201);
  return (await answer.json<{ delegationId: string }>()).delegationId;
};
const refused = async (answer: Response) => (await problemOf(answer)).code;
const one = async (agent: Agent): Promise<Message> => {
  const [message] = await agent.takes();
  if (message === undefined) throw new Error("nothing there");
  return message;
};

let a: Agent;
let b: Agent;
let c: Agent;
beforeEach(async () => {
  const [ours, theirs] = [await newAccount(), await newAccount()];
  [a, b, c] = [await working(ours), await working(theirs), await working(ours)];
});

describe("work handed on", () => {
  it("carries the chain that it came by, a budget and a deadline that only get smaller", async () => {
    const deadline = new Date(Date.now() + 60_000).toISOString();
    await handed(await a.hands(b, { budget: 5, deadline }));
    const { delegation: first } = await one(b);
    expect(first).toMatchObject({ chain: [a.id, b.id], budget: 5, deadline });
    const later = new Date(Date.now() + 3_600_000).toISOString();
    await handed(await b.hands(c, { deadline: later }));
    expect((await one(c)).delegation).toMatchObject({
      chain: [a.id, b.id, c.id],
      budget: 2,
      deadline,
    });
  });

  it("is refused on its way back, A to B to A, before anything is stored or spent", async () => {
    await handed(await a.hands(b, { budget: 3 }));
    const held = await one(b);
    expect(await refused(await b.hands(a))).toBe("delegation-loop");
    expect(await a.takes()).toEqual([]);
    expect((await one(b).catch(() => held)).delegation?.budget).toBe(3);
    // Nor does it help to name other work, or none that is held.
    expect(await refused(await b.hands(a, { of: "hop_0" }))).toBe("delegation-over");
    expect(await refused(await b.hands(b))).toBe("delegation-loop");
  });

  it("is refused beyond its budget, and costs nothing where nobody takes it", async () => {
    await handed(await a.hands(b, { budget: 2 }));
    await b.takes();
    expect(await refused(await b.hands(c, { budget: 2 }))).toBe("budget-exhausted");
    await c.as("POST", `/v1/agents/${c.id}/retire`);
    const d = await working(await newAccount());
    await handed(await b.hands(c, { budget: 1 }));
    expect(await refused(await b.hands(d, { budget: 0 }))).toBe("budget-exhausted");
  });

  it("must say for which of several pieces of work it is", async () => {
    await handed(await a.hands(b));
    await handed(await c.hands(b));
    const [first, second] = await b.takes();
    const d = await working(await newAccount());
    expect(await refused(await b.hands(d))).toBe("delegation-unclear");
    await handed(await b.hands(d, { of: second?.delegation?.id ?? "" }));
    expect((await one(d)).delegation?.chain).toEqual([c.id, b.id, d.id]);
    expect(first?.delegation?.chain).toEqual([a.id, b.id]);
  });

  it("is handed on once, however often the request comes", async () => {
    const more = { deduplicationId: "the-same" };
    const ids = [
      await handed(await a.hands(b, {}, more)),
      await handed(await a.hands(b, {}, more)),
    ];
    expect(new Set(ids).size).toBe(1);
    expect(await b.takes()).toHaveLength(1);
  });
});

describe("cancelling", () => {
  it("reaches every hop: what waits goes, what is worked on loses its lease", async () => {
    const id = await handed(await a.hands(b));
    const atB = await one(b);
    await handed(await b.hands(c));
    const atC = await one(c);
    const d = await working(await newAccount());
    await handed(await c.hands(d));
    await evictDurableObject(b.object);
    const answer = await a.as("POST", `/v1/agents/${a.id}/delegations/${id}/cancel`);
    expect(answer.status).toBe(200);
    await vi.waitFor(async () => expect(await d.takes()).toEqual([]), 5_000);
    expect([await b.acks(atB), await c.acks(atC)]).toEqual([404, 404]);
    // And nothing comes of it any more.
    expect(await refused(await b.hands(d, { of: atB.delegation?.id ?? "" }))).toBe(
      "delegation-over",
    );
  });

  it("is heard also where it overtakes what it cancels", async () => {
    const hop = { id: "hop_1", rootId: "hop_1", chain: [a.id, b.id], budget: 1, deadlineMs: 9e15 };
    expect(await b.object.cancelHop("hop_1")).toBe(true);
    const draft = {
      from: { accountId: "a0_x", agentId: a.id },
      isOwn: false,
      kind: "message",
      conversationId: null,
      inReplyTo: null,
      priority: 4,
      deadlineMs: null,
      once: [],
      body: "1",
      bytes: 1,
      hop,
    };
    expect(await b.object.send([draft])).toMatchObject([{ error: { code: "delegation-over" } }]);
  });

  it("is nobody else's to do", async () => {
    const id = await handed(await a.hands(b));
    const path = `/v1/agents/${a.id}/delegations/${id}/cancel`;
    expect((await b.as("POST", path)).status).toBe(404);
    expect((await c.as("POST", path)).status).toBe(403);
    expect((await a.as("POST", `/v1/agents/${a.id}/delegations/hop_0/cancel`)).status).toBe(404);
  });
});

describe("a task over A2A", () => {
  it("is refused on its way back, and its cancellation reaches what came of it", async () => {
    const asked = await a.asks(b);
    const task = asked.result?.task.id ?? "";
    expect((await one(b)).delegation?.chain).toEqual([a.id, b.id]);
    const back = await b.asks(a);
    expect(back.error?.data[0]?.reason).toBe("DELEGATION_LOOP");
    expect(await a.takes()).toEqual([]);
    // By the task's own id, too, and through mailbox and A2A alike.
    const on = await b.asks(c, { "wishub/delegation": { of: task } });
    expect(on.result?.task.status.state).toBe("TASK_STATE_SUBMITTED");
    const atC = await one(c);
    expect(atC.delegation?.chain).toEqual([a.id, b.id, c.id]);
    expect(await refused(await c.hands(a))).toBe("delegation-loop");

    const cancel = { jsonrpc: "2.0", id: 2, method: "CancelTask", params: { id: task } };
    await a.as("POST", `/a2a/${b.id}`, cancel, { "A2A-Version": "1.0" });
    await vi.waitFor(async () => expect(await c.acks(atC)).toBe(404), 5_000);
  });
});

it("stops with the agent that handed it on, when that one is put into quarantine", async () => {
  const owner = await newAccount();
  const bad = await working(owner);
  await handed(await bad.hands(b));
  const atB = await one(b);
  const body = { reason: "It floods others." };
  await owner.call("POST", `/v1/agents/${bad.id}/quarantine`, { body });
  await vi.waitFor(async () => expect(await b.acks(atB)).toBe(404), 5_000);
});
