import { beforeAll, expect, it } from "vitest";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";

/** What one account owns. Every operation on a thing of another account is in tests/matrix.test.ts. */
type Owned = { keyId: string; unitId: string; etag: string };

let owner: TestAccount;
let stranger: TestAccount;
let owned: Owned;

beforeAll(async () => {
  [owner, stranger] = [await newAccount(), await newAccount()];
  const { id: keyId } = await owner.key(["search"]);
  const published = await owner.call("POST", "/v1/units", {
    body: { title: "Ours alone", body: "A private note on tides." },
  });
  const { id: unitId } = await published.json<{ id: string }>();
  const etag = published.headers.get("ETag") ?? "";
  owned = { keyId, unitId, etag };
});

it("leaves what a stranger tried to change as it was", async () => {
  const sent = { headers: { "If-Match": owned.etag } };
  const tried = [
    await stranger.call("DELETE", `/v1/keys/${owned.keyId}`),
    await stranger.call("PATCH", `/v1/units/${owned.unitId}`, {
      ...sent,
      body: { title: "Theirs" },
    }),
    await stranger.call("DELETE", `/v1/units/${owned.unitId}`, sent),
  ];
  expect(tried.map(({ status }) => status)).toEqual([404, 404, 404]);
  expect((await owner.call("GET", `/v1/keys/${owned.keyId}`)).status).toBe(200);
  const unit = await owner.call("GET", `/v1/units/${owned.unitId}`);
  expect(unit.headers.get("ETag")).toBe(owned.etag);
});

it("lists only what is one's own", async () => {
  for (const path of ["/v1/keys", "/v1/units"]) {
    const list = await (await stranger.call("GET", path)).text();
    expect(list).not.toContain(owned.keyId);
    expect(list).not.toContain(owned.unitId);
    expect(await (await owner.call("GET", path)).text()).toContain(
      path === "/v1/keys" ? owned.keyId : owned.unitId,
    );
  }
});

it("exports only what is one's own", async () => {
  const exported = await (await stranger.call("GET", "/v1/units/export")).bytes();
  expect(new TextDecoder().decode(exported)).not.toContain(owned.unitId);
});

type Operation = { method: string; path: string; scope: string | undefined };

async function operations(): Promise<Operation[]> {
  const document = await (
    await call("GET", "/openapi.json")
  ).json<{
    paths: Record<string, Record<string, { "x-scope"?: string }>>;
  }>();
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      scope: operation["x-scope"],
    })),
  );
}

it("lets a key that may only search do nothing else", async () => {
  const { apiKey } = await owner.key(["search"]);
  const headers = { Authorization: `Bearer ${apiKey}` };
  const search = await call("POST", "/v1/search", { headers, body: { query: "tides" } });
  expect(search.status).toBe(200);
  for (const { method, path, scope } of await operations()) {
    if (scope === undefined || scope === "search") continue;
    const address = path.replace("{id}", owned.unitId).replace("{visibility}", "private");
    expect((await call(method, address, { headers })).status, `${method} ${path}`).toBe(403);
  }
});

it("lets nobody but the first account move the public collection", async () => {
  const body = { space: "anywhere" };
  const refused = await stranger.call("PUT", "/v1/collections/public/space", { body });
  expect([refused.status, (await problemOf(refused)).code]).toEqual([403, "forbidden"]);
});
