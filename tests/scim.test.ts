import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { call, newAccount, ORIGIN, type TestAccount } from "./helpers.ts";
import {
  BASE,
  type Directory,
  directoryOf,
  type Page,
  PATCH_SCHEMA,
  putUser,
  refusal,
  type Resource,
  rolesOf,
} from "./scim.ts";

let account: TestAccount;
let directory: Directory;
beforeAll(async () => {
  account = await newAccount();
  directory = await directoryOf(account);
});
const user = async (userName: string, more: object = {}, by = directory) =>
  await putUser(by, userName, more);

describe("users of a directory", () => {
  it("are put into the account, found again, changed and taken out", async () => {
    const made = await directory("POST", "/Users", {
      userName: "Ada@Example.com",
      externalId: "42",
      name: { givenName: "Ada", familyName: "Lovelace" },
      emails: [{ value: "ada@example.com", primary: true }],
      title: "Countess",
    });
    expect(made.status).toBe(201);
    const ada = await made.json<Resource>();
    expect(made.headers.get("Location")).toBe(`${ORIGIN}${BASE}/Users/${ada.id}`);
    expect(made.headers.get("ETag")).toBe(ada.meta.version);
    expect(ada).toMatchObject({ userName: "Ada@Example.com", active: true, groups: [] });
    expect((await rolesOf(account)).get(ada.id)).toMatchObject({
      role: "viewer",
      name: "Ada Lovelace",
      email: "ada@example.com",
    });

    for (const filter of [
      'userName eq "ada@example.COM"',
      'externalId eq "42"',
      `id eq "${ada.id}"`,
    ]) {
      const found = await directory("GET", `/Users?filter=${encodeURIComponent(filter)}`);
      const page = await found.json<Page>();
      expect([page.totalResults, page.Resources[0]?.id], filter).toEqual([1, ada.id]);
    }
    const nobody = await directory("GET", `/Users?filter=${encodeURIComponent('userName eq "x"')}`);
    expect(await nobody.json<Page>()).toMatchObject({ totalResults: 0, Resources: [] });

    const Operations = [
      { op: "Replace", value: { displayName: "Countess", "name.givenName": "Augusta" } },
    ];
    const patched = await directory("PATCH", `/Users/${ada.id}`, {
      schemas: [PATCH_SCHEMA],
      Operations,
    });
    expect(await patched.json()).toMatchObject({
      displayName: "Countess",
      name: { givenName: "Augusta" },
    });
    const stale = { "If-Match": ada.meta.version };
    expect((await directory("PATCH", `/Users/${ada.id}`, { Operations }, stale)).status).toBe(412);
    const put = await directory("PUT", `/Users/${ada.id}`, { userName: "ada@example.com" });
    const replaced = await put.json<Resource & { name?: object }>();
    expect([replaced.userName, replaced.name]).toEqual(["ada@example.com", undefined]);

    expect((await directory("DELETE", `/Users/${ada.id}`)).status).toBe(204);
    expect((await directory("GET", `/Users/${ada.id}`)).status).toBe(404);
    expect((await rolesOf(account)).has(ada.id)).toBe(false);
    expect((await user("ada@example.com")).id).not.toBe(ada.id);
  });

  it("leave no key behind when they are taken out after they were suspended", async () => {
    const left = await user("ada.suspended@example.com");
    const key = await account.key(["search"]);
    await env.CATALOG_0.prepare("UPDATE api_key SET principal_id = ? WHERE id = ?")
      .bind(left.id, key.id)
      .run();
    const put = { userName: left.userName, active: false };
    expect((await directory("PUT", `/Users/${left.id}`, put)).status).toBe(200);
    expect((await directory("DELETE", `/Users/${left.id}`)).status).toBe(204);
    const row = await env.CATALOG_0.prepare(
      "SELECT revoked_at_ms, status FROM api_key k JOIN principal p ON p.id = k.principal_id WHERE k.id = ?",
    )
      .bind(key.id)
      .first<{ revoked_at_ms: number | null; status: string }>();
    expect(row?.status).toBe("removed");
    expect(row?.revoked_at_ms).toBeGreaterThan(0);
  });

  it("are listed by pages whose totals are true, with the attributes that are asked for", async () => {
    const other = await newAccount();
    const by = await directoryOf(other);
    const ids = [];
    for (let n = 0; n < 5; n++) ids.push((await user(`user-${n}@example.com`, {}, by)).id);
    const second = await (await by("GET", "/Users?startIndex=3&count=2")).json<Page>();
    expect(second).toMatchObject({ totalResults: 5, startIndex: 3, itemsPerPage: 2 });
    const all = await (await by("GET", "/Users?startIndex=0&count=1000")).json<Page>();
    expect(new Set(all.Resources.map(({ id }) => id))).toEqual(new Set(ids));
    expect(await (await by("GET", "/Users?count=0")).json<Page>()).toMatchObject({
      totalResults: 5,
      Resources: [],
    });
    const some = await (await by("GET", "/Users?count=1&attributes=userName")).json<Page>();
    expect(Object.keys(some.Resources[0] ?? {}).sort()).toEqual([
      "id",
      "meta",
      "schemas",
      "userName",
    ]);
  });

  it("lie in the database under no name that could be read", async () => {
    await user("secret.person@example.com", {
      externalId: "secret-42",
      displayName: "Secret Person",
    });
    const { results } = await env.CATALOG_0.prepare("SELECT * FROM scim_user").all();
    const people = await env.CATALOG_0.prepare("SELECT * FROM person").all();
    expect(results.length).toBeGreaterThan(0);
    expect(JSON.stringify([results, people.results]).toLowerCase()).not.toContain("secret");
  });

  it("are refused in the protocol's own form", async () => {
    const { id } = await user("taken@example.com");
    const one = await user("another@example.com");
    expect(
      await refusal(await directory("POST", "/Users", { userName: "TAKEN@example.com" })),
    ).toEqual([409, "uniqueness"]);
    expect(
      await refusal(await directory("PUT", `/Users/${one.id}`, { userName: "taken@example.com" })),
    ).toEqual([409, "uniqueness"]);
    expect(await refusal(await directory("POST", "/Users", {}))).toEqual([400, "invalidValue"]);
    expect(await refusal(await directory("POST", "/Users", "{"))).toEqual([400, "invalidSyntax"]);
    const filter = encodeURIComponent('userName co "a"');
    expect(await refusal(await directory("GET", `/Users?filter=${filter}`))).toEqual([
      400,
      "invalidFilter",
    ]);
    const Operations = [{ op: "replace", path: "emails[", value: 1 }];
    expect(await refusal(await directory("PATCH", `/Users/${id}`, { Operations }))).toEqual([
      400,
      "invalidPath",
    ]);
    expect(await refusal(await directory("GET", "/Users/p0_absent"))).toEqual([404, undefined]);
    expect(await refusal(await call("GET", `${BASE}/Users`))).toEqual([401, undefined]);
    expect(await refusal(await call("GET", `${BASE}/Nothing`))).toEqual([404, undefined]);
  });

  it("are another account's business only", async () => {
    const { id } = await user("mine@example.com");
    const theirs = await directoryOf(await newAccount());
    const Operations = [{ op: "replace", path: "active", value: false }];
    for (const [method, body] of [
      ["GET"],
      ["PUT", { userName: "x" }],
      ["PATCH", { Operations }],
      ["DELETE"],
    ] as const)
      expect((await theirs(method, `/Users/${id}`, body)).status, method).toBe(404);
    expect((await user("mine@example.com", {}, theirs)).id).not.toBe(id);
    expect(await (await directory("GET", `/Users/${id}`)).json()).toMatchObject({ active: true });
  });

  it("are changed by a key that can do nothing else in the account", async () => {
    const { apiKey } = await account.key(["scim"]);
    const headers = { Authorization: `Bearer ${apiKey}` };
    for (const path of ["/v1/keys", "/v1/units", "/v1/identity-providers", "/v1/audit"])
      expect((await call("GET", path, { headers })).status, path).toBe(403);
    const all = await account.key(["admin", "keys", "units:read"]);
    const refused = await call("GET", `${BASE}/Users`, {
      headers: { Authorization: `Bearer ${all.apiKey}` },
    });
    expect(await refusal(refused)).toEqual([403, undefined]);
  });
});
