import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import type { ChatView, Usage } from "./model.ts";

// What models answered, taken apart. A model that lies, or is cut off, is one that did not answer: null.

/** Vectors in the order of the inputs, all of one length and finite; a zero vector is no embedding. Not normalised. */
export function embeddingsFrom(answer: unknown, count: number): Float32Array[] | null {
  const parsed = embeddingsAnswer.safeParse(answer);
  if (!parsed.success) return null;
  const data: { index?: number; embedding: number[] | string }[] =
    "shape" in parsed.data
      ? parsed.data.data.map((embedding) => ({ embedding }))
      : parsed.data.data;
  if (data.length !== count) return null;
  const rows = Array.from<Float32Array | undefined>({ length: count });
  let width = 0;
  for (const [place, { index = place, embedding }] of data.entries()) {
    const row = typeof embedding === "string" ? floatsOf(embedding) : Float32Array.from(embedding);
    if (index >= count || rows[index] !== undefined || row === null || !isVector(row)) return null;
    width ||= row.length;
    if (row.length !== width) return null;
    rows[index] = row;
  }
  return rows.flatMap((row) => row ?? []);
}

const vectorOut = z.array(z.number()).max(LIMITS.vectorDimensionsMax);
const embeddingsAnswer = z.union([
  // Workers AI's.
  z.object({ shape: z.array(z.int()), data: z.array(vectorOut) }),
  z.object({
    data: z.array(
      z.object({ index: z.int().min(0).optional(), embedding: z.union([vectorOut, z.string()]) }),
    ),
  }),
]);

const isVector = (row: Float32Array): boolean =>
  row.length > 0 &&
  row.length <= LIMITS.vectorDimensionsMax &&
  row.every((value) => Number.isFinite(value)) &&
  row.some((value) => value !== 0);

function floatsOf(base64: string): Float32Array | null {
  try {
    // Not Uint8Array.fromBase64, which Node 24 lacks.
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return bytes.length % 4 === 0 ? new Float32Array(bytes.buffer) : null;
  } catch {
    return null; // not base64: the same as no vector
  }
}

const count = z.int().min(0).max(LIMITS.inferenceTokensMax);
const usageAnswer = z.looseObject({
  usage: z.looseObject({
    prompt_tokens: count.optional(),
    completion_tokens: count.optional(),
    total_tokens: count.optional(),
  }),
});

/** What the model says it took, where it says so in numbers that can be; else what it was estimated at. */
export function usageFrom(answer: unknown, estimate: Usage): Usage {
  const parsed = usageAnswer.safeParse(answer);
  if (!parsed.success) return estimate;
  const { prompt_tokens, completion_tokens = 0, total_tokens } = parsed.data.usage;
  const prompt = prompt_tokens ?? Math.max(0, (total_tokens ?? -1) - completion_tokens);
  return prompt + completion_tokens > 0 ? { prompt, completion: completion_tokens } : estimate;
}

const messageOut = z.looseObject({
  role: z.literal("assistant").optional(),
  content: z.string().nullish(),
  tool_calls: z.array(z.unknown()).nullish(),
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish(),
});
const choicesAnswer = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        index: z.int().min(0).optional(),
        message: messageOut,
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1)
    .max(LIMITS.chatChoicesMax),
});
/** Workers AI's older models answer so. */
const plainAnswer = z.looseObject({
  response: z.string(),
  tool_calls: z.array(z.object({ name: z.string(), arguments: z.unknown() })).optional(),
});

/** The choices of a chat, in their order; null where there are none that can be. */
export function choicesFrom(answer: unknown): ChatView["choices"] | null {
  const parsed = choicesAnswer.safeParse(answer);
  if (parsed.success)
    return parsed.data.choices.map(({ message, finish_reason }, index) => ({
      index,
      message: { ...message, role: "assistant", content: message.content ?? null },
      finish_reason: finish_reason ?? null,
    }));
  const plain = plainAnswer.safeParse(answer);
  if (!plain.success) return null;
  const { response, tool_calls = [] } = plain.data;
  const calls = tool_calls.map(({ name, arguments: given }, i) => ({
    id: `call_${i}`,
    type: "function",
    function: { name, arguments: typeof given === "string" ? given : JSON.stringify(given ?? {}) },
  }));
  const called = calls.length > 0;
  const message = { role: "assistant" as const, content: response };
  return [
    {
      index: 0,
      message: called ? { ...message, tool_calls: calls } : message,
      finish_reason: called ? "tool_calls" : "stop",
    },
  ];
}

/** Text that a chat's choices hold, for an estimate of what was written. */
export const writtenIn = (choices: ChatView["choices"]): string =>
  choices
    .map(({ message }) => `${message.content ?? ""}${JSON.stringify(message["tool_calls"] ?? "")}`)
    .join("");

export type Rank = { index: number; score: number };
const place = z.int().min(0);
/** Of Jina, Cohere and vLLM, of TEI, and of Workers AI. */
const ranksAnswer = z.union([
  z
    .object({ results: z.array(z.object({ index: place, relevance_score: z.number() })) })
    .transform(({ results }) =>
      results.map(({ index, relevance_score: score }): Rank => ({ index, score })),
    ),
  z.array(z.object({ index: place, score: z.number() })),
  z
    .object({ response: z.array(z.object({ id: place, score: z.number() })) })
    .transform(({ response }) => response.map(({ id: index, score }): Rank => ({ index, score }))),
]);

/** The documents' scores, best first: at least `wanted` of `count` documents, each once; equal scores in the order given. */
export function ranksFrom(answer: unknown, count: number, wanted: number): Rank[] | null {
  const parsed = ranksAnswer.safeParse(answer);
  if (!parsed.success) return null;
  const ranks: Rank[] = parsed.data;
  const known = new Set(ranks.map(({ index }) => index));
  if (known.size !== ranks.length || ranks.length < Math.min(wanted, count)) return null;
  if (ranks.some(({ index, score }) => index >= count || !Number.isFinite(score))) return null;
  return ranks.toSorted((a, b) => b.score - a.score || a.index - b.index).slice(0, wanted);
}
