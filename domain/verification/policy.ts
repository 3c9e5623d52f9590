import type { UnitContent } from "#domain/units/model.ts";
import { evidenceOf, type Finding } from "#domain/verification/evidence.ts";
import { fieldsOf, type Field } from "#domain/verification/fields.ts";
import { findInjection } from "#domain/verification/injection.ts";
import type { Evidence } from "#domain/verification/model.ts";
import { findPii } from "#domain/verification/pii.ts";
import { findSecrets } from "#domain/verification/secrets.ts";
import { findToxicity } from "#domain/verification/toxicity.ts";

/** The L3 rules. The version moves with the rule, so that old evidence can be told from new. */
const RULES: readonly { method: string; version: string; find: (field: Field) => Finding[] }[] = [
  { method: "secrets", version: "1", find: findSecrets },
  { method: "pii", version: "1", find: findPii },
  { method: "injection", version: "1", find: findInjection },
  { method: "toxicity", version: "1", find: findToxicity },
];

/** L3: one evidence for each rule, over every text of the unit. */
export function checkPolicy(content: UnitContent, atMs: number): Evidence[] {
  const fields = fieldsOf(content);
  return RULES.map(({ method, version, find }) =>
    evidenceOf(method, version, "L3", fields.flatMap(find), atMs),
  );
}
