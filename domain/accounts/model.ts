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
] as const;
export type Scope = (typeof SCOPES)[number];

/** Who a request acts as. The account always comes from the credential, never from a body. */
export type Principal = {
  accountId: string;
  principalId: string;
  /** The API key itself, or the one a session was opened with; absent in a session opened by a console code. */
  keyId?: string;
  sessionId?: string;
  kind: "key" | "session";
  /** When the API key ends, where it does: nothing it makes may live longer. */
  expiresAtMs?: number;
  scopes: ReadonlySet<Scope>;
  /** The account's owner: the principal that was made together with the account. */
  owner: boolean;
};
