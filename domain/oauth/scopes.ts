import { type Scope, SCOPES } from "#domain/accounts/model.ts";

/** The scopes of a space-separated list (RFC 6749 section 3.3), in the order of SCOPES; null where one of them is unknown. */
export function scopesFrom(text: string): Scope[] | null {
  const named = new Set(text.split(" ").filter((word) => word !== ""));
  const known = SCOPES.filter((scope) => named.has(scope));
  return known.length === named.size && named.size > 0 ? known : null;
}

export const scopeText = (scopes: Iterable<Scope>) => [...scopes].join(" ");

/** What of `asked` is within `allowed`; without a wish, all that is allowed. Null where a wish goes beyond. */
export function narrowed(asked: string | undefined, allowed: readonly Scope[]): Scope[] | null {
  if (asked === undefined || asked.trim() === "") return [...allowed];
  const scopes = scopesFrom(asked);
  return scopes?.every((scope) => allowed.includes(scope)) ? scopes : null;
}
