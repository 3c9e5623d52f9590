import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { expect, it } from "vitest";
import { z } from "zod";
import { appOf } from "#workers/http/app.ts";
import { feature, idParam, json, refuse, route } from "#workers/http/kit.ts";
import { openApiDocument } from "#workers/http/openapi.ts";
import { type LaterVersion, routesOf } from "#workers/http/versions.ts";
import { newAccount, ORIGIN, unobserved } from "./helpers.ts";

const answer = z.object({ otter: z.string() });
const otter = (version: "v1" | "v2") =>
  route(
    {
      method: "get",
      path: `/${version}/otters/{id}`,
      summary: "Read an otter",
      access: "account.read",
      request: { params: idParam },
      responses: { 200: { description: "It", ...json(answer) } },
    },
    (c) => {
      if (c.req.valid("param").id === "absent") refuse({ code: "not-found" });
      return c.json({ [version === "v1" ? "otter" : "name"]: c.req.valid("param").id });
    },
  );
const plain = (path: `/${string}`) =>
  route({ method: "get", path, summary: path, access: "account.read", responses: {} }, (c) =>
    c.json({ path: c.req.path }),
  );
const FIRST = [feature(otter("v1"), plain("/v1/fish"), plain("/v1/weirs"), plain("/page"))];
const SECOND: LaterVersion = {
  name: "v2",
  features: [feature(otter("v2"), plain("/v2/burrows"))],
  dropped: ["get /weirs"],
  deprecatedAt: "2027-01-01T00:00:00Z",
  sunsetAt: "2028-01-01T00:00:00Z",
};

async function asker() {
  const account = await newAccount();
  const app = appOf(FIRST, [SECOND]);
  return async (path: string) => {
    const context = createExecutionContext();
    const headers = { Authorization: `Bearer ${account.apiKey}` };
    const response = await app.fetch(
      new Request(`${ORIGIN}${path}`, { headers }),
      unobserved as Env,
      context,
    );
    await waitOnExecutionContext(context);
    return response;
  };
}

it("answers a replaced address in both versions, each in its own way", async () => {
  const ask = await asker();
  expect(await (await ask("/v1/otters/a")).json()).toEqual({ otter: "a" });
  expect(await (await ask("/v2/otters/a")).json()).toEqual({ name: "a" });
});

it("says of what is replaced or dropped since when, until when, and what follows it", async () => {
  const ask = await asker();
  for (const id of ["a", "absent"]) {
    const { headers } = await ask(`/v1/otters/${id}`);
    expect(headers.get("Deprecation")).toBe("@1798761600");
    expect(headers.get("Sunset")).toBe("Sat, 01 Jan 2028 00:00:00 GMT");
    expect(headers.get("Link")).toBe(`</v2/otters/${id}>; rel="successor-version"`);
  }
  const dropped = await ask("/v1/weirs");
  expect([dropped.status, dropped.headers.get("Link")]).toEqual([200, null]);
  expect(dropped.headers.get("Deprecation")).not.toBeNull();
  expect((await ask("/v2/weirs")).status).toBe(404);
});

it("answers in the new version whatever it does not name as the one before", async () => {
  const ask = await asker();
  const [before, after] = [await ask("/v1/fish"), await ask("/v2/fish")];
  expect(await before.json()).toEqual({ path: "/v1/fish" });
  expect(await after.json()).toEqual({ path: "/v2/fish" });
  expect(before.headers.get("Deprecation")).toBeNull();
  expect((await ask("/v2/fish?x=1")).status).toBe(400);
  expect((await ask("/v2/burrows")).status).toBe(200);
  expect((await ask("/v1/burrows")).status).toBe(404);
  expect((await ask("/v2/page")).status).toBe(404);
});

it("describes both versions, and marks what will go", () => {
  type Paths = Record<string, { get: { deprecated?: boolean; operationId: string } }>;
  const { paths } = openApiDocument(routesOf(FIRST, [SECOND]), ORIGIN) as { paths: Paths };
  expect(paths["/v1/otters/{id}"]?.get.deprecated).toBe(true);
  expect(paths["/v2/otters/{id}"]?.get.deprecated).toBeUndefined();
  const names = Object.values(paths).map(({ get }) => get.operationId);
  expect(new Set(names).size).toBe(names.length);
});

it("carries a change of one version on into the next", () => {
  const third: LaterVersion = { name: "v3", features: [], deprecatedAt: "2029-01-01T00:00:00Z" };
  const paths = routesOf(FIRST, [SECOND, third]).map(({ config }) => config.path);
  expect(paths).toContain("/v3/burrows");
  expect(paths).not.toContain("/v3/weirs");
  expect(paths.filter((path) => path === "/v3/otters/{id}").length).toBe(1);
});

it("does not start with a version that names what cannot be", () => {
  const wrong: Partial<LaterVersion>[] = [
    { dropped: ["get /nothing"] },
    { dropped: ["get /otters/{id}"] },
    { features: [feature(plain("/v1/late"))] },
  ];
  for (const each of wrong) expect(() => routesOf(FIRST, [{ ...SECOND, ...each }])).toThrow();
});
