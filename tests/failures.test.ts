import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { appOf } from "#workers/http/app.ts";
import { feature, route } from "#workers/http/kit.ts";
import { problemOf } from "./helpers.ts";

const failing = (thrown: unknown) =>
  appOf([
    feature(
      route({ method: "get", path: "/fails", summary: "", access: "public", responses: {} }, () => {
        throw thrown;
      }),
    ),
  ]).fetch(new Request("http://x.example/fails"), env, createExecutionContext());

it("answers a bug with one 500 that says nothing but the request, and logs the rest in one line", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const answer = await failing(new TypeError("SELECT secret FROM table"));
  expect(answer.status).toBe(500);
  const requestId = answer.headers.get("X-Request-Id");
  const body = JSON.stringify(await problemOf(answer));
  expect(body).toContain(requestId);
  expect(body).not.toMatch(/SELECT|TypeError|\.ts/);
  expect(log).toHaveBeenCalledOnce();
  const line = String(log.mock.calls[0]?.[0]);
  expect(line).toMatch(/^\S+  error  \w+  request-failed  /);
  expect(line).toContain(`requestId=${requestId}`);
  expect(line).toContain('message="SELECT secret FROM table"');
  log.mockRestore();
});

/** As the query builder throws it: with the query and its parameters in the message, and what the database said as its cause. */
const failedQuery = (said: string) =>
  Object.assign(new Error("Failed query: insert into x values (?)\nparams: a private thought"), {
    query: "insert into x values (?)",
    params: ["a private thought"],
    cause: new Error(said),
  });

it("logs what the database said of a query, and nothing of what was in it", async () => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  expect((await failing(failedQuery("D1_ERROR: no such table: x"))).status).toBe(500);
  const said = JSON.stringify(log.mock.calls);
  expect(said).toContain("no such table: x");
  expect(said).not.toContain("a private thought");
  log.mockRestore();
});

it.each([
  ["an object", Object.assign(new Error("busy"), { overloaded: true })],
  ["a database", new Error("D1_ERROR: D1 DB is overloaded. Requests queued for too long.")],
  ["a query", failedQuery("D1_ERROR: D1 DB is overloaded. Requests queued for too long.")],
])("answers the overload of %s with 503 and when to come again", async (_, thrown) => {
  const log = vi.spyOn(console, "error").mockReturnValue();
  const answer = await failing(thrown);
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect((await problemOf(answer)).code).toBe("overloaded");
  log.mockRestore();
});
