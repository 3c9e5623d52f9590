import { EMBEDDED_SPACE, WORKERS_AI_SPACE } from "#domain/embedding/space.ts";
import type { Inference, InferenceFailure } from "#domain/inference/infer.ts";
import type { ChatInput, EmbeddingsInput, RerankInput } from "#domain/inference/model.ts";
import { type Model, modelsOf } from "#domain/inference/models.ts";
import {
  called,
  nextAttemptInMs,
  type RetryBudget,
  retryBudget,
} from "#domain/inference/retries.ts";
import {
  bindingInput,
  endpointRequest,
  failedBy,
  type Failed,
  teiRerankBody,
} from "#domain/inference/upstream.ts";
import { log } from "#domain/observability/log.ts";
import { linesOf } from "#domain/shared/lines.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { breakers } from "#adapters/breakers.ts";
import { askEndpoint, openEndpoint } from "#adapters/egress.ts";
import type { embedding } from "#adapters/inference.ts";

type AnyInput = EmbeddingsInput | ChatInput | RerankInput;
type Called<T> = Result<T, Failed>;
type Embedding = ReturnType<typeof embedding>;

/** Between two pieces of a stream; a model that says nothing for so long says no more. */
const QUIET_MS = 60_000;

/** The models that callers may use, each behind a breaker and with few repetitions. */
export function inferenceModels(
  env: Env,
  embed: Embedding,
): Pick<Inference, "models" | "ask" | "stream" | "vectors"> {
  const isDeployed = env.WISHUB_EMBED_MODEL === WORKERS_AI_SPACE.model;
  const models = modelsOf({
    url: env.WISHUB_AI_URL,
    model: env.WISHUB_AI_MODEL,
    models: env.WISHUB_AI_MODELS,
    spaceModel: (isDeployed ? WORKERS_AI_SPACE : EMBEDDED_SPACE).model,
    isDeployed,
  });
  const through = breakers();
  const budgets = new Map<string, RetryBudget>();

  /** `work` until it answers, is refused for a reason that stays, or the repetitions are used up. */
  async function tried<T>(
    model: Model,
    work: () => Promise<Called<T>>,
  ): Promise<Result<T, InferenceFailure>> {
    const server = `${model.via} ${model.kind} ${model.id}`;
    const budget = budgets.get(server) ?? retryBudget();
    budgets.set(server, budget); // as many as there are models
    called(budget);
    for (let attempts = 1; ; attempts++) {
      const made = await through(server, () => thrownAsFailed(server, work), isDown, resting);
      if (made.ok) return made;
      const { problem, isRetryable } = made.error;
      const pauseMs = isRetryable ? nextAttemptInMs(budget, attempts, Math.random()) : null;
      if (pauseMs === null) return err(problem as InferenceFailure);
      await scheduler.wait(pauseMs);
    }
  }

  return {
    models,
    ask: async (model, input) =>
      await tried(model, async () =>
        model.via === "binding"
          ? ok(await bindingOf(env).run(model.id, bindingInput(input)))
          : await answerOfEndpoint(env, model, input),
      ),
    stream: async (model, input) => {
      const opened = await tried(model, async () =>
        model.via === "binding"
          ? streamOfBinding(await bindingOf(env).run(model.id, bindingInput(input)))
          : await streamOfEndpoint(env, model, input),
      );
      return opened.ok ? ok(eventsOf(opened.value)) : opened;
    },
    vectors: async (model, texts) => {
      const space = embed.spaces.find((each) => each.model === model.id);
      if (space === undefined) return err({ code: "no-model-bound" });
      return await embed.documents(space.id, texts);
    },
  };
}

const isDown = <T>(made: Called<T>): boolean => !made.ok && made.error.isRetryable;

const resting = (retryAfterS: number) =>
  err({
    problem: {
      code: "overloaded" as const,
      detail: "the model failed time and again",
      retryAfterS,
    },
    isRetryable: false,
  });

/** What is thrown never came to an answer: worth another attempt, unless it took all the time or room there is. */
async function thrownAsFailed<T>(
  server: string,
  work: () => Promise<Called<T>>,
): Promise<Called<T>> {
  try {
    return await work();
  } catch (error) {
    log("error", "inference-failed", { server, error: String(error) });
    if (/no such model|5007|5018/i.test(String(error)))
      return err({ problem: { code: "no-model-bound" }, isRetryable: false });
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const isLong = error instanceof RangeError;
    const problem = { code: "model-failed" as const, detail: "the model did not answer" };
    return err({ problem, isRetryable: !isLate && !isLong });
  }
}

