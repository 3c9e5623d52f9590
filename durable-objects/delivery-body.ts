import { type Endpoint, MEMBERS_FIELD } from "#domain/delivery/model.ts";
import { openText, scopeName } from "#domain/protection/envelope.ts";
import type { heldKeys } from "#db/catalog/held-keys.ts";

/**
 * A delivery's body with what its receiver wants in it and nobody else may read (`sealedMembers`); null where the
 * account was erased, and its secrets with it.
 */
export async function bodyOf(
  keys: ReturnType<typeof heldKeys>,
  { accountId, sealedMembers }: Endpoint,
  body: string,
): Promise<string | null> {
  if (sealedMembers == null) return body;
  const scope = scopeName({ account: accountId });
  const key = (await keys.present([scope])).get(scope);
  const opened = key == null ? null : await openText(key, scope, MEMBERS_FIELD, sealedMembers);
  if (opened === null) return null;
  return JSON.stringify({ ...(JSON.parse(opened) as object), ...(JSON.parse(body) as object) });
}
