import { expect, inject, it } from "vitest";
import { call, isolate, newAccount, problemOf } from "./helpers.ts";

const outside = inject("outside");
const at = isolate({ WISHUB_EGRESS_ALLOW: outside });
const OIDC = { protocol: "oidc", name: "Corp", issuer: outside, clientId: "wishub" };
type View = { id: string; version: number; clientId: string; hasClientSecret: boolean };
const PATH = "/v1/identity-providers";

it("connects, changes and disconnects a provider, and shows no secret of it", async () => {
  const account = await newAccount();
  const made = await at(account, "POST", PATH, { ...OIDC, clientSecret: "kept-from-everybody" });
  expect(made.status).toBe(201);
  const text = await made.text();
  expect(text).not.toContain("kept-from-everybody");
  const { id, hasClientSecret } = JSON.parse(text) as View;
  expect(hasClientSecret).toBe(true);

  const path = `${PATH}/${id}`;
  expect((await account.call("PATCH", path, { body: { name: "New" } })).status).toBe(428);
  const changed = await account.call("PATCH", path, {
    body: { clientId: "other", clientSecret: null },
    headers: { "If-Match": `"1"` },
  });
  expect(await changed.json()).toMatchObject({
    id,
    version: 2,
    name: "Corp",
    clientId: "other",
    hasClientSecret: false,
  });
  const stale = { body: { name: "New" }, headers: { "If-Match": `"1"` } };
  expect((await account.call("PATCH", path, stale)).status).toBe(412);
  const listed = await (await account.call("GET", PATH)).json<{ items: View[] }>();
  expect(listed.items.map((each) => each.id)).toEqual([id]);

  expect((await account.call("DELETE", path)).status).toBe(204);
  expect((await account.call("GET", path)).status).toBe(404);
  expect((await call("GET", `/sso/${id}`)).status).toBe(404);
});

it("shows and gives a provider to no other account", async () => {
  const [mine, theirs] = [await newAccount(), await newAccount()];
  const { id } = await (await at(mine, "POST", PATH, OIDC)).json<View>();
  const path = `${PATH}/${id}`;
  const patch = { body: { enabled: false }, headers: { "If-Match": "*" } };
  expect((await theirs.call("GET", path)).status).toBe(404);
  expect((await theirs.call("PATCH", path, patch)).status).toBe(404);
  expect((await theirs.call("DELETE", path)).status).toBe(404);
  expect((await (await theirs.call("GET", PATH)).json<{ items: View[] }>()).items).toEqual([]);
  expect((await mine.call("GET", path)).status).toBe(200);
});

it("gives nobody an owner's role, and takes no unknown setting", async () => {
  const account = await newAccount();
  const refused = async (more: object) => {
    const answer = await at(account, "POST", PATH, { ...OIDC, ...more });
    return [answer.status, (await problemOf(answer)).errors?.[0]?.pointer];
  };
  expect(await refused({ defaultRole: "owner" })).toEqual([400, "/defaultRole"]);
  const rule = { attribute: "groups", value: "x", role: "owner" };
  expect(await refused({ roles: [rule] })).toEqual([400, "/roles/0/role"]);
  expect(await refused({ issuer: "ftp://x" })).toEqual([400, "/issuer"]);
  expect((await refused({ allowPrivate: true }))[0]).toBe(400);
});

it("asks first where another site sends somebody to sign in", async () => {
  const account = await newAccount();
  const named = { ...OIDC, name: "<b>Corp</b>" };
  const { id } = await (await at(account, "POST", PATH, named)).json<View>();
  const path = `/sso/${id}?returnTo=${encodeURIComponent('/docs?a="b')}`;
  for (const site of ["cross-site", "same-site"]) {
    const asked = await call("GET", path, { headers: { "Sec-Fetch-Site": site } });
    expect([asked.status, asked.headers.getSetCookie()]).toEqual([200, []]);
    const text = await asked.text();
    expect(text).toContain("&lt;b&gt;Corp&lt;/b&gt;");
    expect(text).toContain(`href="/sso/${id}?returnTo=%2Fdocs%3Fa%3D%2522b"`);
  }
});

it("is not for keys without the scope admin", async () => {
  const account = await newAccount();
  const { apiKey } = await account.key(["keys", "units:read"]);
  const headers = { Authorization: `Bearer ${apiKey}` };
  for (const [method, path] of [
    ["GET", PATH],
    ["POST", PATH],
    ["DELETE", `${PATH}/f0_x`],
  ] as const)
    expect((await call(method, path, { headers })).status).toBe(403);
});
