import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { HOLD_MS } from "#domain/inference/budget.ts";
import { AccountInference } from "#objects/account-inference.ts";
import { forget } from "#workers/http/guard/auth.ts";
import { call, newAccount, type TestAccount } from "./helpers.ts";
import { failureOf, said, withModels } from "./inference.ts";

let account: TestAccount;
let models: ReturnType<typeof withModels>;
beforeEach(async () => {
  account = await newAccount();
  models = withModels();
});
const post = async (kind: string, body: object, from = account) =>
  await models.post(from, kind, body);

type Use = {
  spentToday: number;
  heldNow: number;
  days: { model: string; calls: number; promptTokens: number; unsettledTokens: number }[];
};
const useOf = async (from = account): Promise<Use> =>
  await (await from.call("GET", "/v1/inference/use")).json<Use>();
const bound = async (tokensPerDay: number | null): Promise<void> => {
  const answer = await account.call("PUT", "/v1/inference/bound", { body: { tokensPerDay } });
  expect(answer.status).toBe(200);
};

describe("what an account may spend", () => {
  it("is held before a call, and settled with what the call took", async () => {
    await post("chat", said("one"));
    await post("chat", said("two"));
    await vi.waitFor(async () =>
      expect(await useOf()).toMatchObject({ spentToday: 16, heldNow: 0 }),
    );
    expect((await useOf()).days).toMatchObject([{ model: "echo", calls: 2, promptTokens: 10 }]);
  });

  it("is refused beyond its bound, also to calls that come at once", async () => {
    await bound(150);
    const ask = async () => await post("chat", said("x", { max_tokens: 50 }));
    const answers = await Promise.all(Array.from({ length: 8 }, ask));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    const refused = answers.find(({ status }) => status === 429);
    if (refused === undefined) throw new Error("none was refused");
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(refused.headers.get("X-Should-Retry")).toBe("false");
    expect((await failureOf(refused)).code).toBe("inference-budget-spent");
    // What was held and not taken is free again.
    await vi.waitFor(async () => expect((await useOf()).heldNow).toBe(0));
    expect((await ask()).status).toBe(200);
  });

  it("costs nothing where the model failed, and no more than a call can take where it boasts", async () => {
    await post("chat", said("x", { model: "garbage" }));
    await post("chat", said("x", { model: "unstreamed", stream: true }));
    await vi.waitFor(async () => expect((await useOf()).heldNow).toBe(0));
    expect((await useOf()).spentToday).toBe(0);
    await post("chat", said("x", { model: "boaster" }));
    await vi.waitFor(async () => expect((await useOf()).spentToday).toBeGreaterThan(0));
    expect((await useOf()).spentToday).toBeLessThan(100);
  });

  it("counts a stream that broke off", async () => {
    await (await post("chat", said("x", { model: "cut", stream: true }))).text();
    await vi.waitFor(async () => expect((await useOf()).spentToday).toBeGreaterThan(0));
  });

  it("is narrowed by nobody but those who administer the account", async () => {
    const { apiKey } = await account.key(["inference"]);
    const headers = { Authorization: `Bearer ${apiKey}` };
    const body = { tokensPerDay: 1 };
    expect((await call("PUT", "/v1/inference/bound", { headers, body })).status).toBe(403);
    for (const tokensPerDay of [-1, 1.5, 1e15, "1"])
      expect(
        (await account.call("PUT", "/v1/inference/bound", { body: { tokensPerDay } })).status,
      ).toBe(400);
  });

  it("outlives the object's memory, and what was never settled is counted in full", async () => {
    const stub = env.ACCOUNT.getByName(account.accountId);
    const hold = { id: "h1", kind: "chat" as const, model: "echo", tokens: 400 };
    expect(await stub.holdTokens(hold, 1_000)).toEqual({ state: "held" });
    expect(await stub.holdTokens(hold, 1_000)).toEqual({ state: "held" });
    await evictDurableObject(stub);
    expect((await stub.tokenState()).held).toBe(400);
    expect(await stub.holdTokens({ ...hold, id: "h2", tokens: 601 }, 1_000)).toMatchObject({
      state: "spent",
      left: 600,
    });
    const settled = { id: "h1", kind: "chat" as const, model: "echo", prompt: 10, completion: 5 };
    await stub.settleTokens([settled, settled]);
    await stub.settleTokens([settled]);
    expect(await stub.tokenState()).toMatchObject({ held: 0, spent: 15 });
  });
});

