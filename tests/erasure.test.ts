import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { servicesOf } from "#adapters/index.ts";
import { ERASED_ROWS, KEPT_COLUMNS } from "#db/catalog/erased-rows.ts";
import { unitShardsIn } from "#db/units/shards.ts";
import { type Certificate, isCertified } from "#domain/protection/erasure.ts";
import { bytesOf } from "#domain/shared/bytes.ts";
import { useGathering } from "#domain/units/uses.ts";
import { entries, verify } from "./audit-log.ts";
import { call, newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { newPerson, signedIn } from "./people.ts";
import { acceptWith, invite, joined } from "./people-invited.ts";
import { tokenTo } from "./people.ts";

type Erasure = { id: string; status: string; subject: string; certificate: Certificate | null };
type Stored = { store: string; table: string; column: string; value: string };

const DATABASES = [env.CATALOG_0, ...unitShardsIn(env).map(({ database }) => database)];

async function erase(account: TestAccount, id: string, units = "erase"): Promise<Erasure> {
  const answer = await account.call("POST", `/v1/members/${id}/erase`, { body: { units } });
  expect(answer.status).toBe(200);
  return await answer.json<Erasure>();
}

/** Every value of every row of every database, object and bucket that holds one of these texts. */
async function findEverywhere(texts: string[]): Promise<Stored[]> {
  const found: Stored[] = [];
  const look = (store: string, table: string, rows: Iterable<Record<string, unknown>>): void => {
    for (const row of rows)
      for (const [column, of] of Object.entries(row)) {
        const value =
          of instanceof ArrayBuffer || Array.isArray(of)
            ? new TextDecoder("latin1").decode(new Uint8Array(of as ArrayBuffer))
            : String(of);
        if (texts.some((text) => value.includes(text))) found.push({ store, table, column, value });
      }
  };
  for (const [i, db] of DATABASES.entries()) {
    const tables = await db
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
      )
      .all<{ name: string }>();
    for (const { name } of tables.results)
      look(`d1-${i}`, name, (await db.prepare(`SELECT * FROM ${name}`).all()).results);
  }
  for (const [kind, namespace] of Object.entries({ ACCOUNT: env.ACCOUNT, SHARD: env.SEARCH_SHARD }))
    for (const id of await listDurableObjectIds(namespace as DurableObjectNamespace))
      await runInDurableObject(
        (namespace as DurableObjectNamespace).get(id),
        (_: unknown, { storage }: DurableObjectState) => {
          const tables = storage.sql.exec<{ name: string }>(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
          );
          for (const { name } of tables.toArray())
            look(kind, name, storage.sql.exec(`SELECT * FROM ${name}`));
        },
      );
  const { objects } = await env.BLOBS.list();
  for (const { key } of objects)
    look("R2", key, [{ key, body: await (await env.BLOBS.get(key))?.text() }]);
  return found;
}

const searched = async (account: TestAccount, query: string) =>
  (
    await (
      await account.call("POST", "/v1/search", { body: { query, mode: "lexical" } })
    ).json<{ hits: { unitId: string }[] }>()
  ).hits.map(({ unitId }) => unitId);

/** A member with a key, sessions, a mail, and two units, one of them public, that are found. */
async function busyMember(account: TestAccount, word: string) {
  const member = await joined(account, "admin");
  const { headers } = await signedIn(member, { accountId: account.accountId });
  const units: string[] = [];
  for (const visibility of ["private", "public"]) {
    const made = await call("POST", "/v1/units", {
      headers: { ...headers, "Idempotency-Key": `${word}-${visibility}` },
      body: {
        title: `About ${word}`,
        body: `Nobody but its author knows what ${word} means, ${visibility}.`,
        visibility,
      },
    });
    expect(made.status).toBe(202);
    units.push((await made.json<{ id: string }>()).id);
  }
  await expect
    .poll(async () => (await searched(account, word)).toSorted(), { timeout: 20_000 })
    .toEqual(units.toSorted());
  return { ...member, headers, units };
}

