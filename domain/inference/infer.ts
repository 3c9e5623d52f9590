import { base64Of } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { choicesFrom, embeddingsFrom, ranksFrom, usageFrom, writtenIn } from "./answers.ts";
import { ChatStream } from "./chat-stream.ts";
import type {
  ChatInput,
  ChatView,
  EmbeddingsInput,
  EmbeddingsView,
  RerankInput,
  RerankView,
  Usage,
} from "./model.ts";
import type { InferenceKind, Model } from "./models.ts";
import { completionTokens, promptTokens, tokensIn, tokensInAll } from "./tokens.ts";
import { textsOf } from "./upstream.ts";

/** Who pays: an account, and the tokens a day that its plan allows; null where it sets no bound. */
export type Asker = { accountId: string; planTokens: number | null };
export type Hold = { id: string; kind: InferenceKind; model: string; tokens: number };
export type Settlement = { id: string; kind: InferenceKind; model: string } & Usage;

type AnyInput = EmbeddingsInput | ChatInput | RerankInput;
export type InferenceFailure = Problem<
  | "no-model-bound"
  | "model-unknown"
  | "model-failed"
  | "overloaded"
  | "invalid-request"
  | "inference-budget-spent"
>;
type Answered<T> = Promise<Result<T, InferenceFailure>>;

/** What inference needs from outside. */
export type Inference = {
  models: readonly Model[];
  /** What a model of the endpoint or the binding answered, as it came. */
  ask(model: Model, input: AnyInput): Answered<unknown>;
  /** The data of each event of its stream. */
  stream(model: Model, input: ChatInput): Answered<AsyncIterable<string>>;
  /** Vectors of the platform's own model, at unit length. */
  vectors(model: Model, texts: readonly string[]): Answered<Float32Array[]>;
  hold(asker: Asker, hold: Hold): Answered<null>;
  /** Told beside the request, and once for each hold. */
  settle(asker: Asker, settlement: Settlement): void;
  newId(): string;
};

/** Of those offered, the model that is named, or the first of the kind. */
export function modelFor(
  { models }: Pick<Inference, "models">,
  kind: InferenceKind,
  named: string | null | undefined,
): Result<Model, InferenceFailure> {
  const ofKind = models.filter((model) => model.kind === kind);
  const [first] = ofKind;
  if (first === undefined)
    return err({ code: "no-model-bound", detail: `no model is bound for ${kind}` });
  const found = named == null ? first : ofKind.find(({ id }) => id === named);
  if (found !== undefined) return ok(found);
  return err({
    code: "model-unknown",
    detail: `${named} is not offered for ${kind}; GET /v1/inference/models lists what is`,
  });
}

