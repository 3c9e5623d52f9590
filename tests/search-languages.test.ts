import { beforeAll, describe, expect, it } from "vitest";
import { scoreOf } from "#domain/search/explain.ts";
import type { UnitView } from "#domain/units/model.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import { hits, searchable } from "./knowledge.ts";

let account: TestAccount;
let bicycles: UnitView;

beforeAll(async () => {
  account = await newAccount();
  bicycles = await searchable(account, {
    title: "Care of a bicycle",
    body: "The chain of a bicycle needs oil every month.",
  });
  await searchable(account, { title: "Taxes", body: "The return is due at the end of July." });
});

describe("a search by words", () => {
  it("finds an English unit for Chinese words, and says which words the dictionary gave", async () => {
    const asked = { query: "自行车", mode: "lexical", explain: true };
    const [first] = await hits(account, { ...asked, filter: { visibility: "private" } });
    expect(first?.unitId).toBe(bicycles.id);
    const terms = first?.why?.lexical?.terms ?? [];
    expect(terms.filter(({ gloss, tf }) => gloss && tf > 0).length).toBeGreaterThan(0);
  });
});

describe("an explanation", () => {
  it.each(["hybrid", "semantic", "lexical"])(
    "recomputes the score of a %s search",
    async (mode) => {
      const found = await hits(account, { query: "bicycle chain oil", mode, explain: true });
      expect(found.length).toBeGreaterThan(0);
      for (const { score, why } of found) {
        if (why === undefined) throw new Error("no explanation");
        expect(scoreOf(why)).toBeCloseTo(score, 6);
      }
    },
  );
});

describe("a search by vector", () => {
  it("is refused in a space that no collection is in, also beside words", async () => {
    for (const query of [undefined, "bicycle"]) {
      const body = { query, vector: [1, 0, 0], space: "elsewhere@1" };
      const problem = await problemOf(await account.call("POST", "/v1/search", { body }));
      expect(problem).toMatchObject({ status: 400, errors: [{ pointer: "/space" }] });
    }
  });
});
