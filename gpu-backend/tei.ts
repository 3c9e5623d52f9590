import { z } from "zod";
import { invalidOf } from "#domain/shared/input.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";
import { INPUTS_MAX } from "./request.ts";

// What Text Embeddings Inference takes at /embed and /rerank; unknown members are ignored.

const input = text(LIMITS.unitBodyCharsMax);

const embedBody = z.object({
  inputs: z.union([input, z.array(input).min(1).max(INPUTS_MAX)]),
  normalize: z.literal(true, "vectors of this model have length 1 and no other").optional(),
});

const rerankBody = z.object({
  query: text(LIMITS.queryCharsMax),
  texts: z.array(input).min(1).max(LIMITS.jobDocumentsMax),
  return_text: z.boolean().default(false),
});

type Parsed<T> = Result<T, Problem<"invalid-request">>;

export function parseEmbed(body: string): Parsed<string[]> {
  const parsed = parse(embedBody, body);
  if (!parsed.ok) return parsed;
  const { inputs } = parsed.value;
  return ok(typeof inputs === "string" ? [inputs] : inputs);
}

export const parseRerank = (body: string): Parsed<z.output<typeof rerankBody>> =>
  parse(rerankBody, body);

function parse<S extends z.ZodType>(schema: S, body: string): Parsed<z.output<S>> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return err({ code: "invalid-request", detail: "The body is not JSON." });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return ok(parsed.data);
  return err({ code: "invalid-request", errors: invalidOf(parsed.error) });
}