/** Workers AI's own type lists the models of its day; what it answers is taken apart by the domain instead. */
const bindingOf = ({ AI }: Env) => {
  const ai = AI as unknown as { run(model: string, input: object): Promise<unknown> };
  return {
    run: async (model: string, input: object) =>
      await Promise.race([
        ai.run(model, input),
        scheduler.wait(LIMITS.endpointTimeoutMs).then((): never => {
          throw new DOMException("the model took too long", "TimeoutError");
        }),
      ]),
  };
};

function requestOf(env: Env, path: string, body: string) {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (env.WISHUB_AI_KEY) headers["authorization"] = `Bearer ${env.WISHUB_AI_KEY}`;
  const url = `${(env.WISHUB_AI_URL ?? "").replace(/\/+$/, "")}${path}`;
  return { url, init: { headers, body } };
}

async function answerOfEndpoint(env: Env, model: Model, input: AnyInput): Promise<Called<unknown>> {
  const { path, body } = endpointRequest(model, input);
  const { url, init } = requestOf(env, path, body);
  let answer = await askEndpoint(url, init);
  // Text Embeddings Inference could not read the request.
  if (answer.status === 422 && "documents" in input)
    answer = await askEndpoint(url, { ...init, body: teiRerankBody(input) });
  const { status, headers } = answer;
  const value = valueOf(answer.body);
  if (status < 200 || status > 299) return err(failedBy(status, headers.get("Retry-After"), value));
  if (value !== undefined) return ok(value);
  const problem = { code: "model-failed" as const, detail: "the model's answer is no JSON" };
  return err({ problem, isRetryable: false });
}

async function streamOfEndpoint(
  env: Env,
  model: Model,
  input: ChatInput,
): Promise<Called<ReadableStream<Uint8Array>>> {
  const { path, body } = endpointRequest(model, input);
  const { url, init } = requestOf(env, path, body);
  const response = await openEndpoint(url, init);
  if (response.ok && /^text\/event-stream\b/i.test(response.headers.get("Content-Type") ?? ""))
    return streamOfBinding(response.body);
  const said = new Uint8Array((await firstOf(response.body)) ?? []);
  if (!response.ok)
    return err(failedBy(response.status, response.headers.get("Retry-After"), valueOf(said)));
  const problem = { code: "model-failed" as const, detail: "the model did not stream" };
  return err({ problem, isRetryable: false });
}

function streamOfBinding(answer: unknown): Called<ReadableStream<Uint8Array>> {
  if (answer instanceof ReadableStream) return ok(answer as ReadableStream<Uint8Array>);
  const problem = { code: "model-failed" as const, detail: "the model did not stream" };
  return err({ problem, isRetryable: false });
}

/** The first piece of an answer, which tells what was wrong; the rest is not waited for. */
async function firstOf(body: ReadableStream | null): Promise<Uint8Array | undefined> {
  const reader = (body as ReadableStream<Uint8Array> | null)?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return value?.subarray(0, LIMITS.egressBytesMax);
}

function valueOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

/** The data of server-sent events (WHATWG HTML, 9.2), each on a line of its own as OpenAI writes them. */
async function* eventsOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const utf8 = new TextDecoder();
  for await (const lines of linesOf(boundedPieces(stream), LIMITS.endpointBytesMax)) {
    for (const { bytes } of lines) {
      const line = bytes === null ? "" : utf8.decode(bytes).trimEnd();
      if (line.startsWith("data:")) yield line.slice(5).trimStart();
    }
  }
}

/** Ends early where it is too long or says nothing for too long: what is cut off is told from what is whole by its end. */
async function* boundedPieces(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let left = LIMITS.endpointBytesMax;
  try {
    for (;;) {
      const quiet = new AbortController();
      const late = scheduler.wait(QUIET_MS, { signal: quiet.signal }).then(
        () => null,
        () => null,
      );
      const next = await Promise.race([reader.read(), late]);
      quiet.abort();
      if (next === null || next.done) return;
      left -= next.value.byteLength;
      if (left < 0) return;
      yield next.value;
    }
  } catch {
    return; // it broke off
  } finally {
    await reader.cancel().catch(() => {});
  }
}
