import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { entries } from "./audit-log.ts";
import { call, newAccount, problemOf } from "./helpers.ts";
import { enrolled, newPerson, PASSWORD, signedIn, tokenTo } from "./people.ts";
import { acceptWith, invite, joined } from "./people-invited.ts";

type Files = Map<string, string>;

/** The files of a .tar.gz: 512-byte headers with name and octal size, then the content in whole blocks. */
async function files(response: Response): Promise<Files> {
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toBe("application/gzip");
  const stream = response.body?.pipeThrough(new DecompressionStream("gzip"));
  const bytes = await new Response(stream).bytes();
  const text = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to));
  const found: Files = new Map();
  for (let at = 0; bytes[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, at + 135), 8);
    found.set(text(at, at + 100).replaceAll("\0", ""), text(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}

const rows = (of: Files, name: string) =>
  (of.get(`${name}.ndjson`) ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Every value of every column that holds a hash, a secret or something sealed. */
async function secrets(): Promise<string[]> {
  const columns = await env.CATALOG_0.prepare(
    `SELECT m.name AS "table", c.name AS "column" FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
       WHERE m.type = 'table' AND (c.name LIKE '%hash%' OR c.name LIKE '%sealed%' OR c.name LIKE '%index%' OR c.name = 'wrapped'
         OR c.name LIKE 'totp%' OR c.name = 'public_key' OR (m.name IN ('person', 'mail', 'mail_link', 'invitation') AND c.name IN ('email', 'recipient', 'body')))`,
  ).all<{ table: string; column: string }>();
  const found: string[] = [];
  for (const { table, column } of columns.results) {
    const { results } = await env.CATALOG_0.prepare(
      `SELECT ${column} AS value FROM ${table} WHERE length(${column}) > 8`,
    ).all<{ value: string }>();
    found.push(...results.map(({ value }) => value));
  }
  return found;
}

it("gives an account's owner everything that is kept of it in one archive, and no secret", async () => {
  const [account, other] = [await newAccount(), await newAccount()];
  const member = await joined(account, "member");
  await invite(account, "invited@example.org", "viewer");
  const { id: keyId, apiKey } = await account.key(["search"]);
  const made = await account.call("POST", "/v1/units", {
    body: { title: "First", body: "What was said first about tides." },
  });
  const { id: unitId } = await made.json<{ id: string }>();
  await account.call("PATCH", `/v1/units/${unitId}`, {
    body: { title: "Second" },
    headers: { "If-Match": "*" },
  });
  await account.call("DELETE", `/v1/keys/${keyId}`);
  for (const input of ["first lake", "second lake"])
    await account.call("POST", "/v1/tasks", { body: { type: "look", input } });
  const archive = await files(await account.call("GET", "/v1/account/export"));
  expect(rows(archive, "tasks").map(({ state, input }) => [state, input])).toEqual([
    ["submitted", "second lake"],
    ["submitted", "first lake"],
  ]);
  expect(rows(archive, "account")).toMatchObject([{ id: account.accountId, name: "Test" }]);
  expect(rows(archive, "members")).toContainEqual(
    expect.objectContaining({ id: member.principalId, email: member.email, name: "Otto Member" }),
  );
  expect(rows(archive, "invitations")).toMatchObject([{ email: "invited@example.org" }]);
  expect(rows(archive, "keys").map(({ id }) => id)).toContain(keyId);
  expect(
    rows(archive, "units").map(({ id, version, content }) => [
      id,
      version,
      (content as { title: string }).title,
    ]),
  ).toEqual([
    [unitId, 1, "First"],
    [unitId, 2, "Second"],
  ]);
  expect(rows(archive, "audit").map(({ action }) => action)).toContain("key.revoke");
  const whole = [...archive.values()].join("\n");
  for (const secret of [apiKey.slice(-38), PASSWORD, other.accountId, ...(await secrets())])
    expect(whole).not.toContain(secret);
  expect((await entries(account, "&action=account.export")).map(({ phase }) => phase)).toEqual([
    "outcome",
    "intent",
  ]);
});

it("is for owners", async () => {
  const account = await newAccount();
  for (const role of ["admin", "member", "auditor", "viewer"] as const) {
    const { headers } = await signedIn(await joined(account, role));
    expect((await call("GET", "/v1/account/export", { headers })).status, role).toBe(403);
  }
});

it("gives a person what is kept of them in all their accounts, and nothing of anybody else", async () => {
  const account = await newAccount();
  const person = await newPerson();
  await invite(account, person.email, "member");
  const { principalId } = await (
    await acceptWith(await tokenTo(person.email))
  ).json<{ principalId: string }>();
  const somebodyElse = await joined(account, "member");
  const { app } = await enrolled(person);
  const { headers } = await signedIn(person, { accountId: account.accountId, otp: app.next() });
  await call("POST", "/v1/units", {
    headers,
    body: { title: "By a person", body: "What this person said about tides." },
  });
  await account.call("POST", "/v1/units", {
    body: { title: "By the account", body: "What somebody else said about tides." },
  });
  const archive = await files(await call("GET", "/v1/people/me/export", { headers }));
  expect(rows(archive, "person")).toMatchObject([
    { id: person.personId, email: person.email, name: "Grete Hermann" },
  ]);
  expect(rows(archive, "memberships").map(({ accountId }) => accountId)).toEqual(
    expect.arrayContaining([person.accountId, account.accountId]),
  );
  expect(rows(archive, `${account.accountId}/units`)).toMatchObject([
    { content: { title: "By a person" } },
  ]);
  expect(rows(archive, "sessions").length).toBeGreaterThan(0);
  const whole = [...archive.values()].join("\n");
  for (const foreign of [
    somebodyElse.email,
    somebodyElse.personId,
    "somebody else said",
    account.principal.principalId,
    ...(await secrets()),
  ])
    expect(whole).not.toContain(foreign);
  expect(whole).toContain(principalId);
  expect((await account.call("GET", "/v1/people/me/export")).status).toBe(404);
});

it("gives a person's archive for a fresh second factor, and notes it wherever it exports from", async () => {
  const account = await newAccount();
  const person = await newPerson();
  await invite(account, person.email, "member");
  expect((await acceptWith(await tokenTo(person.email))).status).toBe(201);
  const stale = await signedIn(person);
  const early = await call("GET", "/v1/people/me/export", { headers: stale.headers });
  expect((await problemOf(early)).code).toBe("second-factor-required");
  const { headers } = await enrolled(person);
  const done = await call("GET", "/v1/people/me/export", { headers });
  expect(done.status).toBe(200);
  await done.body?.cancel();
  expect((await entries(account, "&action=person.export")).map(({ phase }) => phase)).toEqual([
    "noted",
  ]);
});
