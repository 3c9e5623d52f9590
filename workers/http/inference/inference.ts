import type { Context } from "hono";
import {
  chat,
  chatStreamed,
  Cut,
  embed,
  type InferenceFailure,
  modelFor,
  rerank,
} from "#domain/inference/infer.ts";
import { openAiError } from "#domain/inference/failure.ts";
import {
  chatInput,
  chatView,
  embeddingsInput,
  embeddingsView,
  modelsView,
  rerankInput,
  rerankView,
} from "#domain/inference/model.ts";
import { INFERENCE_KINDS, type InferenceKind, type Model } from "#domain/inference/models.ts";
import { tokensADay } from "#domain/limits/plans.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Result } from "#domain/shared/result.ts";
import { eventText, sse } from "#workers/http/sse.ts";
import {
  type Answer,
  type AppEnv,
  fails,
  feature,
  json,
  type Plain,
  route,
  type Subject,
  unwrap,
} from "#workers/http/kit.ts";

const FAILURES = [
  "model-unknown",
  "inference-budget-spent",
  "no-model-bound",
  "model-failed",
  "overloaded",
] as const;

const embeddings = route(
  {
    method: "post",
    path: "/v1/inference/embeddings",
    summary: "Embed texts",
    description:
      "OpenAI's request and answer. Without a model: the first one listed for embeddings. Vectors of two models never meet.",
    access: "inference.use",
    idempotency: "ignored",
    request: { body: { ...json(embeddingsInput), bytesMax: LIMITS.inferenceBodyBytesMax } },
    responses: {
      200: { description: "A vector for each text, in their order", ...json(embeddingsView) },
      ...fails(...FAILURES),
    },
  },
  async (c) => {
    const input = c.req.valid("json");
    return await answered(c, "embeddings", input, true, async (model) =>
      embed(c.var.services.inference, askerOf(c), model, input),
    );
  },
  { policed: async (c) => subject(c, "embeddings", c.req.valid("json").model) },
);

const reranking = route(
  {
    method: "post",
    path: "/v1/inference/rerank",
    summary: "Order documents by how well they answer a query",
    description: "The request and answer that Jina, Cohere and vLLM share.",
    access: "inference.use",
    idempotency: "ignored",
    request: { body: { ...json(rerankInput), bytesMax: LIMITS.inferenceBodyBytesMax } },
    responses: {
      200: { description: "The documents' scores, best first", ...json(rerankView) },
      ...fails(...FAILURES),
    },
  },
  async (c) => {
    const input = c.req.valid("json");
    return await answered(c, "rerank", input, true, async (model) =>
      rerank(c.var.services.inference, askerOf(c), model, input),
    );
  },
  { policed: async (c) => subject(c, "rerank", c.req.valid("json").model) },
);

/** OpenAI's clients add `/chat/completions` to the address they are given. */
const [chatting, completions] = (
  ["/v1/inference/chat", "/v1/inference/chat/completions"] as const
).map((path) =>
  route(
    {
      method: "post",
      path,
      summary: path.endsWith("chat")
        ? "Have a model answer a chat"
        : "The same, as OpenAI calls it",
      description:
        "OpenAI's chat completion. With `stream` the answer comes as server-sent events and ends with [DONE]; one that breaks off ends with an error event.",
      access: "inference.use",
      idempotency: "ignored",
      request: { body: { ...json(chatInput), bytesMax: LIMITS.inferenceBodyBytesMax } },
      responses: {
        200: { description: "The model's answer", ...json(chatView) },
        ...fails(...FAILURES),
      },
    },
    async (c): Promise<Answer> => {
      const input = c.req.valid("json");
      const { services, nowMs } = c.var;
      const asker = askerOf(c);
      if (input.stream === true) {
        const model = unwrap(modelFor(services.inference, "chat", input.model));
        return streamed(unwrap(await chatStreamed(services.inference, asker, model, input, nowMs)));
      }
      // What is drawn by chance is drawn anew.
      const isFixed = input.temperature === 0 && (input.n ?? 1) === 1;
      return await answered(c, "chat", input, isFixed, async (model) =>
        chat(services.inference, asker, model, input, nowMs),
      );
    },
    { policed: async (c) => subject(c, "chat", c.req.valid("json").model) },
  ),
);

const models = route(
  {
    method: "get",
    path: "/v1/inference/models",
    summary: "List the models that are offered",
    access: "inference.read",
    responses: { 200: { description: "The models", ...json(modelsView) } },
  },
  (c) => {
    const offered = Map.groupBy(c.var.services.inference.models, ({ id }) => id);
    const defaults = INFERENCE_KINDS.map((kind) =>
      c.var.services.inference.models.find((model) => model.kind === kind),
    );
    const data = [...offered].map(([id, each]) => ({
      id,
      object: "model" as const,
      created: 0,
      owned_by: ownerOf(each[0]),
      kinds: each.map(({ kind }) => kind),
      default_for: each.flatMap((model) => (defaults.includes(model) ? [model.kind] : [])),
    }));
    return c.json({ object: "list" as const, data });
  },
);

export const inference = feature(
  embeddings,
  reranking,
  ...[chatting, completions].flatMap((each) => each ?? []),
  models,
);

const ownerOf = (model: Model | undefined): string =>
  model?.via === "endpoint" ? "operator" : "platform";

function askerOf(c: Context<AppEnv>) {
  const { accountId, plan } = c.var.principal;
  return { accountId, planTokens: tokensADay(plan) };
}

/** What a policy may ask about: the model that would be used. An unknown one is refused by the handler. */
async function subject(
  c: Context<AppEnv>,
  kind: InferenceKind,
  named: string | null | undefined,
): Promise<Subject[] | null> {
  const model = modelFor(c.var.services.inference, kind, named);
  if (!model.ok) return [];
  const { id } = model.value;
  return [{ id, attributes: { model: id, inferenceKind: kind } }];
}

/** The answer of a short while ago to the same of the same account, where there is one and it is wanted; else a new one. */
async function answered(
  c: Context<AppEnv>,
  kind: InferenceKind,
  input: { model?: string | null | undefined },
  isFixed: boolean,
  work: (model: Model) => Promise<Result<object, InferenceFailure>>,
): Promise<Plain> {
  const { services, principal, nowMs } = c.var;
  const { inference: port } = services;
  const model = unwrap(modelFor(port, kind, input.model));
  const mayKeep = isFixed && !/\bno-(cache|store)\b/i.test(c.req.header("Cache-Control") ?? "");
  const name = mayKeep
    ? await port.nameOf(principal.accountId, model.id, [kind, { ...input, model: null }])
    : "";
  const known = mayKeep ? port.answered(name, nowMs) : null;
  const text = known ?? JSON.stringify(unwrap(await work(model)));
  if (mayKeep && known === null) port.answer(name, text, nowMs);
  const headers = {
    "Content-Type": "application/json",
    "X-WisHub-Cache": known === null ? "miss" : "hit",
  };
  return { text, status: 200, headers };
}

/** OpenAI's stream: each chunk an event without a name; its clients throw at an `error`. */
function streamed(events: AsyncGenerator<string>): Response {
  async function* told(): AsyncGenerator<string> {
    try {
      for await (const data of events) yield eventText({ data });
    } catch (thrown) {
      if (!(thrown instanceof Cut)) throw thrown;
      yield failureText(thrown.problem);
    }
  }
  return sse(told(), () => failureText({ code: "model-failed" }));
}

const failureText = (problem: InferenceFailure): string =>
  eventText({ data: JSON.stringify({ error: openAiError(problem) }) });
