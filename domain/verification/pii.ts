import type { Finding } from "#domain/verification/evidence.ts";
import type { Field } from "#domain/verification/fields.ts";

export function findPii(_field: Field): Finding[] {
  return [];
}
