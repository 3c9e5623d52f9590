import { WorkerEntrypoint } from "cloudflare:workers";
import {
  RUN_TEXT_CHARS_MAX,
  RUN_TEXTS_MAX,
  type EmbeddingAnswer,
  type EmbeddingRefusal,
  type Priority,
} from "#domain/embedding/answer.ts";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { goneOn, type TraceLink } from "#adapters/tracing.ts";
import { embedBeside, embedOnGpu } from "./embedding/beside.ts";
import { embedHere } from "./embedding/engine.ts";

const SPAN = { name: "EmbeddedAI run", service: "EmbeddedAI", kind: "server" } as const;

type Texts = { text: string | string[] };

let queriesUnderWay = 0;

/** Stands where Workers AI does and answers in its shape, with a model of its own. It has one: for embeddings. */
export class EmbeddedAI extends WorkerEntrypoint<Env> {
  async run(
    model: string,
    input: unknown,
    options?: { priority?: Priority; trace?: TraceLink | undefined },
  ): Promise<EmbeddingAnswer | EmbeddingRefusal> {
    const texts = textsOf(model, input);
    if (!texts.ok) return texts.error;
    const vectors = await goneOn(options?.trace, SPAN, () =>
      this.#embed(texts.value, options?.priority ?? "query"),
    );
    if (!vectors.ok) return vectors.error;
    const data = vectors.value.map((vector) => Array.from(vector));
    return { shape: [data.length, EMBEDDED_SPACE.dimensions], data, pooling: "mean" };
  }

  /** Batches go to the gpu-backend, and so do queries while another is under way; whatever it refuses is done here. */
  async #embed(
    texts: string[],
    priority: Priority,
  ): Promise<Result<Float32Array[], EmbeddingRefusal>> {
    const isQuery = priority === "query";
    queriesUnderWay += Number(isQuery);
    try {
      if (this.env.GPU && (!isQuery || texts.length > 1 || queriesUnderWay > 1)) {
        const vectors = await embedOnGpu(this.env.GPU, texts, priority);
        if (vectors) return ok(vectors);
      }
      const beside = this.env.EMBEDDER
        ? await embedBeside(this.env.EMBEDDER, texts, priority)
        : null;
      return beside ?? (await embedHere(this.env.ASSETS, texts, priority));
    } finally {
      queriesUnderWay -= Number(isQuery);
    }
  }
}

/** Anything but texts for the embedding model has no model here, and is never answered with something made up. */
export function textsOf(model: string, input: unknown): Result<string[], EmbeddingRefusal> {
  if (model !== EMBEDDED_SPACE.model || !isTexts(input)) {
    return err({
      refused: "no-model-bound",
      detail: `only embeddings by ${EMBEDDED_SPACE.model} are embedded`,
    });
  }
  const texts = typeof input.text === "string" ? [input.text] : input.text;
  if (texts.length > RUN_TEXTS_MAX) {
    return err({ refused: "overloaded", detail: `one run takes at most ${RUN_TEXTS_MAX} texts` });
  }
  return ok(texts.map((text) => text.slice(0, RUN_TEXT_CHARS_MAX)));
}

function isTexts(input: unknown): input is Texts {
  if (typeof input !== "object" || input === null || !("text" in input)) return false;
  const { text } = input;
  return (
    typeof text === "string" ||
    (Array.isArray(text) && text.every((item) => typeof item === "string"))
  );
}
