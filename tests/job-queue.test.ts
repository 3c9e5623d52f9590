import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { pullAnswer } from "#domain/jobs/pull.ts";
import { bytesOf } from "#domain/shared/bytes.ts";
import { call, isolate, newAccount, type TestAccount } from "./helpers.ts";

// The queue that backends pull from where the platform has none: the shape is Cloudflare's.

const { WISHUB_JOBS_TOKEN: token } = env as Env;
const Authorization = `Bearer ${token}`;
const ask = (what: "pull" | "ack", body: unknown, headers: Record<string, string> = {}) =>
  call("POST", `/jobs/queue/messages/${what}`, { body, headers: { Authorization, ...headers } });

async function pulled(body: unknown) {
  const answer = await ask("pull", body);
  expect(answer.status).toBe(200);
  return pullAnswer.parse(await answer.json()).result.messages;
}
const queue = () => env.PULL_QUEUE.getByName("gpu-jobs");
const textOf = (body: string) => new TextDecoder().decode(bytesOf(body));
const acked = async (body: unknown) =>
  (await (await ask("ack", body)).json<{ result: object }>()).result;

describe("who may pull", () => {
  it("is nobody without the operator's token, whatever the body is, and no account", async () => {
    const { apiKey } = await newAccount();
    for (const wrong of ["", "Bearer x", `Bearer ${apiKey}`, `Basic ${token}`])
      for (const body of ["{", { batch_size: 1 }]) {
        const refused = await ask("pull", body, { Authorization: wrong });
        expect([refused.status, await refused.json()]).toMatchObject([
          401,
          { code: "unauthenticated" },
        ]);
      }
  });

  it("is nobody at all where there is no token: there is no such address", async () => {
    const bare = isolate({ WISHUB_JOBS_TOKEN: undefined });
    for (const apiKey of ["", "undefined"]) {
      const asked = await bare({ apiKey } as TestAccount, "POST", "/jobs/queue/messages/pull", {});
      expect(asked.status).toBe(404);
    }
  });
});

describe("a message", () => {
  it("comes as base64 of what was sent, and not again once it is acknowledged", async () => {
    await queue().send(['{"n":"é 一"}']);
    const [message, ...rest] = await pulled({ batch_size: 10 });
    expect(rest).toEqual([]);
    expect(textOf(message?.body ?? "")).toBe('{"n":"é 一"}');
    expect(message).toMatchObject({ attempts: 1, metadata: { "CF-Content-Type": "json" } });
    expect(await pulled({})).toEqual([]);
    const acks = [{ lease_id: message?.lease_id }];
    expect(await acked({ acks })).toEqual({ ackCount: 1, retryCount: 0, warnings: [] });
    expect(await acked({ acks })).toMatchObject({ ackCount: 0, warnings: [expect.any(String)] });
  });

  it("comes again when its lease ends, and then only its new holder may settle it", async () => {
    await queue().send(["1"]);
    const [first] = await pulled({ visibility_timeout_ms: 1 });
    await expect
      .poll(async () => await pulled({ visibility_timeout_ms: 60_000 }), { timeout: 2_000 })
      .toMatchObject([{ attempts: 2 }]);
    expect(await acked({ acks: [{ lease_id: first?.lease_id }] })).toMatchObject({ ackCount: 0 });
    expect(await pulled({})).toEqual([]);
    await evictDurableObject(queue());
    expect(await pulled({})).toEqual([]);
    await expect(queue().pull(1, 1)).resolves.toMatchObject({ backlog: 1 });
  });

  it("given back comes after its delay, and odd leases are only warned of", async () => {
    await queue().send(["2", "3"]);
    const messages = await pulled({ batch_size: 100 });
    expect(messages).toHaveLength(2);
    const [now, later] = messages.map(({ lease_id }) => lease_id);
    const retries = [{ lease_id: now }, { lease_id: later, delay_seconds: 600 }];
    const odd = ["1.x", "-1.1", "9".repeat(40), "'; DROP TABLE message"];
    const settled = await acked({ retries, acks: odd.map((lease_id) => ({ lease_id })) });
    expect(settled).toMatchObject({ ackCount: 0, retryCount: 2, warnings: { length: odd.length } });
    expect((await pulled({ batch_size: 100 })).map(({ attempts }) => attempts)).toEqual([2]);
  });

  it("has bounds, and unknown members are ignored", async () => {
    for (const body of [{ batch_size: 101 }, { batch_size: 0 }, { visibility_timeout_ms: 1e9 }])
      expect((await ask("pull", body)).status).toBe(400);
    expect((await ask("pull", { odd: true })).status).toBe(200);
    expect(await queue().send(Array.from({ length: 10_001 }, () => "x"))).toBe(false);
  });
});
