import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { services } from "#adapters/index.ts";
import { searchPort } from "#adapters/search.ts";
import { unitCache } from "#adapters/unit-cache.ts";
import { unitShardMap } from "#adapters/unit-shards.ts";
import { unitStore } from "#db/units/store.ts";
import type { SearchRequest } from "#domain/search/model.ts";
import type { UnitView } from "#domain/units/model.ts";
import { isolate, newAccount, type TestAccount } from "./helpers.ts";
import { notesAbout, patch, searchable, until } from "./knowledge.ts";

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
        return text === null
          ? ""
          : (JSON.parse(new TextDecoder().decode(text.body)) as UnitView).title;
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

describe("a question asked again, byte for byte,", () => {
  it("is answered to each account with what it may see, and only to a request that is right otherwise", async () => {
    const mine = await searchable(account, note("Mine"));
    const theirs = await searchable(other, note("Theirs"));
    const { apiKey } = await account.key(["units:read"]);
    const call = isolate({});
    const body = JSON.stringify({ query: word, mode: "lexical" });
    for (let times = 0; times < 6; times++) {
      for (const [from, unit] of [
        [account, mine],
        [other, theirs],
      ] as const) {
        const answer = await call(from, "POST", "/v1/search", body);
        expect(answer.headers.get("Content-Type")).toBe("application/json");
        expect(answer.headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
        expect(await answer.json()).toMatchObject({ hits: [{ unitId: unit.id }], partial: false });
      }
    }
    expect((await call(account, "POST", "/v1/search?limit=1", body)).status).toBe(400);
    expect((await call({ ...account, apiKey }, "POST", "/v1/search", body)).status).toBe(403);
    expect((await call({ ...account, apiKey: "x" }, "POST", "/v1/search", body)).status).toBe(401);
  });

  it("is another question where one byte differs, wherever that is", async () => {
    const units = await Promise.all(
      ["A", "B", "C"].map((title) => searchable(account, note(title))),
    );
    const call = isolate({});
    for (let times = 0; times < 4; times++) {
      for (const limit of [1, 2, 3]) {
        for (const end of ["", " ", "\n"]) {
          const body = `{"query":"${word}","mode":"lexical","limit":${limit}}${end}`;
          const answer = await call(account, "POST", "/v1/search", body);
          expect((await answer.json<{ hits: unknown[] }>()).hits).toHaveLength(limit);
        }
      }
    }
    expect(units).toHaveLength(3);
  });
});

describe("what an isolate keeps", () => {
  it("is not shown to whoever asks past it, as one does who heard of the change", async () => {
    const unit = await searchable(account, note("First", { visibility: "public" }));
    const elsewhere = isolate({});
    const titleOf = async (headers?: Record<string, string>) => {
      const answer = await elsewhere(other, "GET", `/v1/units/${unit.id}`, undefined, headers);
      return answer.status === 404 ? "" : (await answer.json<UnitView>()).title;
    };
    for (let times = 0; times < 3; times++) expect(await titleOf()).toBe(unit.title);
    await account.call("DELETE", `/v1/units/${unit.id}`);
    expect(await titleOf({ "Cache-Control": "no-cache" })).toBe("");
  });

  const answerOf = async (response: Response) => {
    const headers = Object.fromEntries(response.headers);
    const body = await response.text();
    delete headers["x-request-id"];
    // A later answer has seen more, leaves less of the limits, and may take longer.
    delete headers["wishub-bookmark"];
    delete headers["ratelimit"];
    delete headers["content-length"];
    return { status: response.status, headers, body: body.replace(/"tookMs":\d+/, "") };
  };

  it("is answered with the same headers and body as what is looked up, as often as it is asked", async () => {
    const { id } = await searchable(account, note("Déjà vu …"));
    const asked = { query: word, mode: "lexical" };
    const first = await answerOf(await isolate({})(account, "POST", "/v1/search", asked));
    expect(first.body).toContain(id);
    const unit = await answerOf(await isolate({})(account, "GET", `/v1/units/${id}`));
    expect(unit.body).toContain("Déjà vu …");
    const call = isolate({});
    for (let time = 0; time < 6; time++) {
      expect(await answerOf(await call(account, "POST", "/v1/search", asked))).toEqual(first);
      expect(await answerOf(await call(account, "GET", `/v1/units/${id}`))).toEqual(unit);
    }
  });

  it("is for nobody whose key is not valid any more", async () => {
    await searchable(account, note("Mine"));
    const asked = { query: word, mode: "lexical" };
    const call = isolate({});
    for (let time = 0; time < 4; time++)
      expect((await call(account, "POST", "/v1/search", asked)).status).toBe(200);
    const stranger = { ...account, apiKey: `${account.apiKey.slice(0, -1)}_` };
    expect((await call(stranger, "POST", "/v1/search", asked)).status).toBe(401);
    const { hits } = await (
      await call(other, "POST", "/v1/search", asked)
    ).json<{ hits: unknown[] }>();
    expect(hits).toEqual([]);
  });
});
