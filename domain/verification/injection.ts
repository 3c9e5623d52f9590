import type { Finding } from "#domain/verification/evidence.ts";
import type { Field } from "#domain/verification/fields.ts";

export function findInjection(_field: Field): Finding[] {
  return [];
}
