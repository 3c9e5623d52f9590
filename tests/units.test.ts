import { beforeEach, describe, expect, it } from "vitest";
import { contentIdOf } from "#domain/units/content-id.ts";
import type { UnitInput, UnitView } from "#domain/units/model.ts";
import type { Evidence } from "#domain/verification/model.ts";
import { levelOf } from "#domain/verification/level.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { evidence, found, hits, patch, publish, read, searchable, until } from "./knowledge.ts";

let account: TestAccount;
let other: TestAccount;
let round = 0;
/** A word no other test publishes; the public collection is shared by all of them. */
let word: string;
beforeEach(async () => {
  [account, other] = [await newAccount(), await newAccount()];
  word = `zyx${(++round).toString(36)}quokka`;
});

const note = (title: string, more: Partial<UnitInput> = {}): UnitInput => ({
  title: `${title} ${word}`,
  body: `What ${word} says about ${title.toLowerCase()}.`,
  ...more,
});
const SECRET =
  "The key is AKIAIOSFODNN7EXAMPLQ and the secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKX.";

describe("a published unit", () => {
  it("is pending when the answer comes, searchable once verified, and then found", async () => {
    const sent = note("Glaciers", { tags: ["ice", "water"], kind: "fact" });
    const response = await account.call("POST", "/v1/units", { body: sent });
    expect(response.status).toBe(202);
    expect(response.headers.get("ETag")).toBe('"1"');
    const unit = await response.json<UnitView>();
    expect(unit).toMatchObject({ ...sent, version: 1, status: "pending", level: "L0" });
    const done = await until(account, unit.id, "searchable");
    expect(done).toMatchObject({ ...sent, level: "L3", cid: unit.cid });
    for (const mode of ["lexical", "semantic", "hybrid"])
      expect(await found(account, `Glaciers ${word}`, mode)).toContain(`${unit.id}@1`);
  });

  it("in English is found by a question in English and by one in Chinese", async () => {
    const about = {
      title: "Vaccines",
      body: "Vaccination trains the immune system to recognise a virus before an infection.",
    };
    const unit = await searchable(account, about);
    await searchable(account, {
      title: "Bicycles",
      body: "A bicycle chain needs oil every month.",
    });
    await searchable(account, {
      title: "Taxes",
      body: "The tax return is due at the end of July.",
    });
    const own = { filter: { visibility: "private" } };
    const [en] = await hits(account, { query: "How does immunisation protect people?", ...own });
    expect(en?.unitId).toBe(unit.id);
    const [zh] = await hits(account, { query: "疫苗如何保护免疫系统？", ...own });
    expect(zh?.unitId).toBe(unit.id);
  });

  it("has a level that its evidence gives again", async () => {
    const unit = await searchable(account, note("Tides"));
    const { level, checks } = await evidence(account, unit.id);
    const recomputed = checks.map(
      ({ at, ...check }) => ({ ...check, atMs: Date.parse(at) }) as Evidence,
    );
    expect([level, levelOf(recomputed)]).toEqual([unit.level, unit.level]);
    expect(checks.map(({ method }) => method).toSorted()).toEqual([
      "content-hash",
      "exact-duplicate",
      "injection",
      "near-duplicate",
      "pii",
      "provenance",
      "secrets",
      "toxicity",
      "well-formed",
    ]);
  });

  it("keeps every character, and its content id can be computed by its owner", async () => {
    const title = `e\u0301 é 👩‍👩‍👧‍👦 \u202e ${word}`;
    const body = "数学 \u{20BB7}野家 \ufeff\u2028\u2029 \t\n line \ufffd \u{10ffff}";
    const tags = ["ゴ", "コ\u3099", "x".repeat(40)];
    const unit = await publish(account, { title, body, tags });
    const stored = await read(account, unit.id);
    expect([stored.title, stored.body, new Set(stored.tags)]).toEqual([title, body, new Set(tags)]);
    const { kind, language, sources, appliesTo, links, salt = null } = stored;
    const content = { title, body, kind, language, tags: stored.tags, sources, appliesTo, links };
    expect(await contentIdOf(content, salt)).toBe(stored.cid);
  });

  it("is refused with a 10,000-character tag, too many tags, or a link to a unit that is not there", async () => {
    const theirs = await publish(other, note("Theirs"));
    const links = [theirs.id, "u0_00000000000000000000000000", "nonsense"].map((unitId) => ({
      rel: "cites" as const,
      unitId,
    }));
    const refusals: [object, string[]][] = [
      [{ tags: ["a".repeat(10_000)] }, ["/tags/0"]],
      [{ tags: Array.from({ length: 17 }, (_, i) => `t${i}`) }, ["/tags"]],
      [{ links }, ["/links/0/unitId", "/links/1/unitId", "/links/2/unitId"]],
      [{ links: [{ rel: "admires", unitId: theirs.id }] }, ["/links/0/rel"]],
      [{ title: "" }, ["/title"]],
    ];
    for (const [more, pointers] of refusals) {
      const response = await account.call("POST", "/v1/units", {
        body: { ...note("Bad"), ...more },
      });
      const { code, errors } = await problemOf(response);
      expect([response.status, code]).toEqual([400, "invalid-request"]);
      expect(errors?.map(({ pointer }) => pointer)).toEqual(pointers);
    }
  });

  it("may link to units its author sees: own ones and public ones", async () => {
    const own = await publish(account, note("Own"));
    const shared = await searchable(other, note("Shared", { visibility: "public" }));
    const links = [
      { rel: "extends" as const, unitId: own.id },
      { rel: "cites" as const, unitId: shared.id },
    ];
    const unit = await searchable(account, note("Linked", { links }));
    expect(unit.links).toEqual(links);
  });
});

