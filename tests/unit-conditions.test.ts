import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { services } from "#adapters/index.ts";
import type { UnitView } from "#domain/units/model.ts";
import { indexUnits } from "#domain/units/index-units.ts";
import { reviseUnit } from "#domain/units/revise.ts";
import { verifyUnits } from "#domain/units/verify.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { found, notesAbout, patch, publish, read, SECRET, searchable, until } from "./knowledge.ts";
import { deliver, publishUnsent, unsent, waiting } from "./pipeline.ts";

let account: TestAccount;
let other: TestAccount;
let word: string;
let note: ReturnType<typeof notesAbout>;
let tests = 0;
beforeEach(async () => {
  [account, other] = [await newAccount(), await newAccount()];
  word = `condition${(++tests).toString(36)}wombat`;
  note = notesAbout(word);
});

const NOWHERE = [{ rel: "cites" as const, unitId: "u0_00000000000000000000000000" }];

it("refuses a change for its content before the unit, and for a retraction before the version", async () => {
  const unit = await publish(account, note("Order"));
  const change = async (id: string, body: object, etag?: string) => {
    const headers: Record<string, string> = etag === undefined ? {} : { "If-Match": etag };
    const answer = await account.call("PATCH", `/v1/units/${id}`, { body, headers });
    return [answer.status, (await problemOf(answer)).code];
  };
  const gone = "u1_00000000000000000000000000";
  expect(await change(gone, { links: NOWHERE })).toEqual([400, "invalid-request"]);
  expect(await change(gone, { title: "New" })).toEqual([404, "not-found"]);
  expect(await change(unit.id, { links: NOWHERE })).toEqual([400, "invalid-request"]);
  expect(await change(unit.id, { links: NOWHERE }, '"7"')).toEqual([400, "invalid-request"]);
  await account.call("DELETE", `/v1/units/${unit.id}`);
  for (const etag of [undefined, '"7"', '"1"', "*"])
    expect(await change(unit.id, { title: "New" }, etag)).toEqual([409, "conflict"]);
});

it("keeps a link to what has gone since, and takes no new one", async () => {
  const cited = await searchable(other, note("Cited", { visibility: "public" }));
  const links = [{ rel: "cites" as const, unitId: cited.id }];
  const citing = await publish(account, note("Citing", { links }));
  await other.call("DELETE", `/v1/units/${cited.id}`);
  const second = await patch(account, citing, { title: "Still citing it" });
  expect(second.links).toEqual(links);
  const third = await patch(account, second, { links });
  const body = { links: [...links, ...NOWHERE] };
  const headers = { "If-Match": `"${third.version}"` };
  const refused = await account.call("PATCH", `/v1/units/${citing.id}`, { body, headers });
  expect((await problemOf(refused)).errors).toMatchObject([{ pointer: "/links/1/unitId" }]);
});

it("retracts the version it was asked to, or nothing", async () => {
  const unit = await publish(account, note("Read as one"));
  await patch(account, unit, { title: "Changed since" });
  const { units } = services(env);
  expect(await units.retract(unit.id, 1, Date.now())).toBe(false);
  expect((await read(account, unit.id)).status).not.toBe("retracted");
  expect(await units.retract(unit.id, 2, Date.now())).toBe(true);
  expect((await read(account, unit.id)).status).toBe("retracted");
});

it("pages through versions, and shows others only those that were served", async () => {
  const first = await searchable(account, note("One", { visibility: "public" }));
  const leak = await patch(account, first, { body: SECRET });
  await until(account, first.id, "rejected");
  await patch(account, leak, { body: "Three is fine." });
  await until(account, first.id, "searchable");
  const pages = async (reader: TestAccount) => {
    const seen: number[][] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const path = `/v1/units/${first.id}/versions?limit=1${query}`;
      const page: { items: UnitView[]; nextCursor: string | null } = await (
        await reader.call("GET", path)
      ).json();
      seen.push(page.items.map(({ version }) => version));
      cursor = page.nextCursor;
    }
    return seen;
  };
  expect(await pages(account)).toEqual([[3], [2], [1]]);
  expect(await pages(other)).toEqual([[3], [1]]);
});

it("finds a version that is public again while the private one before it is still being verified", async () => {
  const first = await publishUnsent(account, note("There", { visibility: "public" }));
  const ports = unsent();
  const change = async (expectedVersion: number, visibility: "private" | "public") => {
    const operationId = crypto.randomUUID();
    const asked = { unitId: first.unitId, expectedVersion, patch: { visibility }, operationId };
    return await reviseUnit(ports, account.principal, asked, Date.now());
  };
  await change(1, "private");
  const many: typeof ports.units.many = async (refs) => {
    const read = await ports.units.many(refs);
    await change(2, "public");
    return read;
  };
  const second = { unitId: first.unitId, version: 2 };
  await verifyUnits({ ...ports, units: { ...ports.units, many } }, [second], Date.now());
  const third = { unitId: first.unitId, version: 3 };
  await deliver("unit-verify", [third]);
  await deliver("unit-index", [third]);
  expect(await found(other, word)).toEqual([`${first.unitId}@3`]);
});

it("goes on finding what is served while a version that was to replace it is taken back", async () => {
  const first = await publishUnsent(account, note("Held"));
  await deliver("unit-verify", [first]);
  await deliver("unit-index", [first]);
  const ports = unsent();
  const change = async (expectedVersion: number, visibility: "private" | "public") => {
    const operationId = crypto.randomUUID();
    const asked = { unitId: first.unitId, expectedVersion, patch: { visibility }, operationId };
    return await reviseUnit(ports, account.principal, asked, Date.now());
  };
  await change(1, "public");
  const second = { unitId: first.unitId, version: 2 };
  await verifyUnits(ports, [second], Date.now());
  const documents: typeof ports.embed.documents = async (space, texts) => {
    const embedded = await ports.embed.documents(space, texts);
    await change(2, "private");
    return embedded;
  };
  await indexUnits({ ...ports, embed: { ...ports.embed, documents } }, [second], Date.now());
  expect(await found(account, word)).toEqual([`${first.unitId}@1`]);
  expect(await found(other, word)).toEqual([]);
  // It comes again, and is told as it stands then.
  await deliver("unit-index", [second]);
  expect(await waiting(first.unitId)).toEqual([
    { queue: "unit-verify", unitId: first.unitId, version: 3 },
  ]);
});
