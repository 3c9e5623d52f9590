import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { LIMITS } from "#domain/shared/limits.ts";
import { isolate, newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { notesAbout, publish, searchable } from "./knowledge.ts";

let account: TestAccount;
let other: TestAccount;
let word: string;
let note: ReturnType<typeof notesAbout>;
let tests = 0;
beforeEach(async () => {
  [account, other] = [await newAccount(), await newAccount()];
  word = `rfx${(++tests).toString(36)}quoll`;
  note = notesAbout(word);
});

describe("a search that cannot be as it is asked", () => {
  const spaceOf = async () => {
    const spaces = await account.call("GET", "/v1/spaces");
    const { items } = await spaces.json<{
      items: { id: string; dimensions: number; preferred: boolean }[];
    }>();
    const space = items.find(({ preferred }) => preferred);
    if (space === undefined) throw new Error("a space is preferred");
    return space;
  };

  it("is refused with a problem of its own, saying where and what", async () => {
    const { id, dimensions } = await spaceOf();
    await searchable(account, note("Here"));
    const vector = Array.from({ length: dimensions }, (_, i) => Math.sin(i * i));
    const given = { vector, space: id };
    const text = (one: string) =>
      JSON.stringify({ ...given, vector: "$" }).replace(
        '"$"',
        `[${vector.map((value, i) => (i === 3 ? one : value)).join()}]`,
      );
    const cases: [string, unknown, string, RegExp][] = [
      ["another space", { vector, space: "other@8" }, "/space", /the collections are in/],
      ["a number too few", { ...given, vector: vector.slice(1) }, "/vector", /must have \d+ numb/],
      ["a number too many", { ...given, vector: [...vector, 1] }, "/vector", /must have \d+ numb/],
      ["no direction", { ...given, vector: vector.map(() => 0) }, "/vector", /length above zero/],
      ["NaN", text("NaN"), "", /not JSON/],
      ["null for a number", text("null"), "/vector/3", /number/],
      ["more than a double holds", text("1e999"), "/vector/3", /number/],
      ["limit 0", { query: word, limit: 0 }, "/limit", /1/],
      ["limit 10,000", { query: word, limit: 10_000 }, "/limit", /50/],
      ["limit 1.5", { query: word, limit: 1.5 }, "/limit", /int/],
    ];
    const seen = new Set<string>();
    for (const [name, body, pointer, detail] of cases) {
      const raw = typeof body === "string" ? body : JSON.stringify(body);
      const refused = await isolate({})(account, "POST", "/v1/search", raw);
      expect(refused.status, name).toBe(400);
      const problem = await problemOf(refused);
      expect([problem.code, problem.errors?.[0]?.pointer], name).toEqual([
        "invalid-request",
        pointer,
      ]);
      expect(problem.errors?.[0]?.detail, name).toMatch(detail);
      seen.add(JSON.stringify(problem.errors));
    }
    expect(seen.size).toBe(cases.length);
  });

  it("finds nothing, and says no more, where its filter matches nothing", async () => {
    await searchable(account, note("Here", { tags: ["here"] }));
    const nothing = [
      { tags: ["nowhere"] },
      { tags: ["here", "nowhere"] },
      { kind: "no-such-kind" },
      { language: "tlh" },
      { minLevel: "L5" },
      { tags: ["x".repeat(LIMITS.tagCharsMax)] },
    ];
    for (const filter of nothing) {
      for (const mode of ["lexical", "hybrid", "semantic"]) {
        const answer = await account.call("POST", "/v1/search", {
          body: { query: word, mode, filter },
        });
        expect(answer.status).toBe(200);
        expect(await answer.json()).toMatchObject({ hits: [], partial: false });
      }
    }
  });
});

describe("an overloaded shard", () => {
  /** Shards as they are, but that those of which `is` holds say what the platform says of one with too much to do. */
  const busy = (is: (name: string) => boolean) => ({
    SEARCH_SHARD: {
      getByName(name: string) {
        if (!is(name)) return env.SEARCH_SHARD.getByName(name);
        const refuse = () =>
          Promise.reject(
            Object.assign(new Error("Durable Object is overloaded."), { overloaded: true }),
          );
        return new Proxy({}, { get: () => refuse });
      },
    },
  });
  const search = (visibility?: string) => ({
    query: word,
    mode: "lexical",
    ...(visibility && { filter: { visibility } }),
  });

  it("is a 503 that says when to come again to those who need it alone, while others are answered", async () => {
    const mine = await searchable(account, note("Mine"));
    const shared = await searchable(other, note("Shared", { visibility: "public" }));
    const call = isolate(busy((name) => name.includes(account.accountId)));
    const refused = await call(account, "POST", "/v1/search", search("private"));
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThanOrEqual(1);
    expect((await problemOf(refused)).code).toBe("overloaded");

    const both = await call(account, "POST", "/v1/search", search());
    expect(both.status).toBe(200);
    const part = await both.json<{ hits: { unitId: string }[]; partial: boolean }>();
    expect([part.hits.map(({ unitId }) => unitId), part.partial]).toEqual([[shared.id], true]);

    const theirs = await call(other, "POST", "/v1/search", search());
    expect(await theirs.json()).toMatchObject({ hits: [{ unitId: shared.id }], partial: false });
    const whole = await isolate({})(account, "POST", "/v1/search", search());
    const all = await whole.json<{ hits: { unitId: string }[]; partial: boolean }>();
    expect(new Set(all.hits.map(({ unitId }) => unitId))).toEqual(new Set([mine.id, shared.id]));
  });

  it("is a 503 also where every shard is", async () => {
    await searchable(other, note("Shared", { visibility: "public" }));
    await publish(account, note("Mine"));
    const call = isolate(busy(() => true));
    const refused = await call(other, "POST", "/v1/search", search());
    expect([refused.status, (await problemOf(refused)).code]).toEqual([503, "overloaded"]);
  });
});