export async function embed(
  deps: Inference,
  asker: Asker,
  model: Model,
  input: EmbeddingsInput,
): Answered<EmbeddingsView> {
  const texts = typeof input.input === "string" ? [input.input] : input.input;
  const estimate = { prompt: tokensInAll(texts), completion: 0 };
  return await spending(deps, asker, model, estimate, async () => {
    let usage = estimate;
    let vectors: Float32Array[] | null;
    if (model.via === "space") {
      const made = await deps.vectors(model, texts);
      if (!made.ok) return made;
      vectors = made.value;
    } else {
      const answer = await deps.ask(model, input);
      if (!answer.ok) return answer;
      vectors = embeddingsFrom(answer.value, texts.length);
      usage = { ...usageFrom(answer.value, estimate), completion: 0 };
    }
    if (vectors === null) return broken("it gave no vectors that can be used");
    const width = vectors[0]?.length ?? 0;
    if (input.dimensions != null && input.dimensions !== width)
      return err({
        code: "invalid-request",
        errors: [{ pointer: "/dimensions", detail: `the model's vectors have ${width}` }],
      });
    const isBase64 = input.encoding_format === "base64";
    const data = vectors.map((vector, index) => ({
      object: "embedding" as const,
      index,
      embedding: isBase64 ? base64Of(bytesOf(vector)) : Array.from(vector),
    }));
    const { prompt } = usage;
    const told = { prompt_tokens: prompt, total_tokens: prompt };
    return ok({ value: { object: "list" as const, data, model: model.id, usage: told }, usage });
  });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

export async function rerank(
  deps: Inference,
  asker: Asker,
  model: Model,
  input: RerankInput,
): Answered<RerankView> {
  const texts = textsOf(input);
  // A model that compares reads the query with each of them.
  const prompt = tokensIn(input.query) * texts.length + tokensInAll(texts);
  const estimate = { prompt, completion: 0 };
  return await spending(deps, asker, model, estimate, async () => {
    const answer = await deps.ask(model, input);
    if (!answer.ok) return answer;
    const ranks = ranksFrom(answer.value, texts.length, input.top_n ?? texts.length);
    if (ranks === null) return broken("it gave no scores that can be used");
    const usage = { ...usageFrom(answer.value, estimate), completion: 0 };
    const results = ranks.map(({ index, score }) => ({
      index,
      relevance_score: score,
      ...(input.return_documents === true && { document: { text: texts[index] ?? "" } }),
    }));
    return ok({
      value: { model: model.id, results, usage: { total_tokens: usage.prompt } },
      usage,
    });
  });
}

export async function chat(
  deps: Inference,
  asker: Asker,
  model: Model,
  input: ChatInput,
  nowMs: number,
): Answered<ChatView> {
  const estimate = { prompt: promptTokens(input), completion: completionTokens(input) };
  return await spending(deps, asker, model, estimate, async () => {
    const answer = await deps.ask(model, input);
    if (!answer.ok) return answer;
    const choices = choicesFrom(answer.value);
    if (choices === null) return broken("it gave no message that can be used");
    const { prompt } = estimate;
    const written = { prompt, completion: tokensIn(writtenIn(choices)) };
    const usage = usageFrom(answer.value, written);
    const value: ChatView = {
      id: `chatcmpl-${deps.newId()}`,
      object: "chat.completion",
      created: Math.floor(nowMs / 1_000),
      model: model.id,
      choices,
      usage: {
        prompt_tokens: usage.prompt,
        completion_tokens: usage.completion,
        total_tokens: usage.prompt + usage.completion,
      },
    };
    return ok({ value, usage });
  });
}

/** The data of each event of the answer; a failure in the middle is thrown as `Cut`. What was taken is settled however it ends. */
export async function chatStreamed(
  deps: Inference,
  asker: Asker,
  model: Model,
  input: ChatInput,
  nowMs: number,
): Answered<AsyncGenerator<string>> {
  const estimate = { prompt: promptTokens(input), completion: completionTokens(input) };
  const hold = held(deps, model, estimate);
  const allowed = await deps.hold(asker, hold);
  if (!allowed.ok) return allowed;
  const settle = ({ prompt, completion }: Usage): void =>
    deps.settle(asker, { ...nameOf(hold), prompt, completion });
  const opened = await deps.stream(model, input).catch((error: unknown) => {
    settle(NOTHING);
    throw error;
  });
  if (!opened.ok) {
    settle(NOTHING);
    return opened;
  }
  const includesUsage = input.stream_options?.include_usage === true;
  const created = Math.floor(nowMs / 1_000);
  const head = { id: `chatcmpl-${deps.newId()}`, model: model.id, created, includesUsage };
  const stream = new ChatStream(head, estimate.prompt);
  return ok(told(stream, opened.value, settle));
}

/** An answer that broke off after it had begun. */
export class Cut extends Error {
  readonly problem: InferenceFailure;
  constructor(detail: string) {
    super(detail);
    this.name = "Cut";
    this.problem = { code: "model-failed", detail };
  }
}

async function* told(
  stream: ChatStream,
  events: AsyncIterable<string>,
  settle: (usage: Usage) => void,
): AsyncGenerator<string> {
  try {
    for await (const data of events) {
      const chunks = stream.take(data);
      if (chunks === null) throw new Cut("the model's answer is none from here on");
      yield* chunks;
      if (stream.isDone) return;
    }
    const rest = stream.finish();
    if (rest === null) throw new Cut("the model's answer was cut off");
    yield* rest;
  } finally {
    settle(stream.usage());
  }
}

const NOTHING: Usage = { prompt: 0, completion: 0 };

/** Holds what a call may take, and settles what it took: nothing, where it failed. */
async function spending<T>(
  deps: Inference,
  asker: Asker,
  model: Model,
  estimate: Usage,
  work: () => Answered<{ value: T; usage: Usage }>,
): Answered<T> {
  const hold = held(deps, model, estimate);
  const allowed = await deps.hold(asker, hold);
  if (!allowed.ok) return allowed;
  let taken = NOTHING;
  try {
    const made = await work();
    if (!made.ok) return made;
    taken = made.value.usage;
    return ok(made.value.value);
  } finally {
    deps.settle(asker, { ...nameOf(hold), ...taken });
  }
}

const held = (
  deps: Inference,
  { id: model, kind }: Model,
  { prompt, completion }: Usage,
): Hold => ({
  id: deps.newId(),
  kind,
  model,
  tokens: Math.min(prompt + completion, LIMITS.inferenceTokensMax),
});

const nameOf = ({ id, kind, model }: Hold) => ({ id, kind, model });

const broken = (detail: string) => err({ code: "model-failed" as const, detail });
