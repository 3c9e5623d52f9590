import { base64Of, bytesOf } from "#domain/shared/bytes.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Problem } from "#domain/shared/problem.ts";

/** A caller's vector brought to unit length; refused when it has the wrong length, or none to speak of. */
export function unitVector(
  values: number[],
  dimensions: number,
): Result<Float32Array, Problem<"invalid-request">> {
  if (values.length !== dimensions)
    return invalid(`must have ${dimensions} numbers, has ${values.length}`);
  const norm = Math.hypot(...values);
  if (!Number.isFinite(norm) || norm < 1e-12)
    return invalid("must have a finite length above zero");
  return ok(Float32Array.from(values, (value) => value / norm));
}

/** How a caller's vector is stored: its space, then base64 of little-endian float32s of unit length. */
export function packedVector(
  values: number[],
  space: { id: string; dimensions: number },
): Result<string, Problem<"invalid-request">> {
  const vector = unitVector(values, space.dimensions);
  return vector.ok ? ok(`${space.id} ${base64Of(new Uint8Array(vector.value.buffer))}`) : vector;
}

/** The stored vector, if it was given in this space. */
export function unpackedVector(packed: string | null, space: string): Float32Array | null {
  if (!packed?.startsWith(`${space} `)) return null;
  return new Float32Array(bytesOf(packed.slice(space.length + 1)).buffer);
}

const invalid = (detail: string) =>
  err({ code: "invalid-request" as const, errors: [{ pointer: "/vector", detail }] });
