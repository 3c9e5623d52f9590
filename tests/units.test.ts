import { beforeEach, describe, expect, it } from "vitest";
import { contentIdOf } from "#domain/units/content-id.ts";
import type { UnitView } from "#domain/units/model.ts";
import { levelOf } from "#domain/verification/level.ts";
import type { Evidence } from "#domain/verification/model.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import {
  notesAbout,
  evidence,
  found,
  hits,
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
  word = `zyx${(++tests).toString(36)}quokka`;
  note = notesAbout(word);
});

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
