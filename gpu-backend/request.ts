import { z } from "zod";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

/** OpenAI's own bound on one request. */
export const INPUTS_MAX = 2_048;

/** A whole unit's body may be one text; the model reads its first 256 word pieces. */
const input = text(LIMITS.unitBodyCharsMax);

/** OpenAI's embeddings request. Unknown members are ignored, as in every protocol that is not ours. */
const embeddingsBody = z.object({
  model: z.string().max(200).optional(),
  input: z.union([input, z.array(input).min(1).max(INPUTS_MAX)]),
  encoding_format: z.enum(["float", "base64"]).default("float"),
  dimensions: z.literal(EMBEDDED_SPACE.dimensions).optional(), // the model has no shorter vectors
});

export type EmbeddingsRequest = { texts: string[]; format: "float" | "base64" };

const MODELS: readonly string[] = [EMBEDDED_SPACE.model, EMBEDDED_SPACE.id];

/** A request for another model is refused: vectors of two models never meet. */
export function parseEmbeddings(
  body: string,
): Result<EmbeddingsRequest, Problem<"invalid-request" | "not-found">> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return err({ code: "invalid-request", detail: "The body is not JSON." });
  }
  const parsed = embeddingsBody.safeParse(json);
  if (!parsed.success) {
    const errors = parsed.error.issues.slice(0, 20).flatMap(invalids).slice(0, 20);
    return err({
      code: "invalid-request",
      detail: "The body does not have the shape of an embeddings request.",
      errors,
    });
  }
  const { model, input: given, encoding_format: format } = parsed.data;
  if (model !== undefined && !MODELS.includes(model)) {
    return err({
      code: "not-found",
      detail: `This backend runs ${EMBEDDED_SPACE.model} and no other model.`,
    });
  }
  return ok({ texts: typeof given === "string" ? [given] : given, format });
}

/** A union's issue names no place of its own: the branch that has the right type at its root does. */
function invalids(issue: z.core.$ZodIssue): { pointer: string; detail: string }[] {
  if (issue.code !== "invalid_union")
    return [{ pointer: pointer(issue.path), detail: issue.message }];
  const ofRightType = issue.errors.find(
    (branch) => !branch.some((inner) => inner.path.length === 0 && inner.code === "invalid_type"),
  );
  if (!ofRightType)
    return [{ pointer: pointer(issue.path), detail: "must be a string or an array of strings" }];
  return ofRightType.map((inner) => ({
    pointer: pointer([...issue.path, ...inner.path]),
    detail: inner.message,
  }));
}

const pointer = (path: readonly PropertyKey[]) =>
  `#${path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")}`;
