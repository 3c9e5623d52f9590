import { beforeEach, describe, expect, it } from "vitest";
import type { UnitView } from "#domain/units/model.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { notesAbout, found, patch, publish, read, searchable, until, SECRET } from "./knowledge.ts";

let account: TestAccount;
let other: TestAccount;
let word: string;
let note: ReturnType<typeof notesAbout>;
let tests = 0;
beforeEach(async () => {
  [account, other] = [await newAccount(), await newAccount()];
  word = `zyw${(++tests).toString(36)}quokka`;
  note = notesAbout(word);
});

describe("a change", () => {
  it("needs the version it was made from", async () => {
    const unit = await searchable(account, note("Old"));
    const path = `/v1/units/${unit.id}`;
    const body = { title: `New ${word}` };
    const bare = await account.call("PATCH", path, { body });
    expect([bare.status, (await problemOf(bare)).code]).toEqual([428, "version-required"]);
    for (const etag of ['"2"', '"0"', '"999999999999"']) {
      const stale = await account.call("PATCH", path, { body, headers: { "If-Match": etag } });
      expect([stale.status, (await problemOf(stale)).code]).toEqual([412, "version-stale"]);
    }
    const changed = await account.call("PATCH", path, { body, headers: { "If-Match": '"1"' } });
    expect([changed.status, changed.headers.get("ETag")]).toEqual([202, '"2"']);
    const late = await account.call("PATCH", path, { body, headers: { "If-Match": '"1"' } });
    expect(late.status).toBe(412);
  });

  it("is served once verified, and until then the version before it", async () => {
    const unit = await searchable(account, note("Old"));
    const leak = await patch(account, unit, { body: `${SECRET} ${word}` });
    expect(leak).toMatchObject({ version: 2, status: "pending", title: unit.title });
    await until(account, unit.id, "rejected");
    expect(await found(account, word)).toEqual([`${unit.id}@1`]);

    await patch(account, leak, { body: `All is well with ${word}.` });
    const third = await until(account, unit.id, "searchable");
    expect(third.version).toBe(3);
    expect(await found(account, word)).toEqual([`${unit.id}@3`]);
    const { items } = await (
      await account.call("GET", `/v1/units/${unit.id}/versions`)
    ).json<{ items: UnitView[] }>();
    expect(items.map(({ version, status }) => [version, status])).toEqual([
      [3, "searchable"],
      [2, "rejected"],
      [1, "superseded"],
    ]);
  });

  it("does not move the ETag when the status moves", async () => {
    const unit = await publish(account, note("Etag"));
    const etag = async () =>
      (await account.call("GET", `/v1/units/${unit.id}`)).headers.get("ETag");
    expect(await etag()).toBe('"1"');
    await until(account, unit.id, "searchable");
    expect(await etag()).toBe('"1"');
  });

  it("of many at once on the same version is made once", async () => {
    const unit = await publish(account, note("Race"));
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        account.call("PATCH", `/v1/units/${unit.id}`, {
          body: { title: `Racer ${i} ${word}` },
          headers: { "If-Match": '"1"' },
        }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      202, 412, 412, 412, 412, 412,
    ]);
    const done = await until(account, unit.id, "searchable");
    expect(await found(account, word)).toEqual([`${done.id}@2`]);
  });

  it("that frees a content lets another unit have it", async () => {
    const first = await searchable(account, note("Moved on"));
    await patch(account, first, { body: `Nothing of it is left, ${word}.` });
    await until(account, first.id, "searchable");
    const second = await searchable(account, note("Moved on"));
    expect(new Set(await found(account, word))).toEqual(
      new Set([`${first.id}@2`, `${second.id}@1`]),
    );
  });

  it("to the same content is a new version that still keeps duplicates out", async () => {
    const unit = await searchable(account, note("Same again"));
    await patch(account, unit, { title: unit.title });
    await until(account, unit.id, "searchable");
    const copy = await publish(account, note("Same again"));
    await until(account, copy.id, "rejected");
    expect(await found(account, word)).toEqual([`${unit.id}@2`]);
  });

  it("while the version before it is being verified leaves only what is newest", async () => {
    const unit = await publish(account, note("Draft one"));
    const second = await patch(account, unit, { body: `Draft two, ${word}.` });
    await patch(account, second, { body: `Draft three, ${word}.` });
    await until(account, unit.id, "searchable");
    expect(await found(account, word)).toEqual([`${unit.id}@3`]);
    // No draft keeps its content from others.
    const free = await searchable(account, note("Draft one"));
    expect(new Set(await found(account, word))).toEqual(new Set([`${unit.id}@3`, `${free.id}@1`]));
  });

  it("of a retracted unit is a conflict", async () => {
    const unit = await publish(account, note("Gone"));
    await account.call("DELETE", `/v1/units/${unit.id}`);
    const refused = await account.call("PATCH", `/v1/units/${unit.id}`, {
      body: { title: "Back" },
      headers: { "If-Match": '"1"' },
    });
    expect([refused.status, (await problemOf(refused)).code]).toEqual([409, "conflict"]);
  });
});

describe("a retracted unit", () => {
  it("is out of search when the answer comes, and its owner still reads it", async () => {
    const unit = await searchable(account, note("Regret", { visibility: "public" }));
    expect(await found(other, word)).toEqual([`${unit.id}@1`]);
    const retracted = await account.call("DELETE", `/v1/units/${unit.id}`);
    expect([retracted.status, (await retracted.json<UnitView>()).status]).toEqual([
      200,
      "retracted",
    ]);
    expect([await found(account, word), await found(other, word)]).toEqual([[], []]);
    expect(await read(account, unit.id)).toMatchObject({ status: "retracted", title: unit.title });
    for (const path of ["", "/versions", "/evidence", "?version=1"])
      expect((await other.call("GET", `/v1/units/${unit.id}${path}`)).status, path).toBe(404);
  });

  it("stays out when it was retracted in the middle of its verification", async () => {
    const units = await Promise.all(
      Array.from({ length: 8 }, (_, i) => publish(account, note(`Regret ${i}`))),
    );
    for (const { id } of units)
      expect((await account.call("DELETE", `/v1/units/${id}`)).status).toBe(200);
    // Published later, so verified later.
    const last = await searchable(account, note("Kept"));
    expect(await found(account, word)).toEqual([`${last.id}@1`]);
    for (const { id } of units) expect((await read(account, id)).status).toBe("retracted");
    // Its content is free again.
    await searchable(account, note("Regret 0"));
  });

  it("can be retracted again, but not from a version that is not the newest", async () => {
    const unit = await publish(account, note("Twice"));
    const stale = await account.call("DELETE", `/v1/units/${unit.id}`, {
      headers: { "If-Match": '"7"' },
    });
    expect(stale.status).toBe(412);
    for (let i = 0; i < 2; i++)
      expect((await account.call("DELETE", `/v1/units/${unit.id}`)).status).toBe(200);
  });
});
