import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { call, newAccount, problemOf } from "./helpers.ts";

const HEADER = "WisHub-Bookmark";

describe("a bookmark", () => {
  it("comes with every answer of the API and is taken back by every request", async () => {
    const account = await newAccount();
    const listed = await account.call("GET", "/v1/units");
    const bookmark = listed.headers.get(HEADER) ?? "";
    expect(bookmark).toMatch(/^1\.[0-9a-z]+$/);
    const published = await account.call("POST", "/v1/units", {
      body: { title: "Otters", body: "Otters hold hands while they sleep." },
      headers: { [HEADER]: bookmark },
    });
    expect(published.status).toBe(202);
    const later = published.headers.get(HEADER) ?? "";
    expect(Number.parseInt(later.slice(2), 36)).toBeGreaterThanOrEqual(
      Number.parseInt(bookmark.slice(2), 36),
    );
    const { id } = await published.json<{ id: string }>();
    const read = await account.call("GET", `/v1/units/${id}`, { headers: { [HEADER]: later } });
    expect(read.status).toBe(200);
    expect(await read.json()).toMatchObject({ id, title: "Otters" });
    expect(read.headers.get("ETag")).toBe('"1"');
    const found = await account.call("POST", "/v1/search", {
      body: { query: "otters", mode: "lexical" },
      headers: { [HEADER]: later },
    });
    expect(found.status).toBe(200);
    expect(found.headers.get(HEADER)).toBeTruthy();
  });

  it("is refused where it was made up, by name", async () => {
    const account = await newAccount();
    for (const bookmark of ["x", "1.", "2.abc", "1.zzzzzzzzz", "1.abc.def", "a".repeat(5_000)]) {
      const refused = await account.call("GET", "/v1/units", { headers: { [HEADER]: bookmark } });
      expect(refused.status).toBe(400);
      expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("#/headers/WisHub-Bookmark");
    }
  });

  it("is not looked at before the credential, nor on pages", async () => {
    const strange = { headers: { [HEADER]: "made up" } };
    expect((await call("GET", "/v1/units", strange)).status).toBe(401);
    const page = await call("GET", "/healthz", strange);
    expect(page.status).toBe(200);
    expect(page.headers.get(HEADER)).toBeNull();
  });
});

describe("an account's region", () => {
  const put = (account: Awaited<ReturnType<typeof newAccount>>, region: unknown) =>
    account.call("PUT", "/v1/account/region", { body: { region } });

  it("is set by the owner, holds for collections that begin, and never moves one", async () => {
    const account = await newAccount();
    const before = await account.call("GET", "/v1/account");
    expect(await before.json()).toEqual({ id: account.accountId, name: "Test", region: null });
    expect((await put(account, "apac")).status).toBe(200);
    expect(await (await account.call("GET", "/v1/account")).json()).toMatchObject({
      region: "apac",
    });
    await env.CATALOG_0.prepare(
      "INSERT INTO collection (owner, space, moved_at_ms, home) VALUES (?, 's', 0, 'apac')",
    )
      .bind(account.accountId)
      .run();
    expect((await put(account, "weur")).status).toBe(200);
    const row = await env.CATALOG_0.prepare("SELECT home FROM collection WHERE owner = ?")
      .bind(account.accountId)
      .first();
    expect(row).toEqual({ home: "apac" });
  });

  it("is one of those there are; a jurisdiction only where one can be kept", async () => {
    const account = await newAccount();
    expect((await put(account, "moon")).status).toBe(400);
    const refused = await put(account, "eu");
    expect(refused.status).toBe(400);
    const { errors } = await problemOf(refused);
    expect(errors).toEqual([
      { pointer: "/region", detail: "this installation keeps nothing inside a jurisdiction" },
    ]);
    expect((await put(account, null)).status).toBe(200);
  });

  it("is not for a key without the scope", async () => {
    const account = await newAccount();
    const { apiKey } = await account.key(["search"]);
    const refused = await call("PUT", "/v1/account/region", {
      body: { region: "apac" },
      headers: { Authorization: `Bearer ${apiKey}` },
    });
    expect(refused.status).toBe(403);
  });
});