it("leaves nothing of an erased member in any database, object or bucket, and certifies it", async () => {
  const account = await newAccount();
  const word = "zwelfkrumenquast";
  const kept = await account.call("POST", "/v1/units", {
    body: { title: "Something else", body: "This one stays, because somebody else wrote it." },
  });
  const keptId = (await kept.json<{ id: string }>()).id;
  const member = await busyMember(account, word);
  // Programs of theirs have used units; of one this isolate has told, of the other not yet.
  const reads = (id: string) =>
    useGathering.add(id, account.accountId, member.principalId, Date.now());
  reads(keptId);
  await servicesOf(env).units.usesTold();
  reads(member.units[0] ?? "");
  // The search for traces finds them where they are.
  const before = new Set((await findEverywhere([word, member.principalId])).map((at) => at.table));
  for (const table of ["unit_version", "unit_use", "shown", "operation", "session", "principal"])
    expect(before, table).toContain(table);
  const erasure = await erase(account, member.principalId);
  expect(erasure.status).toBe("done");
  const traces = [
    word,
    member.email,
    member.personId,
    "Otto Member",
    ...member.units,
    member.principalId,
  ];
  const left = await findEverywhere(traces);
  const where = new Set(left.map(({ table, column }) => `${table}.${column}`));
  // What stays, and why, is in the certificate or in KEPT_COLUMNS.
  for (const known of [
    "erasure.principal_id",
    "erasure.person_id",
    "principal.id",
    "person.id",
    "data_key.scope",
    "unit_change.unit_id",
    "record.unit_id",
  ])
    where.delete(known);
  expect([...where]).toEqual([]);
  expect((await call("GET", "/v1/sessions/current", { headers: member.headers })).status).toBe(401);
  expect(await searched(account, word)).toEqual([]);
  expect(await searched(await newAccount(), word)).toEqual([]);
  for (const id of member.units)
    expect((await account.call("GET", `/v1/units/${id}`)).status).toBe(404);
  expect((await account.call("GET", `/v1/units/${keptId}`)).status).toBe(200);
  const { publicKey } = await (
    await account.call("GET", "/v1/audit/checkpoints")
  ).json<{ publicKey: string }>();
  const { certificate } = erasure;
  if (certificate === null) throw new Error("no certificate");
  expect(await isCertified(certificate, bytesOf(publicKey))).toBe(true);
  for (const changed of [
    { ...certificate, units: "keep" as const },
    { ...certificate, stores: certificate.stores.slice(1) },
    { ...certificate, finishedAt: certificate.startedAt },
  ])
    expect(await isCertified(changed, bytesOf(publicKey))).toBe(
      JSON.stringify(changed) === JSON.stringify(certificate),
    );
  expect(certificate.stores.map(({ store, removed }) => [store, removed > 0])).toEqual([
    ["catalog", true],
    ["keys", true],
    ["answers", true],
    ["units", true],
    ["search", true],
    ["blobs", false],
    ["caches", false],
    ["logs", false],
  ]);
  const stored = await env.BLOBS.get(`erasures/${account.accountId}/${erasure.id}.json`);
  expect(await stored?.json()).toEqual(certificate);
  const read = await account.call("GET", `/v1/erasures/${erasure.id}`);
  expect((await read.json<Erasure>()).certificate).toEqual(certificate);
}, 60_000);

it("keeps what they wrote where it is to stay the account's, and the log whole, under a pseudonym", async () => {
  const account = await newAccount();
  const word = "quastenflosserich";
  const member = await busyMember(account, word);
  const erasure = await erase(account, member.principalId, "keep");
  expect((await searched(account, word)).toSorted()).toEqual(member.units.toSorted());
  expect((await verify(account)).valid).toBe(true);
  const log = await entries(account);
  expect(log[0]).toMatchObject({
    action: "member.erase",
    phase: "outcome",
    status: 200,
    resource: { type: "member", id: erasure.subject },
    detail: { erasure: erasure.id, units: "keep" },
  });
  expect(JSON.stringify(log)).not.toContain(member.principalId);
  // The way back from the pseudonym is gone: by the id nobody finds what it did.
  expect(await entries(account, `&actor=${member.principalId}`)).toEqual([]);
}, 60_000);

it("takes a person from one account and leaves them in their others", async () => {
  const account = await newAccount();
  const person = await newPerson();
  await invite(account, person.email, "member");
  const { principalId } = await (
    await acceptWith(await tokenTo(person.email))
  ).json<{ principalId: string }>();
  expect((await erase(account, principalId)).status).toBe("done");
  const { opened } = await signedIn(person);
  expect(opened.status).toBe(201);
  expect(await opened.json()).toMatchObject({ accountId: person.accountId });
  expect((await signedIn(person, { accountId: account.accountId })).opened.status).toBe(403);
});

