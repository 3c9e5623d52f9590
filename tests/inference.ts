import { expect, inject } from "vitest";
import { isolate, problemOf, type TestAccount } from "./helpers.ts";
import { MODEL_KEY, MODELS } from "./node/model-server.ts";

/** The product with a server of models (tests/node/model-server.ts), as an isolate that has just begun sees it. */
export function withModels(changes: Record<string, unknown> = {}) {
  const at = isolate({
    WISHUB_AI_URL: `${inject("outside")}/models/v1`,
    WISHUB_AI_KEY: MODEL_KEY,
    WISHUB_AI_MODELS: MODELS,
    ...changes,
  });
  return {
    at,
    post: async (from: TestAccount, kind: string, body: object): Promise<Response> =>
      await at(from, "POST", `/v1/inference/${kind}`, body),
  };
}

export const said = (content: string, more: object = {}) => ({
  model: "echo",
  messages: [{ role: "user", content }],
  ...more,
});

/** What the server of models was asked of one of them. */
export const askedOf = async (model: string): Promise<Record<string, unknown>[]> =>
  await (await fetch(`${inject("outside")}/models/asked?model=${model}`)).json();

type Failure = { error: { message: string; type: string; param: string | null; code: string } };

/** The problem, with the error in it that OpenAI's clients read. */
export async function failureOf(response: Response) {
  const { error } = await response.clone().json<Failure>();
  const problem = await problemOf(response);
  expect(error.code).toBe(problem.code);
  return { ...problem, error };
}

/** The data of each event. */
export const eventsIn = (text: string): string[] =>
  text.split("\n\n").flatMap((event) => (event === "" ? [] : [event.replace(/^data: /, "")]));
