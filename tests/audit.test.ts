import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { openNote } from "#domain/audit/note.ts";
import { isConsistent, isIncluded, leafHash } from "#domain/audit/tree.ts";
import { bytesOf } from "#domain/shared/bytes.ts";
import {
  entries,
  type Entry,
  exported,
  keyOf,
  logged,
  objectOf,
  type Page,
  tamper,
  verify,
} from "./audit-log.ts";
import { call, newAccount, problemOf } from "./helpers.ts";
import { directoryOf, putUser } from "./scim.ts";

it("records what is sensitive before and after, with who, which credential, what and how it ended", async () => {
  const account = await newAccount();
  const { id } = await keyOf(account);
  const revoked = await account.call("DELETE", `/v1/keys/${id}`);
  await account.call("DELETE", `/v1/keys/${id}`);
  const items = await entries(account);
  expect(
    items.map(({ seq, phase, action, of, status, code }) => [seq, phase, action, of, status, code]),
  ).toEqual([
    [6, "outcome", "key.revoke", 5, 404, "not-found"],
    [5, "intent", "key.revoke", undefined, undefined, undefined],
    [4, "outcome", "key.revoke", 3, 204, undefined],
    [3, "intent", "key.revoke", undefined, undefined, undefined],
    [2, "outcome", "key.make", 1, 201, undefined],
    [1, "intent", "key.make", undefined, undefined, undefined],
  ]);
  expect(items[2]).toMatchObject({
    resource: { type: "key", id },
    request: revoked.headers.get("X-Request-Id"),
    actor: { credential: account.principal.keyId },
  });
  expect(items[4]?.resource).toEqual({ type: "key", id });
});

it("records who signs a browser in, also by an API key", async () => {
  const account = await newAccount();
  await call("POST", "/v1/sessions", { body: { apiKey: account.apiKey } });
  const [opened] = await entries(account);
  expect(opened).toMatchObject({ phase: "noted", action: "session.open" });
  expect(opened?.resource).toEqual({ type: "session", id: opened?.actor.credential });
});

it("names no person and holds no secret", async () => {
  const account = await newAccount();
  const { apiKey } = await keyOf(account);
  const text = await exported(account);
  expect(text).not.toContain(account.principal.principalId);
  expect(text).not.toContain(apiKey.slice(-38));
  expect(text).toContain('"id":"ps_');
  // Whoever knows the person still finds what they did.
  expect(await entries(account, `&actor=${account.principal.principalId}`)).toHaveLength(4);
  const other = await newAccount();
  expect(await entries(account, `&actor=${other.principal.principalId}`)).toEqual([]);
});

it("records whatever is refused and why, the same once a minute", async () => {
  const account = await newAccount();
  const { id, apiKey } = await keyOf(account);
  const headers = { Authorization: `Bearer ${apiKey}` };
  for (let i = 0; i < 3; i++)
    expect((await call("POST", "/v1/units", { headers, body: {} })).status).toBe(403);
  await expect.poll(async () => (await entries(account, "&phase=refused")).length).toBe(1);
  const [refused] = await entries(account, "&phase=refused");
  expect(refused).toMatchObject({
    action: "unit.publish",
    actor: { credential: id },
    status: 403,
    code: "forbidden",
    detail: { reason: "needs the scope units:write" },
  });
});

it("keeps nothing for a name that nobody has, however often somebody asks for one", async () => {
  const account = await newAccount();
  await keyOf(account);
  const nobody = `p0_${"0".repeat(16)}`;
  const kept = () =>
    env.CATALOG_0.prepare("SELECT count(*) AS n FROM data_key WHERE scope = ?")
      .bind(`person:${nobody}`)
      .first<number>("n");
  expect((await account.call("DELETE", `/v1/members/${nobody}`)).status).toBe(404);
  expect(await entries(account, `&actor=${nobody}`)).toEqual([]);
  expect(await kept()).toBe(0);
  const [last] = await entries(account);
  expect(last?.resource).toEqual({ type: "member", id: "unknown" });
});