it("erases nobody of another account, no last owner, and for no mere member", async () => {
  const [account, other] = [await newAccount(), await newAccount()];
  const member = await joined(account, "member");
  const owner = await joined(account, "owner");
  const body = { units: "keep" };
  const path = (id: string) => `/v1/members/${id}/erase`;
  expect((await other.call("POST", path(member.principalId), { body })).status).toBe(404);
  expect((await other.call("POST", path("p0_0000000000000000"), { body })).status).toBe(404);
  const last = await other.call("POST", path(other.principal.principalId), { body });
  expect(last.status).toBe(409);
  expect((await problemOf(last)).code).toBe("conflict");
  const { headers } = await signedIn(member);
  expect((await call("POST", path(owner.principalId), { body, headers })).status).toBe(403);
  const admin = await signedIn(await joined(account, "admin"));
  const refused = await call("POST", path(owner.principalId), { body, headers: admin.headers });
  expect(refused.status).toBe(403);
  for (const wrong of [{}, { units: "all" }, { units: "keep", more: 1 }])
    expect((await account.call("POST", path(member.principalId), { body: wrong })).status).toBe(
      400,
    );
  const { results } = await env.CATALOG_0.prepare(
    "SELECT * FROM person WHERE status = 'erased' AND id IN (?, ?)",
  )
    .bind(member.personId, owner.personId)
    .all();
  expect(results).toEqual([]);
});

it("goes on with an erasure that was cut off, and does it once", async () => {
  const account = await newAccount();
  const member = await joined(account, "member");
  const { erasure: port, audit } = servicesOf(env);
  await port.begin({
    id: "e0_cut",
    accountId: account.accountId,
    principalId: member.principalId,
    pseudonym: await audit.nameOf(member.principalId, account.accountId),
    askedBy: "ps_x",
    units: "erase",
    startedAtMs: 1_000,
  });
  expect((await account.call("GET", "/v1/erasures/e0_cut")).status).toBe(200);
  const first = await erase(account, member.principalId);
  expect(first).toMatchObject({ id: "e0_cut", status: "done" });
  expect(await erase(account, member.principalId)).toEqual(first);
  const { items } = await (await account.call("GET", "/v1/erasures")).json<{ items: Erasure[] }>();
  expect(items.map(({ id }) => id)).toEqual(["e0_cut"]);
});

it("erases again what a backup brought back, by what the key ring noted", async () => {
  const account = await newAccount();
  const member = await joined(account, "member");
  const rows = async (table: string, column: string, id: string) =>
    (await env.CATALOG_0.prepare(`SELECT * FROM ${table} WHERE ${column} = ?`).bind(id).all())
      .results;
  const before = {
    person: await rows("person", "id", member.personId),
    principal: await rows("principal", "id", member.principalId),
    data_key: await rows("data_key", "scope", `person:${member.personId}`),
  };
  await erase(account, member.principalId, "keep");
  const { erased } = await servicesOf(env).erasure.noted("");
  expect(erased).toContain(`${account.accountId} ${member.principalId} keep`);
  for (const [table, [row]] of Object.entries(before)) {
    const columns = Object.keys(row ?? {});
    await env.CATALOG_0.prepare(
      `INSERT OR REPLACE INTO ${table} (${columns.join()}) VALUES (${columns.map(() => "?").join()})`,
    )
      .bind(...Object.values(row ?? {}))
      .run();
  }
  await env.CATALOG_0.prepare("DELETE FROM erasure WHERE account_id = ?")
    .bind(account.accountId)
    .run();
  expect((await signedIn(member)).opened.status).toBe(201);
  const again = {
    accountId: account.accountId,
    principalId: member.principalId,
    units: "keep" as const,
  };
  await servicesOf(env).erasure.again(again, "e0_again");
  expect((await signedIn(member)).opened.status).toBe(401);
  const left = await findEverywhere([member.email, "Otto Member"]);
  expect(left).toEqual([]);
  expect(await rows("data_key", "scope", `person:${member.personId}`)).toMatchObject([
    { wrapped: null },
  ]);
});

it("knows every column of the catalog that names a principal or a person", async () => {
  const known = new Set([
    ...ERASED_ROWS.map(({ table, column }) => `${table}.${column}`),
    ...Object.keys(KEPT_COLUMNS),
  ]);
  const { results } = await env.CATALOG_0.prepare(
    `SELECT m.name || '.' || c.name AS name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
       WHERE m.type = 'table' AND (c.name LIKE '%principal%' OR c.name LIKE '%person%' OR c.name LIKE '%_by' OR c.name LIKE '%email%')`,
  ).all<{ name: string }>();
  const unknown = results
    .map(({ name }) => name)
    .filter((name) => !known.has(name) && !/^(mail_link|invitation|person)\.email/.test(name));
  expect(unknown).toEqual([]);
});
