import { nameRefusal } from "#domain/agents/names.ts";
import type { Invalid, Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Field } from "#domain/verification/fields.ts";
import { findInjection } from "#domain/verification/injection.ts";
import { findSecrets } from "#domain/verification/secrets.ts";

/**
 * What of these texts may be shown to nobody: instructions aimed at the model that reads them, text that a person does not
 * see, and secrets. For a card that comes from outside too, by the pointers into it.
 */
export const unfitTexts = (fields: readonly Field[]): Invalid[] =>
  fields
    .flatMap((field) => [...findInjection(field), ...findSecrets(field)])
    .filter(({ verdict }) => verdict === "fail")
    .map(({ pointer = "", detail }) => ({ pointer, detail }));

type Said = {
  name?: string | undefined;
  description?: string | undefined;
  capabilities?: readonly string[] | undefined;
};

/** Whether what an agent says of itself may be shown, before anybody sees it. */
export function checkShown({
  name,
  description,
  capabilities = [],
}: Said): Result<null, Problem<"invalid-request">> {
  const refusal = name === undefined ? null : nameRefusal(name);
  const errors: Invalid[] = refusal === null ? [] : [{ pointer: "/name", detail: refusal }];
  const fields: Field[] = capabilities.map((one, i) => ({
    pointer: `/capabilities/${i}`,
    text: one.replaceAll(/[.:/-]/g, " "), // as a model reads it
  }));
  if (name !== undefined) fields.push({ pointer: "/name", text: name });
  if (description !== undefined) fields.push({ pointer: "/description", text: description });
  errors.push(...unfitTexts(fields));
  return errors.length === 0 ? ok(null) : err({ code: "invalid-request", errors });
}
