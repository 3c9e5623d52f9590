import { expect, it, vi } from "vitest";
import { WisHub } from "./client.ts";

async function keysOf(work: (hub: WisHub) => Promise<unknown>): Promise<(string | null)[]> {
  const keys: (string | null)[] = [];
  const fetched = (_: unknown, init?: RequestInit) => {
    keys.push(new Headers(init?.headers).get("idempotency-key"));
    return Promise.resolve(Response.json({}));
  };
  await work(new WisHub({ url: "http://127.0.0.1:1", apiKey: "k", fetch: fetched }));
  return keys;
}

it("marks each change with a key of its own, also on a page that is not served securely", async () => {
  vi.spyOn(crypto, "randomUUID").mockImplementation(() => {
    throw new TypeError("randomUUID is not a function");
  });
  const make = { body: { name: "Reader", scopes: ["search" as const] } };
  const [first, second] = await keysOf(async (hub) => {
    await hub.operation("POST /v1/keys", make);
    await hub.operation("POST /v1/keys", make);
  });
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(second).not.toBe(first);
  vi.restoreAllMocks();
});

it("leaves a caller's own key, and what only reads without one", async () => {
  const keys = await keysOf(async (hub) => {
    const headers = { "idempotency-key": "mine" };
    await hub.operation("DELETE /v1/keys/{id}", { path: { id: "k1" }, headers });
    await hub.operation("GET /v1/keys");
  });
  expect(keys).toEqual(["mine", null]);
});