it("names nobody whom a directory puts in", async () => {
  const account = await newAccount();
  const { id } = await putUser(await directoryOf(account), "ada@corp.example");
  const text = await exported(account);
  expect(text).not.toContain(id);
  expect(text).toMatch(/"phase":"outcome","action":"directory.change".*"id":"ps_/);
});

it("does nothing sensitive that it cannot record", async () => {
  const account = await newAccount();
  await tamper(account, "DROP TABLE audit_entry");
  const refused = await account.call("POST", "/v1/keys", {
    body: { name: "x", scopes: ["search"] },
  });
  expect(refused.status).toBe(500);
  expect(await (await account.call("GET", "/v1/keys")).text()).not.toContain('"name":"x"');
});

it("records a repetition under an idempotency key once: it was done once", async () => {
  const account = await newAccount();
  const sent = {
    body: { name: "Once", scopes: ["search"] },
    headers: { "Idempotency-Key": "one" },
  };
  await account.call("POST", "/v1/keys", sent);
  await account.call("POST", "/v1/keys", sent);
  expect(await entries(account)).toHaveLength(2);
});

it("pages newest first with filters, and refuses what is none", async () => {
  const account = await logged(5);
  const seen: number[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: Page = await (
      await account.call("GET", `/v1/audit?limit=3&phase=outcome${cursor && `&cursor=${cursor}`}`)
    ).json<Page>();
    seen.push(...page.items.map(({ seq }) => seq));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual([10, 8, 6, 4, 2]);
  expect(await entries(account, "&action=key.revoke")).toEqual([]);
  expect(await entries(account, "&to=2020-01-01T00:00:00Z")).toEqual([]);
  expect(await entries(account, "&from=2020-01-01T00:00:00Z")).toHaveLength(10);
  for (const query of ["phase=all", "from=today", "actor=", "action=%00", "cursor=x", "by=me"])
    expect((await account.call("GET", `/v1/audit?${query}`)).status, query).toBe(400);
});

it("is for the scope audit and its own account", async () => {
  const [account, other] = [await logged(1), await logged(2)];
  const { apiKey } = await account.key(["admin", "keys"]);
  for (const path of [
    "/v1/audit",
    "/v1/audit/verify",
    "/v1/audit/export",
    "/v1/audit/checkpoints",
  ]) {
    const refused = await call("GET", path, { headers: { Authorization: `Bearer ${apiKey}` } });
    expect(refused.status, path).toBe(403);
  }
  expect((await entries(other)).every(({ seq }) => seq <= 4)).toBe(true);
  expect((await account.call("GET", "/v1/audit/5")).status).toBe(404);
});

it("verifies a log that nobody touched, also after its object was evicted", async () => {
  const account = await logged(3);
  const before = await verify(account);
  expect(before).toMatchObject({ valid: true, entries: 6, wrong: null, head: { size: 6 } });
  await evictDurableObject(objectOf(account));
  expect(await verify(account)).toEqual(before);
  const empty = await newAccount();
  expect(await verify(empty)).toMatchObject({ valid: true, entries: 0 });
});

it("proves an entry, and that a later log continues an earlier one, to somebody with the key alone", async () => {
  const account = await logged(2);
  await runDurableObjectAlarm(objectOf(account));
  const { items, publicKey } = await (
    await account.call("GET", "/v1/audit/checkpoints")
  ).json<{ items: { note: string }[]; publicKey: string }>();
  const key = bytesOf(publicKey);
  const pinned = await openNote(items[0]?.note ?? "", key);
  await keyOf(account);
  const proven = await (
    await account.call("GET", "/v1/audit/3")
  ).json<{ text: string; proof: string[]; note: string; entry: Entry }>();
  const head = await openNote(proven.note, key);
  if (pinned === null || head === null) throw new Error("not signed");
  const bytes = (hex: string) => Uint8Array.fromHex(hex);
  const leaf = leafHash(new TextEncoder().encode(proven.text));
  expect(head).toMatchObject({ size: 6, accountId: account.accountId });
  expect(isIncluded(leaf, 2, head.size, proven.proof.map(bytes), head.root)).toBe(true);
  const { proof } = await (
    await account.call("GET", `/v1/audit/consistency?from=${pinned.size}&to=${head.size}`)
  ).json<{ proof: string[] }>();
  expect(isConsistent(pinned, head, proof.map(bytes))).toBe(true);
  expect((await account.call("GET", "/v1/audit/consistency?from=4&to=7")).status).toBe(404);
  expect((await exported(account)).split("\n")[2]).toBe(proven.text);
});

it("takes many entries at once, each in its place", async () => {
  const account = await newAccount();
  const draft = {
    phase: "noted" as const,
    action: "many",
    actor: { id: "ps_1" },
    resource: { type: "key" },
  };
  const seqs = await Promise.all(
    Array.from({ length: 60 }, () => objectOf(account).record(account.accountId, draft)),
  );
  expect(seqs.map(Number).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 60 }, (_, i) => i + 1),
  );
  expect(await verify(account)).toMatchObject({ valid: true, entries: 60 });
});

it("lets only the first account's owner wrap data keys anew", async () => {
  const account = await newAccount();
  const refused = await account.call("POST", "/v1/data-keys/rewrap");
  expect(refused.status).toBe(403);
  expect((await problemOf(refused)).code).toBe("forbidden");
});
