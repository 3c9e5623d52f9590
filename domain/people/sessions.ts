import { ID_BYTES, mintCredential, SECRET_BYTES } from "#domain/accounts/credential.ts";
import type { Principal } from "#domain/accounts/model.ts";
import type { SessionRecord } from "#domain/accounts/sessions.ts";
import type { SignedIn } from "#domain/accounts/sign-in.ts";
import { type Membership, scopesOfRole } from "#domain/people/model.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

type Deps = {
  random(length: number): Uint8Array;
  sha256Hex(text: string): Promise<string>;
  memberships(personId: string): Promise<Membership[]>;
  /** Puts one session in the place of another, with its end; that end, or null where the other is no more. */
  replaceSession(oldId: string, record: Omit<SessionRecord, "expiresAtMs">): Promise<number | null>;
};

/**
 * A new session in place of the one the caller has: in another of their accounts, or with a second factor proven now.
 * Its token is new, so nobody who had the old one gains anything, and no isolate remembers what it could not do. It
 * ends when the old one would have.
 */
export async function replaceSession(
  deps: Deps,
  caller: Principal,
  change: { accountId?: string; factorAtMs?: number },
  nowMs: number,
): Promise<Result<SignedIn, Problem<"unauthenticated" | "forbidden" | "not-found">>> {
  const { personId, sessionId, factor } = caller;
  if (personId === undefined || sessionId === undefined)
    return err({ code: "forbidden", detail: "for sessions that a person signed in to" });
  const wanted = change.accountId ?? caller.accountId;
  const memberships = await deps.memberships(personId);
  const membership = memberships.find(({ accountId }) => accountId === wanted);
  if (membership === undefined) return err({ code: "not-found" });
  const { accountId, principalId, role, policyVersion } = membership;
  const { id, text: token } = mintCredential(
    "session",
    0,
    deps.random(ID_BYTES),
    deps.random(SECRET_BYTES),
  );
  const factorAtMs = change.factorAtMs ?? factor?.provenAtMs ?? null;
  const scopes = scopesOfRole(role);
  const expiresAtMs = await deps.replaceSession(sessionId, {
    id,
    accountId,
    principalId,
    keyId: null,
    tokenHash: await deps.sha256Hex(token),
    scopes,
    createdAtMs: nowMs,
    personId,
    factorAtMs,
  });
  if (expiresAtMs === null) return err({ code: "unauthenticated" });
  const principal: Principal = {
    accountId,
    principalId,
    personId,
    sessionId: id,
    kind: "session",
    scopes: new Set(scopes),
    role,
    policyVersion,
    factor: { provenAtMs: factorAtMs },
  };
  return ok({ token, principal, expiresAtMs });
}
