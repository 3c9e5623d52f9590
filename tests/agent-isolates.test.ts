import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { elsewhereOf, isolate, newAccount, type TestAccount } from "./helpers.ts";
import { agentOf } from "./mailbox.ts";

/** Another isolate, which hears nothing of what is done in this one. */
const elsewhere = isolate({ CATALOG_0: elsewhereOf(env.CATALOG_0) });
const PROMISED_MS = 5_000;
/** What one look may take on a busy machine. */
const LOOK_MS = 1_000;

type Change = { method: string; path: string; body?: object };
type Asked = { from?: TestAccount; method: string; path: string; body?: object };
type Case = { before: number; after: number; ask(id: string): Asked; change(id: string): Change };

const send = (id: string): Asked => ({
  method: "POST",
  path: `/v1/agents/${id}/messages`,
  body: { body: 1 },
});
const lease = (id: string): Asked => ({
  method: "POST",
  path: `/v1/agents/${id}/messages/lease`,
  body: {},
});
const verb = (name: string, body?: object) => (id: string) => ({
  method: "POST",
  path: `/v1/agents/${id}/${name}`,
  ...(body !== undefined && { body }),
});

it("follows in every isolate within 5 seconds what becomes of an agent in one", async () => {
  const [owner, stranger] = [await newAccount(), await newAccount()];
  const cases: Record<string, Case> = {
    "a paused one is given nothing": { before: 200, after: 409, ask: lease, change: verb("pause") },
    "a retired one is sent nothing": { before: 201, after: 409, ask: send, change: verb("retire") },
    "one in quarantine is sent nothing": {
      before: 201,
      after: 409,
      ask: send,
      change: verb("quarantine", { reason: "It floods." }),
    },
    "a deleted one is not there": {
      before: 201,
      after: 404,
      ask: send,
      change: (id) => ({ method: "DELETE", path: `/v1/agents/${id}` }),
    },
    "a private one is nobody else's to see": {
      before: 201,
      after: 404,
      ask: (id) => ({ ...send(id), from: stranger }),
      change: (id) => ({
        method: "PATCH",
        path: `/v1/agents/${id}`,
        body: { visibility: "private" },
      }),
    },
  };
  const followed = Object.entries(cases).map(async ([name, { before, after, ask, change }]) => {
    const id = await agentOf(owner, { visibility: "listed", accepts: "listed" });
    const there = async () => {
      const { from = owner, method, path, body } = ask(id);
      return (await elsewhere(from, method, path, body)).status;
    };
    expect(await there(), name).toBe(before);
    const { method, path, body } = change(id);
    const headers = { "If-Match": '"1"' };
    const changed = await owner.call(method, path, { headers, ...(body && { body }) });
    expect(changed.status, name).toBeLessThan(300);
    const sinceMs = Date.now();
    await expect.poll(there, { interval: 200, timeout: 10_000, message: name }).toBe(after);
    return [name, Date.now() - sinceMs] as const;
  });
  for (const [name, tookMs] of await Promise.all(followed))
    expect(tookMs, name).toBeLessThan(PROMISED_MS + LOOK_MS);
});

it("ends a paused agent's keys in every isolate within 5 seconds", async () => {
  const owner = await newAccount();
  const id = await agentOf(owner);
  const body = { name: "Its own", scopes: ["agents"] };
  const made = await owner.call("POST", `/v1/agents/${id}/keys`, { body });
  const { apiKey } = await made.json<{ apiKey: string }>();
  const there = async () =>
    (await elsewhere({ ...owner, apiKey }, "GET", `/v1/agents/${id}`)).status;
  expect(await there()).toBe(200);
  expect((await owner.call("POST", `/v1/agents/${id}/pause`)).status).toBe(200);
  const sinceMs = Date.now();
  await expect.poll(there, { interval: 200, timeout: 10_000 }).toBe(403);
  expect(Date.now() - sinceMs).toBeLessThan(PROMISED_MS + LOOK_MS);
});
