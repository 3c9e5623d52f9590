import { beforeAll, describe, expect, it } from "vitest";
import { call, newAccount, ORIGIN, problemOf, type TestAccount } from "./helpers.ts";

type Operation = {
  operationId: string;
  security?: unknown[];
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, { description: string }>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: object };
};

const document = await (await call("GET", "/openapi.json")).json<Document>();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method} ${path}`,
    method,
    path,
    operation,
  })),
);
const closed = operations.filter(({ operation }) => operation.security?.length !== 0);
/** Protocols that answer in words of their own (tests/a2a.test.ts, tests/node/a2a-fixture.test.ts): here only who may ask. */
const isOurs = ({ path }: { path: string }) => !path.startsWith("/a2a");
const withBody = closed
  .filter(isOurs)
  .filter(({ operation }) => operation.requestBody !== undefined);
/** An address of this shape where nothing is. */
const addressOf = (path: string) => path.replaceAll(/\{\w+\}/g, "absent");
const mediaTypeOf = (operation: Operation) =>
  Object.keys(operation.requestBody?.content ?? {})[0] ?? "";

let account: TestAccount;
beforeAll(async () => {
  account = await newAccount();
});

it("describes itself as OpenAPI 3.1, with an ETag that saves reading it twice", async () => {
  const served = await call("GET", "/openapi.json");
  expect(document.openapi).toBe("3.1.0");
  const etag = served.headers.get("ETag") ?? "";
  expect((await call("GET", "/openapi.json", { headers: { "If-None-Match": etag } })).status).toBe(
    304,
  );
});

it("names every operation once and describes each of its answers", () => {
  const names = operations.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, operation } of operations) {
    for (const [status, { description }] of Object.entries(operation.responses)) {
      expect(description, `${name} ${status}`).toBeTruthy();
    }
  }
});

it("opens only the addresses that CONTRACT.md names to strangers", () => {
  const open = operations
    .filter(({ operation }) => operation.security?.length === 0)
    .map(({ name }) => name);
  expect(open.sort()).toEqual([
    "get /",
    "get /.well-known/agent-card.json",
    "get /.well-known/ai-catalog.json",
    "get /.well-known/ard.json",
    "get /.well-known/jwks.json",
    "get /.well-known/oauth-authorization-server",
    "get /.well-known/oauth-protected-resource",
    "get /.well-known/oauth-protected-resource/{part}",
    "get /a2a/{id}/.well-known/agent-card.json",
    "get /assets/{page}/{file}",
    "get /docs",
    "get /docs/problems",
    "get /healthz",
    "get /jobs/source",
    "get /oauth/authorize",
    "get /oauth/device",
    "get /openapi.json",
    "get /readyz",
    "get /sso/{id}",
    "get /sso/{id}/callback",
    "get /sso/{id}/metadata",
    // Vendors sign what they bring (tests/channels.test.ts).
    "get /v1/channels/{id}/inbound",
    // Backends have credentials of their own (tests/job-queue.test.ts, tests/jobs.test.ts).
    "post /jobs/claim",
    "post /jobs/complete",
    "post /jobs/fail",
    "post /jobs/heartbeat",
    "post /jobs/queue/messages/ack",
    "post /jobs/queue/messages/pull",
    // Its clients authenticate by the protocol.
    "post /oauth/device_authorization",
    "post /oauth/introspect",
    "post /oauth/register",
    "post /oauth/revoke",
    "post /oauth/token",
    "post /sso/{id}/acs",
    "post /v1/channels/{id}/inbound",
    "post /v1/invitations/accept",
    "post /v1/known-devices",
    "post /v1/known-devices/complete",
    "post /v1/password-resets",
    "post /v1/password-resets/complete",
    "post /v1/sessions",
    "post /v1/sessions/passkey-options",
    "post /v1/sign-up",
    "post /v1/sign-up/complete",
  ]);
});

describe.each(closed)("$name", ({ method, path, operation }) => {
  const send = method.toUpperCase();
  const ours: (name: string, work: () => Promise<void>) => void = isOurs({ path }) ? it : () => {};

  it("answers 401 without a credential, whatever the body is", async () => {
    const bodies =
      operation.requestBody === undefined ? [undefined] : ["", "{", "x".repeat(2_000_000)];
    for (const body of bodies) {
      const headers: Record<string, string> =
        body === undefined ? {} : { "Content-Type": "text/plain" };
      const refused = await call(send, addressOf(path), {
        ...(body !== undefined && { body }),
        headers,
      });
      expect(refused.status).toBe(401);
      expect((await problemOf(refused)).code).toBe("unauthenticated");
    }
  });

  ours("answers a bad request with a documented problem that names the request", async () => {
    const refused = await account.call(send, `${addressOf(path)}?no-such-parameter=1`, {
      ...(operation.requestBody !== undefined && {
        body: "{",
        headers: { "Content-Type": mediaTypeOf(operation) },
      }),
    });
    expect(Object.keys(operation.responses)).toContain(String(refused.status));
    const problem = await problemOf(refused);
    expect(problem.code).toBe("invalid-request");
    expect(problem.errors?.length).toBeGreaterThan(0);
    expect(problem.instance).toContain(refused.headers.get("X-Request-Id"));
  });

  it("answers a plausible request with a documented status", async () => {
    const answer = await account.call(send, addressOf(path), {
      ...(operation.requestBody !== undefined && {
        body: "{}",
        headers: { "Content-Type": mediaTypeOf(operation) },
      }),
    });
    expect(Object.keys(operation.responses)).toContain(String(answer.status));
    expect(answer.status).not.toBe(500);
    expect(answer.headers.get("X-Request-Id")).toBeTruthy();
    expect(answer.headers.get("X-Content-Type-Options")).toBe("nosniff");
    await answer.body?.cancel();
  });
});

describe.each(withBody)("the body of $name", ({ method, path, operation }) => {
  it("is refused in another media type", async () => {
    const refused = await account.call(method.toUpperCase(), addressOf(path), {
      body: "<a/>",
      headers: { "Content-Type": "application/xml" },
    });
    expect(refused.status).toBe(415);
    expect(Object.keys(operation.responses)).toContain("415");
  });
});

it("answers 404 to an unknown address, before it asks who is there", async () => {
  for (const path of [
    "/v1/nothing",
    "/v1",
    "/v1/units/a/b/c/d",
    "/.env",
    "/v1/keys/",
    "//",
    "/V1/KEYS",
    "/assets/model/x.js",
  ]) {
    const refused = await call("GET", path);
    expect(refused.status, path).toBe(404);
    expect((await problemOf(refused)).code).toBe("not-found");
  }
});

it("answers 405 with the methods an address takes, before it asks who is there", async () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const wrong =
      ["PUT", "DELETE", "PATCH", "POST"].find((method) => !(method.toLowerCase() in methods)) ?? "";
    const refused = await call(wrong, addressOf(path));
    expect(refused.status, `${wrong} ${path}`).toBe(405);
    const allow = refused.headers.get("Allow")?.split(", ") ?? [];
    for (const method of Object.keys(methods)) expect(allow).toContain(method.toUpperCase());
    expect((await problemOf(refused)).code).toBe("method-not-allowed");
  }
});

it("says what an address takes on OPTIONS, and lets no other site read it", async () => {
  const answer = await call("OPTIONS", "/v1/keys", {
    headers: { Origin: "https://elsewhere.example" },
  });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("Allow")).toBe("GET, HEAD, OPTIONS, POST");
  expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
});

it("answers HEAD like GET, without a body", async () => {
  const answer = await account.call("HEAD", "/v1/keys");
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe("");
});

it("carries the caller's trace on, and begins one where theirs makes no sense", async () => {
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const answer = await call("GET", "/healthz", {
    headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
  });
  expect(answer.headers.get("traceparent")).toMatch(
    new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`),
  );
  const fresh = await call("GET", "/healthz", {
    headers: { traceparent: `00-${"0".repeat(32)}-x-01` },
  });
  expect(fresh.headers.get("traceparent")).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
});

it("says what each problem means where its type points", async () => {
  const { type } = await (await call("GET", "/v1/keys")).json<{ type: string }>();
  const page = await call("GET", type.slice(ORIGIN.length).split("#")[0] ?? "");
  expect(page.status).toBe(200);
  expect(await page.text()).toContain(`id="${type.split("#")[1]}"`);
});

it("serves pages that run nothing from elsewhere", async () => {
  const page = await call("GET", "/docs/problems");
  expect(page.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
  expect(page.headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
});
