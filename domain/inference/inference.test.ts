import { expect, it } from "vitest";
import { choicesFrom, embeddingsFrom, ranksFrom, usageFrom } from "./answers.ts";
import { boundOf, dayName, dayOf, mayHold, renewsInS } from "./budget.ts";
import { listedModels, type ModelSettings, modelsOf } from "./models.ts";
import { called, nextAttemptInMs, retryBudget } from "./retries.ts";
import { tokensIn } from "./tokens.ts";
import { failedBy } from "./upstream.ts";

const settings: ModelSettings = {
  url: "http://models.example/v1",
  model: undefined,
  models: undefined,
  spaceModel: "own",
  isDeployed: false,
};
const offered = (more: Partial<ModelSettings>) =>
  modelsOf({ ...settings, ...more }).map(({ kind, id, via }) => `${kind} ${id} ${via}`);

it("offers the platform's own model always, and others where something serves them", () => {
  expect(offered({ url: undefined, model: "m" })).toEqual(["embeddings own space"]);
  expect(offered({ model: "m" })).toEqual([
    "embeddings m endpoint",
    "chat m endpoint",
    "rerank m endpoint",
    "embeddings own space",
  ]);
  const models = "chat=a, chat=@cf/b,chat=a,chat=own,embeddings=own,";
  expect(offered({ model: "m", models })).toEqual(["chat a endpoint", "embeddings own space"]);
  expect(offered({ models, isDeployed: true })).toContain("chat @cf/b binding");
});

it("reads no list of models that is none", () => {
  expect(listedModels("")).toEqual([]);
  for (const wrong of ["a", "speech=a", "chat=", "chat=a b", `chat=${"x".repeat(201)}`])
    expect(listedModels(wrong), wrong).toBeNull();
});

it("takes vectors in the order of their index, and none that cannot be compared", () => {
  const item = (index: number, embedding: unknown) => ({ index, embedding });
  const of = (...data: object[]) => embeddingsFrom({ data }, 2);
  expect(of(item(1, [3, 4]), item(0, [1, 2]))?.map((row) => [...row])).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(of(item(0, [1, 2]), item(0, [3, 4]))).toBeNull();
  expect(of(item(0, [1, 2]), item(2, [3, 4]))).toBeNull();
  expect(of(item(0, [1, 2]), item(1, [3]))).toBeNull();
  expect(of(item(0, [1, 2]), item(1, [0, 0]))).toBeNull();
  expect(of(item(0, [1, 2]), item(1, "%%%%"))).toBeNull();
  expect(of(item(0, [1, 2]), item(1, [null, 1]))).toBeNull();
  expect(of(item(0, []), item(1, []))).toBeNull();
});

it("takes scores of the documents that there are, each once", () => {
  const results = [
    { index: 0, relevance_score: 1 },
    { index: 1, relevance_score: 2 },
  ];
  expect(ranksFrom({ results }, 2, 2)?.map(({ index }) => index)).toEqual([1, 0]);
  expect(ranksFrom({ results: results.slice(1) }, 2, 2)).toBeNull();
  expect(ranksFrom({ results }, 1, 1)).toBeNull();
  expect(ranksFrom([{ index: 0, score: 1 }], 3, 1)).toEqual([{ index: 0, score: 1 }]);
  expect(ranksFrom({ response: [{ id: 0, score: -3 }] }, 1, 1)).toEqual([{ index: 0, score: -3 }]);
});

it("knows a message from what is none, and counts as the model does where it can be", () => {
  expect(choicesFrom({ choices: [] })).toBeNull();
  expect(choicesFrom({ choices: [{ message: { role: "user", content: "x" } }] })).toBeNull();
  expect(choicesFrom({ response: "" })?.[0]?.message.content).toBe("");
  const estimate = { prompt: 1, completion: 2 };
  for (const usage of [null, {}, { prompt_tokens: -1 }, { prompt_tokens: "9" }])
    expect(usageFrom({ usage }, estimate)).toEqual(estimate);
  const told = { prompt_tokens: 7, completion_tokens: 0 };
  expect(usageFrom({ usage: told }, estimate)).toEqual({ prompt: 7, completion: 0 });
});

it("repeats what a server failed at, and never what it refused or has no room for", () => {
  const retryable = [500, 502, 504, 408].map((status) => failedBy(status, null, {}).isRetryable);
  expect(retryable).toEqual([true, true, true, true]);
  for (const status of [400, 401, 403, 404, 422, 429, 503])
    expect(failedBy(status, "9", {}).isRetryable, String(status)).toBe(false);
  expect(failedBy(429, "9", {}).problem.retryAfterS).toBe(9);
  expect(failedBy(503, "Wed, 21 Oct 2015 07:28:00 GMT", {}).problem.retryAfterS).toBe(1);
});

it("repeats a tenth of all calls at most, once what was saved is used up", () => {
  const budget = retryBudget();
  let repeated = 0;
  for (let i = 0; i < 1_000; i++) {
    called(budget);
    for (let attempts = 1; nextAttemptInMs(budget, attempts, 0.5) !== null; attempts++) repeated++;
  }
  expect(repeated).toBeLessThanOrEqual(110);
  expect(nextAttemptInMs(retryBudget(), 3, 0.5)).toBeNull();
});

it("holds no more than the narrower of two bounds, until the day is over", () => {
  expect([boundOf(null, null), boundOf(5, null), boundOf(null, 3), boundOf(5, 9)]).toEqual([
    null,
    5,
    3,
    5,
  ]);
  const state = { day: 0, spent: 4, held: 3 };
  expect([mayHold(state, 3, 10), mayHold(state, 4, 10), mayHold(state, 1e9, null)]).toEqual([
    true,
    false,
    true,
  ]);
  const late = Date.UTC(2026, 0, 1, 23, 59, 59, 500);
  expect([dayName(dayOf(late)), renewsInS(late)]).toEqual(["2026-01-01", 1]);
});

it("takes a letter of a dense writing for a token, and four of others", () => {
  expect([tokensIn(""), tokensIn("four"), tokensIn("fives"), tokensIn("知识")]).toEqual([
    0, 1, 2, 2,
  ]);
});
