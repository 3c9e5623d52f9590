import { agentOf, type AgentRow } from "#domain/agents/principal.ts";
import type { Principal } from "#domain/accounts/model.ts";
import { planOf } from "#domain/limits/plans.ts";
import { knownRole, type Verdict } from "#domain/accounts/verdict.ts";
import { builtIn } from "#domain/oauth/built-in.ts";
import { isDocumentId } from "#domain/oauth/client-documents.ts";
import type { AccessToken } from "#domain/oauth/access-token.ts";

/** What the catalog knows about a token whose signature is good. */
export type TokenRow = {
  accountStatus: string;
  principalStatus: string;
  role: string;
  /** Of the account's policies. */
  policyVersion: number;
  plan: string;
  /** How many of the clients that it passed through may still act. */
  liveClients: number;
  /** Of the grant it belongs to, if it belongs to one. */
  grantIsLive: boolean;
  keyIsLive: boolean;
  /** The API key by which it was given, if by one: whatever holds for that key holds for the token. */
  keyId: string | null;
  /** It, or a token that it was exchanged for, was revoked. */
  isRevoked: boolean;
  /** And the agent that this key acts as. */
} & AgentRow;

/** Every client a token passed through that is stored: all of them must still be there for it to count. */
export const clientsOf = (token: AccessToken): string[] => {
  const all = new Set([token.clientId, ...(token.via ?? []).map(({ client_id }) => client_id)]);
  return [...all].filter((id) => builtIn(id) === null && !isDocumentId(id));
};

/** Who acts by a token, or null. Every doubt is a no. */
export function tokenVerdict(token: AccessToken, row: TokenRow | null): Verdict | null {
  if (row === null || row.accountStatus !== "active" || row.principalStatus !== "active")
    return null;
  if (row.isRevoked || !row.keyIsLive || !row.grantIsLive) return null;
  if (row.liveClients !== clientsOf(token).length) return null;
  const agent = agentOf(row);
  if (agent === null) return null;
  const principal: Principal = {
    accountId: token.accountId,
    principalId: token.principalId,
    kind: "token",
    scopes: new Set(token.scopes),
    role: knownRole(row.role),
    policyVersion: row.policyVersion,
    plan: planOf(row.plan),
    expiresAtMs: token.expiresAtMs,
    ...(row.keyId !== null && { keyId: row.keyId }),
    ...agent,
    token: {
      id: token.id,
      clientId: token.clientId,
      audience: token.audience,
      ...(token.grantId !== undefined && { grantId: token.grantId }),
      ...(token.actor !== undefined && { actor: token.actor }),
      ...(token.bound !== undefined && { bound: token.bound }),
    },
  };
  return { principal, expiresAtMs: token.expiresAtMs };
}