describe("an answer of a short while ago", () => {
  const embed = { model: "letters", input: ["the same"] };
  const cacheOf = (answer: Response) => answer.headers.get("X-WisHub-Cache");

  it("is given again to the same account, and costs nothing", async () => {
    const [first, second] = [await post("embeddings", embed), await post("embeddings", embed)];
    expect([cacheOf(first), cacheOf(second)]).toEqual(["miss", "hit"]);
    expect(await second.text()).toBe(await first.text());
    await vi.waitFor(async () =>
      expect(await useOf()).toMatchObject({ spentToday: 7, heldNow: 0 }),
    );
  });

  it("is given to nobody else, and to nobody who wants a new one", async () => {
    await post("embeddings", embed);
    const other = await newAccount();
    expect(cacheOf(await post("embeddings", embed, other))).toBe("miss");
  });

  it("is kept of a chat only where nothing in it is drawn by chance", async () => {
    for (const [more, second] of [
      [{}, "miss"],
      [{ temperature: 0 }, "hit"],
      [{ temperature: 0, n: 2 }, "miss"],
    ] as const) {
      await post("chat", said("again", more));
      expect(cacheOf(await post("chat", said("again", more))), JSON.stringify(more)).toBe(second);
    }
  });
});

it("lets an account's policy say which models its principals use", async () => {
  const rule = {
    id: "only-echo",
    effect: "forbid",
    actions: ["inference.use"],
    when: 'resource.model != "echo"',
  };
  const put = await account.call("PUT", "/v1/policies", {
    body: { rules: [rule] },
    headers: { "If-Match": '"0"' },
  });
  expect(put.status, await put.clone().text()).toBe(200);
  forget(env, () => true); // as every isolate does within 5 seconds
  expect((await post("chat", said("x"))).status).toBe(200);
  expect(await failureOf(await post("chat", said("x", { model: "flaky" })))).toMatchObject({
    status: 403,
    code: "forbidden",
  });
});

const step = fc.oneof(
  fc.record({ hold: fc.integer({ min: 1, max: 3 }), tokens: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ settle: fc.integer({ min: 1, max: 3 }), took: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ passMs: fc.integer({ min: 0, max: 2 * HOLD_MS }) }),
  fc.constant({ evicted: true }),
);

it("never holds beyond the bound, and counts each call once, whatever happens in whichever order", async () => {
  const BOUND = 100;
  const call = { kind: "chat" as const, model: "m" };
  await runInDurableObject(env.ACCOUNT.getByName("a0_model"), async (_, { storage }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        storage.sql.exec("DELETE FROM inference_hold");
        storage.sql.exec("DELETE FROM inference_use");
        let nowMs = 1_000;
        let object = new AccountInference(storage, nowMs);
        const held = new Map<string, { tokens: number; untilMs: number }>();
        let spent = 0;
        for (const each of steps) {
          for (const [id, { tokens, untilMs }] of held) {
            if (untilMs > nowMs) continue;
            held.delete(id);
            spent += tokens;
          }
          const heldNow = () => [...held.values()].reduce((sum, { tokens }) => sum + tokens, 0);
          if ("hold" in each) {
            const id = String(each.hold);
            const { state } = object.hold({ ...call, id, tokens: each.tokens }, BOUND, nowMs);
            const fits = spent + heldNow() + each.tokens <= BOUND;
            expect(state).toBe(held.has(id) || fits ? "held" : "spent");
            if (state === "held" && !held.has(id))
              held.set(id, { tokens: each.tokens, untilMs: nowMs + HOLD_MS });
          } else if ("settle" in each) {
            const id = String(each.settle);
            const settled = { ...call, id, prompt: each.took, completion: 0 };
            object.settle([settled, settled], nowMs);
            if (held.delete(id)) spent += each.took;
          } else if ("passMs" in each) nowMs += each.passMs;
          else object = new AccountInference(storage, nowMs);
          if ("passMs" in each) continue;
          expect(object.state(nowMs)).toMatchObject({ spent, held: heldNow() });
        }
      }),
      { numRuns: 200 },
    );
  });
});
