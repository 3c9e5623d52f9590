import {
  createExecutionContext,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { SearchReplica } from "#objects/search-replica.ts";
import { app } from "#workers/http/app.ts";
import { call, newAccount, ORIGIN, type TestAccount, unobserved } from "./helpers.ts";
import { notesAbout, searchable } from "./knowledge.ts";

const HEADER = "WisHub-Bookmark";
const replicas = env.SEARCH_REPLICA as DurableObjectNamespace<SearchReplica>;
/** The edge as it is deployed: requests say where they come from. */
const edge = { ...unobserved, WISHUB_REGION: "auto" } as Env;
const FROM = {
  asia: { continent: "AS", country: "JP" },
  america: { continent: "NA", longitude: "-77" },
  home: { continent: "EU", longitude: "2" },
};
const note = notesAbout("farquoll");

let account: TestAccount;
beforeEach(async () => {
  account = await newAccount();
});

async function at(
  place: keyof typeof FROM,
  method: string,
  path: string,
  body?: object,
  seen = "",
) {
  const context = createExecutionContext();
  const request = new Request(`${ORIGIN}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${account.apiKey}`,
      "Content-Type": "application/json",
      ...(seen !== "" && { [HEADER]: seen }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    cf: FROM[place] as CfProperties,
  });
  const response = await app.fetch(request, edge, context);
  const text = await response.text();
  await waitOnExecutionContext(context);
  return {
    status: response.status,
    bookmark: response.headers.get(HEADER) ?? "",
    body: JSON.parse(text) as { hits?: { unitId: string }[]; partial?: boolean; title?: string },
  };
}

/** The public collection lies in Europe, as its first account said. */
async function livesInEurope(): Promise<void> {
  await env.CATALOG_0.prepare("UPDATE collection SET home = 'weur' WHERE owner = 'public'").run();
}

describe("the product in several regions", () => {
  it("answers near its reader, and what a bookmark has seen wherever that reader goes", async () => {
    const first = await searchable(account, note("First", { visibility: "public" }));
    await livesInEurope();
    const question = { query: "farquoll", mode: "lexical" };
    const found = await at("asia", "POST", "/v1/search", question);
    expect(found.body).toMatchObject({ partial: false });
    expect(found.body.hits?.map(({ unitId }) => unitId)).toEqual([first.id]);
    const { results } = await env.CATALOG_0.prepare(
      "SELECT space FROM collection WHERE owner = 'public'",
    ).all<{ space: string }>();
    const leaf = `public|${results[0]?.space}|0`;
    const asked = await runInDurableObject(replicas.getByName(`${leaf}@apac`), (_, { storage }) =>
      storage.kv.get("leader"),
    );
    expect(asked).toBe(leaf);
    for (const number of [2, 3, 4]) {
      const { id } = await searchable(account, note(`Note ${number}`, { visibility: "public" }));
      const read = await account.call("GET", `/v1/units/${id}`);
      const seen = read.headers.get(HEADER) ?? "";
      for (const place of ["asia", "america", "home"] as const) {
        const answer = await at(place, "POST", "/v1/search", question, seen);
        expect(answer.body.partial).toBe(false);
        expect(answer.body.hits?.map(({ unitId }) => unitId)).toContain(id);
        const unit = await at(place, "GET", `/v1/units/${id}`, undefined, answer.bookmark);
        expect(unit.body.title).toBe(`Note ${number} farquoll`);
      }
    }
  });

  it("shows nobody far away what was retracted, once they have seen that it was", async () => {
    const unit = await searchable(account, note("Leaving", { visibility: "public" }));
    await livesInEurope();
    const question = { query: "leaving farquoll", mode: "lexical" };
    const ids = (answer: Awaited<ReturnType<typeof at>>) =>
      answer.body.hits?.map(({ unitId }) => unitId);
    // Without a bookmark a copy may still be a second behind.
    const read = await account.call("GET", `/v1/units/${unit.id}`);
    const before = read.headers.get(HEADER) ?? "";
    expect(ids(await at("asia", "POST", "/v1/search", question, before))).toContain(unit.id);
    const gone = await account.call("DELETE", `/v1/units/${unit.id}`);
    expect(gone.ok).toBe(true);
    const seen = gone.headers.get(HEADER) ?? "";
    for (const place of ["asia", "america", "home"] as const)
      expect(ids(await at(place, "POST", "/v1/search", question, seen))).not.toContain(unit.id);
  });

  it("answers nobody without a credential, wherever they are", async () => {
    expect((await call("POST", "/v1/search", { body: { query: "farquoll" } })).status).toBe(401);
    account = { ...account, apiKey: "nonsense" };
    expect((await at("asia", "POST", "/v1/search", { query: "farquoll" })).status).toBe(401);
  });
});
