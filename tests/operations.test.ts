import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Principal } from "#domain/accounts/model.ts";
import { perform } from "#workers/http/app.ts";
import type { Operation } from "#workers/http/operations.ts";
import { call, newAccount, problemOf, unobserved } from "./helpers.ts";

async function performed(principal: Principal, operation: Operation, changes: Partial<Env> = {}) {
  const context = createExecutionContext();
  const response = await perform({ ...unobserved, ...changes }, context, principal, operation);
  await waitOnExecutionContext(context);
  return response;
}

const unit = { title: "Otters hold hands", body: "They sleep afloat, and hold on to one another." };

describe("an operation for a principal that was authenticated already", () => {
  it("is the route itself: the same answer, the same headers, in the caller's account", async () => {
    const { principal, call: ask } = await newAccount();
    const made = await performed(principal, { method: "POST", path: "/v1/units", body: unit });
    expect(made.status).toBe(202);
    expect(made.headers.get("ETag")).toBe('"1"');
    const { id } = await made.json<{ id: string }>();
    expect((await ask("GET", `/v1/units/${id}`)).status).toBe(200);
    const list = await performed(principal, { method: "GET", path: "/v1/units?limit=1" });
    expect(await list.json()).toMatchObject({ items: [{ id }] });
  });

  it("reaches the product's objects by a binding, with a principal that went over it", async () => {
    const { principal } = await newAccount();
    const operation = { method: "POST", path: "/v1/units", body: unit };
    const response = await env.OPERATIONS.perform(principal, operation);
    expect(response.status).toBe(202);
    const { visibility } = await response.json<{ visibility: string }>();
    expect(visibility).toBe("private");
  });

  it("is bound by scope, role and the end of the credential like any request", async () => {
    const { principal } = await newAccount();
    const publish = { method: "POST", path: "/v1/units", body: unit };
    const unscoped = await performed({ ...principal, scopes: new Set(["search"]) }, publish);
    expect(await problemOf(unscoped)).toMatchObject({ status: 403, code: "forbidden" });
    const viewer = await performed({ ...principal, role: "viewer" }, publish);
    expect((await problemOf(viewer)).status).toBe(403);
    const ended = await performed({ ...principal, expiresAtMs: Date.now() - 1 }, publish);
    expect((await problemOf(ended)).status).toBe(401);
  });

  it("is bound by networks: where the caller is, is what their connection said and no header", async () => {
    const { principal } = await newAccount();
    const bound = { ...principal, networks: ["192.0.2.0/24"] };
    const from = async (address: string | null) => {
      const headers = { "CF-Connecting-IP": "192.0.2.1", "X-Forwarded-For": "192.0.2.1" };
      const operation = { method: "GET", path: "/v1/account", headers, address };
      return (await performed(bound, operation, { WISHUB_TRUSTED_PROXY: "cloudflare" })).status;
    };
    expect(await from("192.0.2.7")).toBe(200);
    expect(await from("198.51.100.7")).toBe(401);
    expect(await from(null)).toBe(401);
  });

  it("keeps idempotency keys, and refuses what is wrong with the pointers that HTTP gives", async () => {
    const { principal } = await newAccount();
    const headers = { "Idempotency-Key": "once" };
    const publish = { method: "POST", path: "/v1/units", body: unit, headers };
    const [first, second] = [
      await performed(principal, publish),
      await performed(principal, publish),
    ];
    expect(await second.json()).toEqual(await first.json());
    const wrong = { method: "POST", path: "/v1/units", body: { ...unit, titel: 1 } };
    expect((await problemOf(await performed(principal, wrong))).errors).toHaveLength(1);
  });

  it("is none that is for HTTP alone, for nobody in particular, or for another protocol", async () => {
    const { principal } = await newAccount();
    for (const [method, path] of [
      ["GET", "/v1/keys"],
      ["GET", "/v1/policies"],
      ["GET", "/v1/members"],
      ["GET", "/v1/sessions/current"],
      ["GET", "/v1/accounts"],
      ["GET", "/healthz"],
      ["GET", "/openapi.json"],
      ["GET", "/v1/../openapi.json"],
      ["GET", "//elsewhere/v1/units"],
      ["GET", "openapi.json"],
      ["GET", "/v1/nothing"],
    ] as const) {
      const response = await performed(principal, { method, path });
      expect([path, (await problemOf(response)).status]).toEqual([path, 404]);
    }
  });

  it("cannot be claimed by a header of a request from outside", async () => {
    const { principal } = await newAccount();
    const claims = { "X-Principal": JSON.stringify(principal), Principal: principal.principalId };
    expect((await call("GET", "/v1/units", { headers: claims })).status).toBe(401);
  });
});
