import { type Scope, SCOPES } from "#domain/accounts/model.ts";

/** What is meant where a client names no scope: to look, and nothing that changes or costs anything. */
export const DEFAULT_SCOPES: readonly Scope[] = ["search", "units:read"];

/** What a person reads before they say yes. */
export const SCOPE_MEANINGS: Record<Scope, string> = {
  search: "Search public knowledge and that of your account",
  "units:read": "Read units",
  "units:write": "Publish, change and retract units",
  agents: "Register agents and act for them",
  tasks: "Give and take tasks",
  inference: "Use models",
  events: "Read events and set up webhooks",
  keys: "Make and revoke API keys and applications",
  audit: "Read the audit log",
  admin: "Administer your account",
  scim: "Manage people and groups as your directory",
};

/** The scopes of a space-separated list (RFC 6749 section 3.3), in the order of SCOPES; null where one of them is unknown. */
export function scopesFrom(text: string): Scope[] | null {
  const named = new Set(text.split(" ").filter((word) => word !== ""));
  const known = SCOPES.filter((scope) => named.has(scope));
  return known.length === named.size && named.size > 0 ? known : null;
}

export const scopeText = (scopes: Iterable<Scope>) => [...scopes].join(" ");

/** What of `asked` is within `allowed`; without a wish, what of `otherwise` is. Null where a wish goes beyond. */
export function narrowed(
  asked: string | undefined,
  allowed: readonly Scope[],
  otherwise: readonly Scope[] = allowed,
): Scope[] | null {
  if (asked === undefined || asked.trim() === "")
    return allowed.filter((scope) => otherwise.includes(scope));
  const scopes = scopesFrom(asked);
  return scopes?.every((scope) => allowed.includes(scope)) ? scopes : null;
}
