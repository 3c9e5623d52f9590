import { ID_BYTES, mintCredential, SECRET_BYTES } from "#domain/accounts/credential.ts";
import type { Principal } from "#domain/accounts/model.ts";
import { SESSION_LIFE_MS, type SessionRecord } from "#domain/accounts/sessions.ts";
import type { SignedIn } from "#domain/accounts/sign-in.ts";
import { counted, guesserOf } from "#domain/people/attempts.ts";
import { DEVICE_BYTES, deviceOf, newDevice } from "#domain/people/devices.ts";
import {
  type FactorDeps,
  type FactorInput,
  hasFactor,
  type PersonWithFactors,
  proveFactor,
  provePasskey,
} from "#domain/people/factors.ts";
import { type Membership, type PersonRecord, scopesOfRole } from "#domain/people/model.ts";
import type { PasskeyProof } from "#domain/people/passkeys.ts";
import { NOBODYS_HASH, passwordDigest } from "#domain/people/password.ts";
import { emailIndexOf, type Ring } from "#domain/people/sign-up.ts";
import type { Prove } from "#domain/proofs/model.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Guesses at one person's password from one place, in 15 minutes. */
export const GUESSES_MAX = 10;

export type SessionDeps = {
  random(length: number): Uint8Array;
  sha256Hex(text: string): Promise<string>;
  insertSession(session: SessionRecord): Promise<void>;
  memberships(personId: string): Promise<Membership[]>;
};

type Deps = SessionDeps &
  FactorDeps & {
    ring: Ring;
    personByEmail(emailIndex: string): Promise<PersonWithFactors | null>;
    endSession(accountId: string, id: string): Promise<void>;
  };

export type SignInRequest = {
  email: string;
  password: string;
  accountId?: string | undefined;
  /** The device cookie as it came, and the caller's network where an address can be trusted. */
  device: string | null;
  network: string | null;
  /** The second factor, of whoever has one. */
  factor: FactorInput | null;
};

export type PersonSignedIn = SignedIn & {
  /** What the browser is to keep to be known again. */
  device: string;
};
export type SignInProblem = Problem<
  "unauthenticated" | "forbidden" | "second-factor-required" | "too-many-requests" | "overloaded"
>;

/**
 * Signs a person in by password. Every attempt is counted first and costs one bcrypt, whether there is such a person or
 * not; until the password is right, all that is told is that it was not.
 */
export async function signInByPassword(
  deps: Deps,
  request: SignInRequest,
  nowMs: number,
): Promise<Result<PersonSignedIn, SignInProblem>> {
  const emailIndex = await emailIndexOf(deps.ring, request.email);
  const device = await deviceOf(deps.ring, emailIndex, request.device, nowMs);
  const guesser = guesserOf(emailIndex, { device, network: request.network });
  const attempt = await counted(deps, guesser, GUESSES_MAX, nowMs);
  if (!attempt.ok) return attempt;
  const person = await provenPerson(deps, emailIndex, request.password);
  if (!person.ok) return person;
  const needsFactor = hasFactor(person.value);
  if (needsFactor) {
    if (request.factor === null)
      return err({ code: "second-factor-required", detail: "give otp or recoveryCode as well" });
    const place = device === null ? "sign-in" : `device ${device}`;
    const factor = await proveFactor(deps, person.value, request.factor, place, nowMs);
    if (!factor.ok) return factor;
  }
  const session = await openSession(
    deps,
    {
      personId: person.value.id,
      accountId: request.accountId,
      factorAtMs: needsFactor ? nowMs : null,
    },
    nowMs,
  );
  if (!session.ok) return session;
  // Proving takes a third of a second: a password that was replaced meanwhile has ended every session but this one.
  const now = await deps.personByEmail(emailIndex);
  if (now?.passwordHash !== person.value.passwordHash) {
    const { accountId, sessionId = "" } = session.value.principal;
    await deps.endSession(accountId, sessionId);
    return err({ code: "unauthenticated" });
  }
  await deps.clearAttempt(attempt.value.attemptId);
  const kept = await newDevice(deps.ring, emailIndex, deps.random(DEVICE_BYTES), nowMs);
  return ok({ ...session.value, device: kept });
}

/** Signs in whoever a passkey belongs to; its user was verified by the authenticator, so both factors are proven. */
export async function signInByPasskey(
  deps: Deps & { person(id: string): Promise<PersonRecord | null> },
  request: { passkey: PasskeyProof; accountId?: string | undefined },
  nowMs: number,
): Promise<Result<PersonSignedIn, SignInProblem>> {
  const passkey = await provePasskey(deps, request.passkey, nowMs);
  if (!passkey.ok) return passkey;
  const person = passkey.value === null ? null : await deps.person(passkey.value.personId);
  if (person?.status !== "active" || person.emailIndex === null)
    return err({ code: "unauthenticated" });
  const who = { personId: person.id, accountId: request.accountId, factorAtMs: nowMs };
  const session = await openSession(deps, who, nowMs);
  if (!session.ok) return session;
  const random = deps.random(DEVICE_BYTES);
  const device = await newDevice(deps.ring, person.emailIndex, random, nowMs);
  return ok({ ...session.value, device });
}

/** Whoever has this address and this password; one bcrypt in every case. */
export async function provenPerson<P extends PersonRecord>(
  deps: { prove: Prove; personByEmail(emailIndex: string): Promise<P | null> },
  emailIndex: string,
  password: string,
): Promise<Result<P, Problem<"unauthenticated" | "overloaded">>> {
  const person = await deps.personByEmail(emailIndex);
  const proof = await deps.prove("verify-password", {
    digest: await passwordDigest(password),
    hash: person?.passwordHash ?? NOBODYS_HASH,
  });
  if (!proof.ok) return err({ code: "overloaded", retryAfterS: proof.error.retryAfterS });
  const isProven = proof.value && person?.passwordHash != null && person.status === "active";
  return isProven ? ok(person) : err({ code: "unauthenticated" });
}

/** A session of a person who has proven who they are, in one of their accounts. Whoever proves that may call it. */
export async function openSession(
  deps: SessionDeps,
  who: { personId: string; accountId?: string | undefined; factorAtMs: number | null },
  nowMs: number,
): Promise<Result<SignedIn, Problem<"forbidden">>> {
  const memberships = await deps.memberships(who.personId);
  const membership = memberships.find(
    ({ accountId }) => who.accountId === undefined || accountId === who.accountId,
  );
  if (membership === undefined)
    return err({
      code: "forbidden",
      detail:
        memberships.length === 0
          ? "you belong to no account; ask for an invitation"
          : "you do not belong to that account",
    });
  const { accountId, principalId, role, policyVersion } = membership;
  const { id, text: token } = mintCredential(
    "session",
    0,
    deps.random(ID_BYTES),
    deps.random(SECRET_BYTES),
  );
  const scopes = scopesOfRole(role);
  const expiresAtMs = nowMs + SESSION_LIFE_MS;
  await deps.insertSession({
    id,
    accountId,
    principalId,
    keyId: null,
    tokenHash: await deps.sha256Hex(token),
    scopes,
    createdAtMs: nowMs,
    expiresAtMs,
    personId: who.personId,
    factorAtMs: who.factorAtMs,
  });
  const principal: Principal = {
    accountId,
    principalId,
    personId: who.personId,
    sessionId: id,
    kind: "session",
    scopes: new Set(scopes),
    role,
    policyVersion,
    factor: { provenAtMs: who.factorAtMs },
  };
  return ok({ token, principal, expiresAtMs });
}
