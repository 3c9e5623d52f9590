import { z } from "zod";
import { base64Of, bytesOf } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { normOf } from "#domain/shared/norm.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Problem } from "#domain/shared/problem.ts";

const numbers = z.array(z.number()).min(1).max(LIMITS.vectorDimensionsMax);

/** A caller's vector. One loop sees whether it is right; only of one that is wrong does the schema say where. */
export const vectorInput = z
  .custom<number[]>()
  .superRefine((value: unknown, context) => {
    if (areNumbers(value)) return;
    for (const { message, path } of numbers.safeParse(value).error?.issues ?? [])
      context.addIssue({ code: "custom", message, path });
  })
  .meta({
    override: {
      minItems: 1,
      maxItems: LIMITS.vectorDimensionsMax,
      type: "array",
      items: { type: "number" },
    },
  });

function areNumbers(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 1 || value.length > LIMITS.vectorDimensionsMax)
    return false;
  for (let i = 0; i < value.length; i++) if (!Number.isFinite(value[i])) return false;
  return true;
}

/** A caller's vector brought to unit length; refused when it has the wrong length, or none to speak of. */
export function unitVector(
  values: number[],
  dimensions: number,
): Result<Float32Array, Problem<"invalid-request">> {
  if (values.length !== dimensions)
    return invalid(`must have ${dimensions} numbers, has ${values.length}`);
  const norm = normOf(values);
  if (!Number.isFinite(norm) || norm < 1e-12)
    return invalid("must have a finite length above zero");
  const vector = new Float32Array(dimensions);
  for (let i = 0; i < dimensions; i++) vector[i] = (values[i] ?? 0) / norm;
  return ok(vector);
}

/** How a caller's vector is stored: its space, then base64 of little-endian float32s of unit length. */
export function packedVector(
  values: number[],
  space: { id: string; dimensions: number },
): Result<string, Problem<"invalid-request">> {
  const vector = unitVector(values, space.dimensions);
  return vector.ok ? ok(`${space.id} ${base64Of(new Uint8Array(vector.value.buffer))}`) : vector;
}

export const isGivenIn = (packed: string | null, space: string): packed is string =>
  packed?.startsWith(`${space} `) === true;

/** The stored vector, if it was given in this space. */
export function unpackedVector(packed: string | null, space: string): Float32Array | null {
  if (!isGivenIn(packed, space)) return null;
  return new Float32Array(bytesOf(packed.slice(space.length + 1)).buffer);
}

const invalid = (detail: string) =>
  err({ code: "invalid-request" as const, errors: [{ pointer: "/vector", detail }] });
