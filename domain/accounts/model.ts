import type { AgentState, AgentType } from "#domain/agents/model.ts";
import type { PlanName } from "#domain/limits/plans.ts";

/** What a credential may do. A route names one of these or is public (CONTRACT.md, HTTP conventions). */
export const SCOPES = [
  "search",
  "units:read",
  "units:write",
  "agents",
  "tasks",
  "inference",
  "events",
  "keys",
  "audit",
  "admin",
  /** A directory's: its people and groups, and nothing else of the account. */
  "scim",
] as const;
export type Scope = (typeof SCOPES)[number];

/** What a principal is in its account. An auditor reads what a viewer reads, and the audit log. */
export const ROLES = ["owner", "admin", "member", "auditor", "viewer"] as const;
export type Role = (typeof ROLES)[number];

export type TokenFacts = {
  id: string;
  clientId: string;
  grantId?: string;
  audience: readonly string[];
  actor?: { sub: string };
  bound?: { jkt?: string | undefined; "x5t#S256"?: string | undefined };
};

/** Who a request acts as. The account always comes from the credential, never from a body. */
export type Principal = {
  accountId: string;
  principalId: string;
  /** In a session that a person opened: who they are, in all their accounts. */
  personId?: string;
  /** The API key itself, or the one a session was opened with; absent in a session opened by a console code. */
  keyId?: string;
  sessionId?: string;
  kind: "key" | "session" | "token";
  /** When the API key or access token ends, where it does: nothing it makes may live longer. */
  expiresAtMs?: number;
  /** Where the key may be used from, where it is bound to networks. */
  networks?: readonly string[];
  scopes: ReadonlySet<Scope>;
  role: Role;
  /** The version of the account's policy that is in force (domain/policies); 0 where it has none. */
  policyVersion: number;
  /** What its account may ask for (domain/limits/plans.ts); the usual plan where nobody says. */
  plan?: PlanName;
  /** The agent it acts as, where it acts as one. */
  agentId?: string;
  /** What that agent is, and where it is in its life: it does nothing while it does not work (domain/agents/principal.ts). */
  agent?: { type: AgentType; state: AgentState };
  /** In a session that a person opened: when a second factor was proven last. Other credentials are not bound by one. */
  factor?: { provenAtMs: number | null };
  /** Of an access token: the client it was given to, what it is for, and what it is bound to (domain/oauth). */
  token?: TokenFacts;
};
