import { beforeEach, describe, expect, it } from "vitest";
import type { UnitView } from "#domain/units/model.ts";
import { newAccount, type TestAccount } from "./helpers.ts";
import {
  notesAbout,
  found,
  hits,
  patch,
  publish,
  read,
  searchable,
  until,
  SECRET,
} from "./knowledge.ts";

let account: TestAccount;
let other: TestAccount;
let word: string;
let note: ReturnType<typeof notesAbout>;
let tests = 0;
beforeEach(async () => {
  [account, other] = [await newAccount(), await newAccount()];
  word = `zyv${(++tests).toString(36)}quokka`;
  note = notesAbout(word);
});

describe("visibility", () => {
  it("private hides a unit from everybody else, public shows it", async () => {
    const mine = await searchable(account, note("Mine"));
    const shared = await searchable(account, note("Ours", { visibility: "public" }));
    expect(await found(other, word)).toEqual([`${shared.id}@1`]);
    expect(new Set(await found(account, word))).toEqual(
      new Set([`${mine.id}@1`, `${shared.id}@1`]),
    );
    expect((await read(other, shared.id)).title).toBe(shared.title);
    const only = async (visibility: string) =>
      (await hits(account, { query: word, mode: "lexical", filter: { visibility } })).map(
        ({ unitId }) => unitId,
      );
    expect([await only("private"), await only("public")]).toEqual([[mine.id], [shared.id]]);
  });

  it("shows a public unit to others only once it is verified", async () => {
    const leak = await publish(
      account,
      note("Leak", { visibility: "public", body: `${SECRET} ${word}` }),
    );
    await until(account, leak.id, "rejected");
    for (const path of ["", "/versions", "/evidence", "?version=1"])
      expect((await other.call("GET", `/v1/units/${leak.id}${path}`)).status, path).toBe(404);
  });

  it("never shows others a version that was replaced before it was verified", async () => {
    const leak = await publish(
      account,
      note("Leak", { visibility: "public", body: `${SECRET} ${word}` }),
    );
    await patch(account, leak, { body: `Nothing to see, ${word}.` });
    await until(account, leak.id, "searchable");
    expect((await other.call("GET", `/v1/units/${leak.id}?version=1`)).status).toBe(404);
    const { items } = await (
      await other.call("GET", `/v1/units/${leak.id}/versions`)
    ).json<{ items: UnitView[] }>();
    expect(items.map(({ version }) => version)).toEqual([2]);
  });

  it("gives the salt of a private unit to its owner, and a public unit has none", async () => {
    const unit = await searchable(account, note("Salted"));
    expect(unit.salt).toMatch(/^[0-9a-f]{64}$/);
    await patch(account, unit, { visibility: "public" });
    const open = await until(account, unit.id, "searchable");
    expect(open).not.toHaveProperty("salt");
    expect(open.cid).not.toBe(unit.cid);
    expect(await read(other, unit.id)).not.toHaveProperty("salt");
    expect((await other.call("GET", `/v1/units/${unit.id}?version=1`)).status).toBe(404);
    const versions = await (await other.call("GET", `/v1/units/${unit.id}/versions`)).text();
    expect(versions).not.toContain(unit.salt);
    expect(await found(other, word)).toEqual([`${unit.id}@2`]);
    expect(await found(account, word)).toEqual([`${unit.id}@2`]);
  });

  it("from public to private leaves the public search when the answer comes", async () => {
    const unit = await searchable(account, note("Withdrawn", { visibility: "public" }));
    await patch(account, unit, { visibility: "private" });
    expect(await found(other, word)).toEqual([]);
    expect((await other.call("GET", `/v1/units/${unit.id}`)).status).toBe(404);
    await until(account, unit.id, "searchable");
    expect(await found(other, word)).toEqual([]);
    expect(await found(account, word)).toEqual([`${unit.id}@2`]);
  });

  it("from public to private holds for a unit that is still being verified", async () => {
    const unit = await publish(account, note("Withdrawn", { visibility: "public" }));
    await patch(account, unit, { visibility: "private" });
    await until(account, unit.id, "searchable");
    expect([await found(other, word), await found(account, word)]).toEqual([[], [`${unit.id}@2`]]);
  });
});

