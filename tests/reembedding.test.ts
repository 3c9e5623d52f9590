import {
  createExecutionContext,
  runDurableObjectAlarm,
  waitOnExecutionContext,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { base64Of } from "#domain/shared/bytes.ts";
import { retractUnit } from "#domain/units/revise.ts";
import type { Collection } from "#objects/collection.ts";
import { app } from "#workers/http/app.ts";
import { newAccount, ORIGIN, problemOf, type TestAccount, unobserved } from "./helpers.ts";
import { searchable } from "./knowledge.ts";
import { deliver, unsent, waiting } from "./pipeline.ts";

const ENDPOINT = "http://models.test/v1";
const DIMENSIONS = 64;
const SPACE = `letters@${DIMENSIONS}`;
/** The product with an OpenAI-compatible endpoint beside its own model, as an isolate that has just begun sees it. */
const bound = (): Env =>
  ({
    ...unobserved,
    WISHUB_AI_URL: ENDPOINT,
    WISHUB_AI_MODEL: "letters",
    WISHUB_AI_DIMENSIONS: String(DIMENSIONS),
  }) as Env;

let account: TestAccount;
let asked: string[];
beforeEach(async () => {
  account = await newAccount();
  asked = [];
  const outside = globalThis.fetch;
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    if (!request.url.startsWith(ENDPOINT)) return await outside(request);
    const { input: texts } = await request.json<{ input: string[] }>();
    asked.push(...texts);
    const data = texts.map((text, index) => ({ index, embedding: base64Of(lettersOf(text)) }));
    return Response.json({ object: "list", data: data.toReversed() });
  });
});
afterEach(() => vi.unstubAllGlobals());

/** The model behind the endpoint: how often each letter occurs. */
function lettersOf(text: string): Uint8Array {
  const vector = new Float32Array(DIMENSIONS).fill(0.01);
  for (const letter of text.toLowerCase()) {
    const at = letter.charCodeAt(0) % DIMENSIONS;
    vector[at] = (vector[at] ?? 0) + 1;
  }
  return new Uint8Array(vector.buffer);
}

async function call(
  method: string,
  path: string,
  body?: object,
  bindings = bound(),
): Promise<Response> {
  const request = new Request(`${ORIGIN}${path}`, {
    method,
    headers: { Authorization: `Bearer ${account.apiKey}`, "Content-Type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  const context = createExecutionContext();
  const response = await app.fetch(request, bindings, context);
  await waitOnExecutionContext(context);
  return response;
}

async function foundBy(query: string): Promise<string[]> {
  const response = await call("POST", "/v1/search", {
    query,
    mode: "semantic",
    filter: { visibility: "private" },
  });
  const { hits } = await response.json<{ hits: { unitId: string }[] }>();
  return hits.map(({ unitId }) => unitId).toSorted();
}

async function collection() {
  const { items } = await (
    await call("GET", "/v1/collections")
  ).json<{ items: { space: string; move: object | null }[] }>();
  return items[0];
}

/** Lets the move go on, and everything it queues be done, until it is over. */
async function moved(to: string, bindings = bound): Promise<void> {
  const move = await call("PUT", "/v1/collections/private/space", { space: to }, bindings());
  expect(move.status).toBe(202);
  const stub: DurableObjectStub<Collection> = env.COLLECTION.getByName(account.accountId);
  for (let step = 0; (await stub.progress()) !== null; step++) {
    expect(step, "steps of a move of few units").toBeLessThan(20);
    await runDurableObjectAlarm(stub);
    const work = await waiting();
    if (work.length > 0) await deliver("unit-index", work, bindings());
  }
}

it("a collection moves to another space and back: found all the while, and nothing retracted comes back", async () => {
  const one = await searchable(account, {
    title: "Otters",
    body: "Otters hold hands while they sleep.",
  });
  const two = await searchable(account, { title: "Volcanoes", body: "Lava is molten rock." });
  const home = (await collection())?.space ?? "";
  expect(await foundBy("sea otters")).toEqual([one.id, two.id].toSorted());
  expect(asked).toEqual([]);

  await moved(SPACE);
  expect(await collection()).toMatchObject({ space: SPACE, move: null });
  expect(asked.some((text) => text.includes("hold hands"))).toBe(true);
  expect(await foundBy("sea otters")).toEqual([one.id, two.id].toSorted());
  expect(asked).toContain("sea otters");

  const retraction = { unitId: two.id, expectedVersion: null };
  const retracted = await retractUnit(unsent(bound()), account.principal, retraction, Date.now());
  expect(retracted.ok).toBe(true);
  await deliver("unit-index", await waiting(), bound());
  expect(await foundBy("sea otters")).toEqual([one.id]);
  await moved(home);
  expect(await collection()).toMatchObject({ space: home, move: null });
  expect(await foundBy("sea otters")).toEqual([one.id]);
});

it("a collection whose model is gone says so, and can be moved to one that is there", async () => {
  const unbound = () => ({ ...unobserved }) as Env;
  const kept = await searchable(account, { title: "Otters", body: "Otters hold hands." });
  const home = (await collection())?.space ?? "";
  await moved(SPACE);

  const search = async (mode: string) =>
    await call(
      "POST",
      "/v1/search",
      { query: "otters", mode, filter: { visibility: "private" } },
      unbound(),
    );
  const refused = await search("hybrid");
  expect([refused.status, (await problemOf(refused)).code]).toEqual([501, "no-model-bound"]);
  expect((await search("lexical")).status).toBe(200);
  await moved(home, unbound);
  const { hits } = await (await search("hybrid")).json<{ hits: { unitId: string }[] }>();
  expect(hits.map(({ unitId }) => unitId)).toEqual([kept.id]);
});

it("a collection does not move to a space that is not bound", async () => {
  const refused = await call("PUT", "/v1/collections/private/space", { space: "nowhere" });
  expect(refused.status).toBe(400);
});