describe("a rejected unit", () => {
  it("with a secret inside says so in its evidence and is never found", async () => {
    const unit = await publish(account, note("Leak", { body: `${SECRET} ${word}` }));
    const rejected = await until(account, unit.id, "rejected");
    expect(rejected.level).not.toBe("L3");
    const { checks } = await evidence(account, unit.id);
    const failed = checks.filter(({ verdict }) => verdict === "fail");
    expect(failed.map(({ method }) => method)).toEqual(["secrets"]);
    expect(JSON.stringify(failed)).not.toContain("AKIAIOSFODNN7EXAMPLQ");
    expect(await found(account, word)).toEqual([]);
  });

  it("that repeats one exactly names the first, which stays found", async () => {
    const first = await searchable(account, note("Twins"));
    const second = await publish(account, note("Twins"));
    await until(account, second.id, "rejected");
    const { checks } = await evidence(account, second.id);
    const failed = checks.filter(({ verdict }) => verdict === "fail");
    expect(failed.map(({ method }) => method)).toEqual(["exact-duplicate"]);
    expect(failed[0]?.reasons[0]?.detail).toContain(first.id);
    expect(await found(account, word)).toEqual([`${first.id}@1`]);
  });

  it("leaves its content to be published again, and rejected for the same reason", async () => {
    const leak = note("Leak", { body: `${SECRET} ${word}` });
    await until(account, (await publish(account, leak)).id, "rejected");
    const again = await publish(account, leak);
    await until(account, again.id, "rejected");
    const { checks } = await evidence(account, again.id);
    expect(checks.filter(({ verdict }) => verdict === "fail").map(({ method }) => method)).toEqual([
      "secrets",
    ]);
  });

  it("can be retracted, and says so from then on", async () => {
    const unit = await publish(account, note("Leak", { body: `${SECRET} ${word}` }));
    await until(account, unit.id, "rejected");
    expect((await account.call("DELETE", `/v1/units/${unit.id}`)).status).toBe(200);
    expect((await read(account, unit.id)).status).toBe("retracted");
  });

  it("is no duplicate of equal private content in another account", async () => {
    const [mine, theirs] = [
      await searchable(account, note("Same")),
      await searchable(other, note("Same")),
    ];
    expect(mine.cid).not.toBe(theirs.cid);
  });

  it("is only one of two that are published at once with the same content", async () => {
    const pair = await Promise.all([
      publish(account, note("Race")),
      publish(account, note("Race")),
    ]);
    const ends = await Promise.all(
      pair.map(async ({ id }) =>
        Promise.any([until(account, id, "searchable"), until(account, id, "rejected")]),
      ),
    );
    expect(ends.map(({ status }) => status).toSorted()).toEqual(["rejected", "searchable"]);
  });
});

it("notes a near duplicate, names the unit it comes close to, and lets it be found", async () => {
  const body = `The ${word} lives on the island. It eats leaves, sleeps by day and comes out at dusk to drink from the spring.`;
  const first = await searchable(account, { title: `Habits of the ${word}`, body });
  const second = await searchable(account, {
    title: `Habits of the ${word}`,
    body: `${body} Mostly.`,
  });
  const { level, checks } = await evidence(account, second.id);
  const near = checks.find(({ method }) => method === "near-duplicate");
  expect([level, near?.verdict]).toEqual(["L3", "note"]);
  expect(near?.reasons[0]?.detail).toContain(first.id);
  expect(new Set(await found(account, word))).toEqual(new Set([`${first.id}@1`, `${second.id}@1`]));
});

describe("given vectors", () => {
  it("are what the unit is found by", async () => {
    const spaces = await account.call("GET", "/v1/spaces");
    const { items } = await spaces.json<{
      items: { id: string; dimensions: number; preferred: boolean }[];
    }>();
    const space = items.find(({ preferred }) => preferred);
    if (space === undefined) throw new Error("a space is preferred");
    const vector = Array.from({ length: space.dimensions }, (_, i) => Math.sin(i * i));
    const unit = await searchable(account, note("Vector", { vector, space: space.id }));
    const [hit] = await hits(account, { vector, space: space.id, limit: 1 });
    expect(hit?.unitId).toBe(unit.id);

    const bad: [object, string][] = [
      [{ vector: vector.slice(1), space: space.id }, "/vector"],
      [{ vector, space: "another-space" }, "/space"],
      [{ vector }, "/space"],
      [{ space: space.id }, "/space"],
      [{ vector: vector.map(() => 0), space: space.id }, "/vector"],
      [{ vector: vector.map(() => 1e308), space: space.id }, "/vector"],
      [{ vector: vector.map((x, i) => (i === 3 ? Number.NaN : x)), space: space.id }, "/vector/3"],
      [{ vector: vector.map((x, i) => (i === 3 ? "1" : x)), space: space.id }, "/vector/3"],
    ];
    for (const [more, pointer] of bad) {
      const refused = await account.call("POST", "/v1/units", {
        body: { ...note("Bad"), ...more },
      });
      expect(refused.status, pointer).toBe(400);
      expect((await problemOf(refused)).errors?.[0]?.pointer).toBe(pointer);
      if (!("vector" in more)) continue;
      const search = await account.call("POST", "/v1/search", { body: more });
      expect(search.status, pointer).toBe(400);
    }
  });
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
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 412, 412, 412, 412, 412]);
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
    expect(items).toEqual([
      { visibility: "private", space, move: null, units },
      { visibility: "public", space, move: null, units },
    ]);
  });
});
