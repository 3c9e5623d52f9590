import { agentOf, type AgentRow } from "#domain/agents/principal.ts";
import { planOf } from "#domain/limits/plans.ts";
import { type Principal, type Role, ROLES, type Scope, SCOPES } from "#domain/accounts/model.ts";
import { scopesOfRole } from "#domain/people/model.ts";

/** What the catalog knows of a credential, with the account and principal it belongs to. */
export type CredentialRow = {
  id: string;
  accountId: string;
  principalId: string;
  hash: string;
  scopes: string[];
  expiresAtMs: number | null;
  revokedAtMs: number | null;
  accountStatus: string;
  principalStatus: string;
  role: string;
  policyVersion: number;
  plan: string;
  /** Of the API key, or of the one that a session was opened with. */
  networks: string[] | null;
} & AgentRow;

export type Verdict = { principal: Principal; expiresAtMs: number };

/** Who an API key is, or null. Every doubt is a no. */
export function keyVerdict(row: CredentialRow | null, hash: string, nowMs: number): Verdict | null {
  return row === null || row.hash !== hash ? null : keyVerdictOf(row, nowMs);
}

/** The same for a key that nobody presented: what it could do, told to its own account. */
export function keyVerdictOf(row: CredentialRow, nowMs: number): Verdict | null {
  if (!isLive(row, nowMs)) return null;
  const principal: Principal = {
    ...identity(row),
    keyId: row.id,
    kind: "key",
    scopes: knownScopes(row.scopes),
    ...(row.expiresAtMs !== null && { expiresAtMs: row.expiresAtMs }),
  };
  return { principal, expiresAtMs: row.expiresAtMs ?? Number.POSITIVE_INFINITY };
}

/** Who a browser session is, or null: also once the key it was opened with is gone. */
export function sessionVerdict(
  row:
    | (CredentialRow & {
        keyId: string | null;
        keyIsLive: boolean;
        keyExpiresAtMs: number | null;
        personId: string | null;
        factorAtMs: number | null;
      })
    | null,
  hash: string,
  nowMs: number,
): Verdict | null {
  if (row === null || row.hash !== hash || !isLive(row, nowMs) || row.expiresAtMs === null)
    return null;
  if (row.keyId !== null && !row.keyIsLive) return null;
  const principal: Principal = {
    ...identity(row),
    sessionId: row.id,
    kind: "session",
    scopes: knownScopes(row.scopes),
  };
  if (row.keyId !== null) principal.keyId = row.keyId;
  // What a session makes lives no longer than what the key makes that it was opened with.
  if (row.keyExpiresAtMs !== null) principal.expiresAtMs = row.keyExpiresAtMs;
  if (row.personId !== null) {
    principal.personId = row.personId;
    principal.factor = { provenAtMs: row.factorAtMs };
    // What a person may do follows from what they are now, not from what they were when they signed in.
    principal.scopes = new Set(scopesOfRole(principal.role));
  }
  return { principal, expiresAtMs: row.expiresAtMs };
}

function isLive(row: CredentialRow, nowMs: number): boolean {
  const expired = row.expiresAtMs !== null && row.expiresAtMs <= nowMs;
  return (
    !expired &&
    row.revokedAtMs === null &&
    row.accountStatus === "active" &&
    row.principalStatus === "active" &&
    agentOf(row) !== null
  );
}

const identity = (row: CredentialRow) => ({
  accountId: row.accountId,
  principalId: row.principalId,
  role: knownRole(row.role),
  policyVersion: row.policyVersion,
  plan: planOf(row.plan),
  ...(row.networks !== null && { networks: row.networks }),
  ...agentOf(row),
});

/** A role that this release does not know is the least one. */
export const knownRole = (role: string): Role => ROLES.find((known) => known === role) ?? "viewer";

/** A scope that this release does not know grants nothing. */
function knownScopes(scopes: readonly string[]): ReadonlySet<Scope> {
  return new Set(SCOPES.filter((scope) => scopes.includes(scope)));
}
