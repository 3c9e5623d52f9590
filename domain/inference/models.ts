/** What a model is asked for. */
export const INFERENCE_KINDS = ["embeddings", "chat", "rerank"] as const;
export type InferenceKind = (typeof INFERENCE_KINDS)[number];

/**
 * A model that callers may use. `endpoint`: behind the operator's OpenAI-compatible address. `binding`: Workers AI.
 * `space`: the one that the platform's own units are embedded with, wherever it runs.
 */
export type Model = { id: string; kind: InferenceKind; via: "endpoint" | "binding" | "space" };

/** What the operator has set (CONTRACT.md, Environment), and the model of the platform's own space. */
export type ModelSettings = {
  url: string | undefined;
  model: string | undefined;
  /** `chat=llama-3.3-70b, chat=small, rerank=@cf/baai/bge-reranker-base`: the first of a kind is its default. */
  models: string | undefined;
  spaceModel: string;
  /** Whether `AI` is Workers AI, which has more than the space's model. */
  isDeployed: boolean;
};

/** Workers AI's names begin so; whatever else is called is asked of the endpoint. */
const BINDING_PREFIX = "@cf/";
/** What is offered of Workers AI unless deploy.json says otherwise (developers.cloudflare.com/workers-ai/models). */
export const WORKERS_AI_MODELS =
  "chat=@cf/meta/llama-3.3-70b-instruct-fp8-fast,chat=@cf/meta/llama-3.1-8b-instruct-fp8,rerank=@cf/baai/bge-reranker-base";
const MODEL_ID_CHARS_MAX = 200;
const MODELS_MAX = 64;

/**
 * The models that may be used, and no others: those that `models` lists, else the endpoint's one for everything; the
 * platform's own for embeddings is always among them.
 */
export function modelsOf(settings: ModelSettings): Model[] {
  const { url, model, models, spaceModel, isDeployed } = settings;
  const offered: Model[] = [];
  const offer = (kind: InferenceKind, id: string): void => {
    if (offered.some((known) => known.kind === kind && known.id === id)) return;
    if (id === spaceModel) {
      if (kind === "embeddings") offered.push({ id, kind, via: "space" });
    } else if (id.startsWith(BINDING_PREFIX)) {
      if (isDeployed) offered.push({ id, kind, via: "binding" });
    } else if (url) offered.push({ id, kind, via: "endpoint" });
  };
  if (models) for (const { kind, id } of listedModels(models) ?? []) offer(kind, id);
  else if (model) for (const kind of INFERENCE_KINDS) offer(kind, model);
  offer("embeddings", spaceModel);
  return offered;
}

/** What `WISHUB_AI_MODELS` lists; null where a part of it is no `kind=model`. */
export function listedModels(text: string): { kind: InferenceKind; id: string }[] | null {
  const parts = text.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
  if (parts.length > MODELS_MAX) return null;
  const listed = [];
  for (const part of parts) {
    const at = part.indexOf("=");
    const kind = INFERENCE_KINDS.find((known) => known === part.slice(0, at).trim());
    const id = part.slice(at + 1).trim();
    if (kind === undefined || !isModelId(id)) return null;
    listed.push({ kind, id });
  }
  return listed;
}

const isModelId = (id: string): boolean =>
  id.length >= 1 && id.length <= MODEL_ID_CHARS_MAX && /^[\x21-\x7e]+$/.test(id);
