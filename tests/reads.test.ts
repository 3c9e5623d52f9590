import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { services } from "#adapters/index.ts";
import { searchPort } from "#adapters/search.ts";
import { unitCache } from "#adapters/unit-cache.ts";
import { unitShardMap } from "#adapters/unit-shards.ts";
import { unitStore } from "#db/units/store.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { SearchRequest } from "#domain/search/model.ts";
import type { UnitView } from "#domain/units/model.ts";
import { app } from "#workers/http/app.ts";
import { newAccount, ORIGIN, problemOf, type TestAccount } from "./helpers.ts";
import { notesAbout, patch, publish, searchable, until } from "./knowledge.ts";

/** No layer shows a unit for longer than this after it was retracted or replaced. */
const GONE_MS = 5_000;
/** The objects that a search may need; everything else coordinates writers. */
const READ_FROM = ["SEARCH_SHARD", "SEARCH_REPLICA", "VECTOR_INDEX", "VECTOR_TIER"];

let account: TestAccount;
let other: TestAccount;
let word: string;
let note: ReturnType<typeof notesAbout>;
let tests = 0;
beforeEach(async () => {
  [account, other] = [await newAccount(), await newAccount()];
  word = `rdx${(++tests).toString(36)}quoll`;
  note = notesAbout(word);
});

/** One request to an isolate of its own, which knows nothing yet and has these bindings. */
function isolate(changes: Partial<Record<string, unknown>>) {
  const bindings = { ...env, ...changes } as Env;
  return async (from: TestAccount, method: string, path: string, body?: unknown) => {
    const request = new Request(`${ORIGIN}${path}`, {
      method,
      headers: { Authorization: `Bearer ${from.apiKey}`, "Content-Type": "application/json" },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const context = createExecutionContext();
    const response = await app.fetch(request, bindings, context);
    await waitOnExecutionContext(context);
    return response;
  };
}

const unreachable = (): never => {
  throw new Error("the object is dead");
};
const dead = { getByName: unreachable, idFromName: unreachable, get: unreachable };
const deadQueue = { send: unreachable, sendBatch: unreachable };

/** Whatever objects and queues the product has now or later, without those that reads go to. */
function withoutCoordination(): Record<string, unknown> {
  const bindings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(env)) {
    const kind = Object(value).constructor.name;
    if (kind === "WorkerQueue") bindings[name] = deadQueue;
    if (kind === "DurableObjectNamespace" && !READ_FROM.includes(name)) bindings[name] = dead;
  }
  return bindings;
}

describe("with every object dead but those that hold what is searched,", () => {
  it("an isolate that knows nothing yet searches and reads units all the same", async () => {
    const bindings = withoutCoordination();
    expect(Object.keys(bindings)).toEqual(
      expect.arrayContaining(["ACCOUNT", "COLLECTION", "RELAY", "UNIT_VERIFY", "UNIT_INDEX"]),
    );
    const mine = await searchable(account, note("Mine"));
    const shared = await searchable(other, note("Shared", { visibility: "public" }));
    const call = isolate(bindings);
    for (const mode of ["lexical", "hybrid", "semantic"]) {
      const answer = await call(account, "POST", "/v1/search", { query: word, mode });
      const { hits, partial } = await answer.json<{
        hits: { unitId: string }[];
        partial: boolean;
      }>();
      expect(hits.map(({ unitId }) => unitId)).toEqual(
        expect.arrayContaining([mine.id, shared.id]),
      );
      expect(partial).toBe(false);
    }
    for (const { id } of [mine, shared]) {
      for (const rest of ["", "?version=1", "/versions", "/evidence"])
        expect((await call(account, "GET", `/v1/units/${id}${rest}`)).status, rest).toBe(200);
    }
    for (const path of ["/v1/units", "/v1/collections", "/v1/spaces", "/v1/keys"])
      expect((await call(account, "GET", path)).status, path).toBe(200);
    expect((await call(other, "GET", `/v1/units/${mine.id}`)).status).toBe(404);
  });
});

describe("a unit that is retracted or replaced", () => {
  const store = unitStore([env.UNITS_0, env.UNITS_1], unitShardMap(env, 2));

  /** What isolates that share no memory with the one that changes the unit say of it, whatever they keep. */
  function layers(id: string, reader: TestAccount) {
    const search = searchPort(env, { nearShard: () => undefined });
    const units = unitCache(store);
    const { spaces } = services(env);
    const elsewhere = isolate({});
    const request: SearchRequest = {
      text: word,
      mode: "lexical",
      filter: {},
      limit: 10,
      explain: false,
    };
    return {
      async "an answer kept under a lease"() {
        const { id } = await spaces.spaceOf("public");
        const { hits } = await search.search([{ owner: "public", space: id }], request);
        return hits.map(({ title }) => title).join();
      },
      async "a unit kept as text"() {
        const text = await units.text(id, reader.accountId);
        return text === null ? "" : (JSON.parse(text.body) as UnitView).title;
      },
      async "a search of the product"() {
        const answer = await elsewhere(reader, "POST", "/v1/search", {
          query: word,
          mode: "lexical",
        });
        return (await answer.json<{ hits: { title: string }[] }>()).hits
          .map(({ title }) => title)
          .join();
      },
      async "a unit read from the product"() {
        const answer = await elsewhere(reader, "GET", `/v1/units/${id}`);
        return answer.status === 404 ? "" : (await answer.json<UnitView>()).title;
      },
    };
  }

  async function afterwards(unit: UnitView, change: () => Promise<unknown>, expected: string) {
    const all = Object.entries(layers(unit.id, other));
    for (let times = 0; times < 3; times++)
      for (const [name, title] of all) expect(await title(), name).toBe(unit.title);
    await change();
    const doneAtMs = Date.now();
    await Promise.all(
      all.map(([name, title]) =>
        // Asked again and again, so that nothing is forgotten only because nobody asks.
        vi.waitFor(async () => expect(await title(), name).toBe(expected), {
          timeout: GONE_MS,
          interval: 20,
        }),
      ),
    );
    expect(Date.now() - doneAtMs).toBeLessThanOrEqual(GONE_MS);
    for (const [name, title] of all) expect(await title(), name).toBe(expected);
  }

  it("has left every layer five seconds after its retraction was answered", async () => {
    const unit = await searchable(account, note("Retracted", { visibility: "public" }));
    const retract = () => account.call("DELETE", `/v1/units/${unit.id}`);
    await afterwards(unit, retract, "");
  });

  it("has left every layer five seconds after its newer version was called searchable", async () => {
    const unit = await searchable(account, note("First", { visibility: "public" }));
    const next = note("Second");
    const replace = async () => {
      await patch(account, unit, { title: next.title, body: next.body });
      await until(account, unit.id, "searchable");
    };
    await afterwards(unit, replace, next.title);
  });

  it("has left every layer five seconds after it was made private", async () => {
    const unit = await searchable(account, note("Withdrawn", { visibility: "public" }));
    const hide = async () => {
      await patch(account, unit, { visibility: "private" });
    };
    await afterwards(unit, hide, "");
  });
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