describe("a list", () => {
  it("gives every unit once, newest first, by pages of any size, whatever is published meanwhile", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) ids.unshift((await publish(account, note(`Page ${i}`))).id);
    for (const limit of [1, 3, 7]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
        const response = await account.call("GET", `/v1/units?limit=${limit}${query}`);
        const page: { items: UnitView[]; nextCursor: string | null } = await response.json();
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
        if (cursor !== null) await publish(account, note(`Meanwhile ${limit} ${seen.length}`));
      } while (cursor !== null);
      expect(seen.slice(-7).toSorted()).toEqual(ids.toSorted());
      expect(new Set(seen).size).toBe(seen.length);
    }
  });

  it("is filtered by status and visibility, and refuses what is no cursor", async () => {
    const shared = await searchable(account, note("Shared", { visibility: "public" }));
    const mine = await searchable(account, note("Mine"));
    const gone = await publish(account, note("Gone"));
    await account.call("DELETE", `/v1/units/${gone.id}`);
    const list = async (query: string) => {
      const { items } = await (
        await account.call("GET", `/v1/units?${query}`)
      ).json<{ items: UnitView[] }>();
      return items.map(({ id }) => id);
    };
    expect(await list("status=retracted")).toEqual([gone.id]);
    expect(await list("visibility=public")).toEqual([shared.id]);
    expect(await list("status=searchable&visibility=private")).toEqual([mine.id]);
    for (const query of [
      "cursor=nonsense",
      "cursor=",
      "limit=0",
      "limit=101",
      "limit=1.5",
      "sort=id",
      "status=lost",
    ])
      expect((await account.call("GET", `/v1/units?${query}`)).status, query).toBe(400);
  });

  it("of collections counts an account's units by status, and names the space they are in", async () => {
    await searchable(account, note("Mine"));
    await searchable(account, note("Shared", { visibility: "public" }));
    await searchable(other, note("Theirs"));
    const spaces = await (
      await account.call("GET", "/v1/spaces")
    ).json<{ items: { id: string; preferred: boolean }[] }>();
    const space = spaces.items.find(({ preferred }) => preferred)?.id;
    const { items } = await (
      await account.call("GET", "/v1/collections")
    ).json<{ items: object[] }>();
    const units = [{ status: "searchable", count: 1 }];
    const counted = { leaves: 1, unanswered: 0, splitting: 0, recall: null };
    const shards = (least: object) => expect.objectContaining({ ...counted, ...least });
    expect(items).toEqual([
      { visibility: "private", space, move: null, units, shards: shards({ units: 1 }) },
      { visibility: "public", space, move: null, units, shards: shards({}) },
    ]);
  });

  it("of collections says what counting would, whatever becomes of units", async () => {
    const [kept, moved, gone] = [
      await searchable(account, note("Kept")),
      await searchable(account, note("Moved", { visibility: "public" })),
      await searchable(account, note("Gone")),
    ];
    await patch(account, kept, { body: `Said otherwise, ${word}.` });
    await patch(account, moved, { visibility: "private" });
    for (const { id } of [kept, moved]) await until(account, id, "searchable");
    await account.call("DELETE", `/v1/units/${gone.id}`);
    const refused = await publish(account, note("Refused", { body: `${SECRET} ${word}` }));
    await until(account, refused.id, "rejected");
    const { items } = await (
      await account.call("GET", "/v1/collections")
    ).json<{ items: { visibility: string; units: { status: string; count: number }[] }[] }>();
    const told = items.flatMap(({ visibility, units }) =>
      units.map(({ status, count }) => [visibility, status, count].join(" ")),
    );
    expect(new Set(told)).toEqual(
      new Set(["private searchable 2", "private retracted 1", "private rejected 1"]),
    );
  });
});
