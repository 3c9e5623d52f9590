import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/**
 * OpenAI's requests (platform.openai.com/docs/api-reference: embeddings, chat) and the request for re-ranking that Jina,
 * Cohere and vLLM share. Members that are not named here are ignored, as in every protocol that is not ours; `null` is
 * what OpenAI's clients send for what they were not given.
 */
const modelName = text(LIMITS.modelIdCharsMax).nullish();
const string = (charsMax: number) => z.string().max(charsMax);
const tokens = z.int().min(1).max(LIMITS.inferenceTokensMax);
const userName = string(LIMITS.nameCharsMax).nullish();

const embedded = text(LIMITS.unitBodyCharsMax);
export const embeddingsInput = z.object({
  model: modelName,
  input: z.union([embedded, z.array(embedded).min(1).max(LIMITS.embeddingInputsMax)]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().min(1).max(LIMITS.vectorDimensionsMax).nullish(),
  user: userName,
});
export type EmbeddingsInput = z.output<typeof embeddingsInput>;

const textPart = z.object({ type: z.literal("text"), text: string(LIMITS.bodyBytesMax) });
/** Held in the message: an address would be fetched from where the operator's endpoint stands. */
const imagePart = z.object({
  type: z.literal("image_url"),
  image_url: z.object({
    url: string(LIMITS.bodyBytesMax).regex(
      /^data:image\/[a-z0-9.+-]{1,40};base64,/,
      "must be a data: URL of an image",
    ),
    detail: z.enum(["auto", "low", "high"]).nullish(),
  }),
});
const content = z.union([
  string(LIMITS.bodyBytesMax),
  z
    .array(z.union([textPart, imagePart]))
    .min(1)
    .max(LIMITS.chatPartsMax),
]);
const toolCall = z.object({
  id: string(LIMITS.a2aIdCharsMax),
  type: z.literal("function"),
  function: z.object({ name: string(LIMITS.nameCharsMax), arguments: string(LIMITS.bodyBytesMax) }),
});
const message = z.object({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: content.nullish(),
  name: string(LIMITS.nameCharsMax).nullish(),
  tool_calls: z.array(toolCall).max(LIMITS.chatToolsMax).nullish(),
  tool_call_id: string(LIMITS.a2aIdCharsMax).nullish(),
});
const tool = z.object({
  type: z.literal("function"),
  function: z.object({
    name: text(LIMITS.nameCharsMax),
    description: string(LIMITS.cardTextCharsMax).nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
    strict: z.boolean().nullish(),
  }),
});
const named = z.object({
  type: z.literal("function"),
  function: z.object({ name: text(LIMITS.nameCharsMax) }),
});
const stop = text(LIMITS.nameCharsMax);
const penalty = z.number().min(-2).max(2).nullish();

export const chatInput = z.object({
  model: modelName,
  messages: z.array(message).min(1).max(LIMITS.chatMessagesMax),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: tokens.nullish(),
  max_completion_tokens: tokens.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(LIMITS.chatChoicesMax).nullish(),
  stop: z.union([stop, z.array(stop).max(4)]).nullish(),
  seed: z.int().nullish(),
  presence_penalty: penalty,
  frequency_penalty: penalty,
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  reasoning_effort: string(LIMITS.kindCharsMax).nullish(),
  tools: z.array(tool).max(LIMITS.chatToolsMax).nullish(),
  tool_choice: z.union([z.enum(["none", "auto", "required"]), named]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z
    .object({
      type: z.enum(["text", "json_object", "json_schema"]),
      json_schema: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
  user: userName,
});
export type ChatInput = z.output<typeof chatInput>;

const ranked = text(LIMITS.unitBodyCharsMax);
export const rerankInput = z.object({
  model: modelName,
  query: text(LIMITS.unitBodyCharsMax),
  documents: z
    .array(z.union([ranked, z.object({ text: ranked })]))
    .min(1)
    .max(LIMITS.rerankDocumentsMax),
  top_n: z.int().min(1).max(LIMITS.rerankDocumentsMax).nullish(),
  return_documents: z.boolean().nullish(),
});
export type RerankInput = z.output<typeof rerankInput>;

/** Tokens as the model counted them, or as we estimate where it does not say. */
export type Usage = { prompt: number; completion: number };
const usageView = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int().optional(),
  total_tokens: z.int(),
});

export const embeddingsView = z.object({
  object: z.literal("list"),
  data: z.array(
    z.object({
      object: z.literal("embedding"),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  model: z.string(),
  usage: usageView,
});
export type EmbeddingsView = z.output<typeof embeddingsView>;

export const chatView = z.object({
  id: z.string(),
  object: z.literal("chat.completion"),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.looseObject({ role: z.literal("assistant"), content: z.string().nullable() }),
      finish_reason: z.string().nullable(),
    }),
  ),
  usage: usageView,
});
export type ChatView = z.output<typeof chatView>;

export const rerankView = z.object({
  model: z.string(),
  results: z.array(
    z.object({
      index: z.int(),
      relevance_score: z.number(),
      document: z.object({ text: z.string() }).optional(),
    }),
  ),
  usage: z.object({ total_tokens: z.int() }),
});
export type RerankView = z.output<typeof rerankView>;

export const modelsView = z.object({
  object: z.literal("list"),
  data: z.array(
    z.object({
      id: z.string(),
      object: z.literal("model"),
      created: z.int(),
      owned_by: z.string(),
      /** What it may be asked for, the kinds it is the default of. */
      kinds: z.array(z.string()),
      default_for: z.array(z.string()),
    }),
  ),
});
