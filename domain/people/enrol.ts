import { z } from "zod";
import type { Principal } from "#domain/accounts/model.ts";
import { counted } from "#domain/people/attempts.ts";
import {
  CODE_GUESSES_MAX,
  type FactorDeps,
  hasFactor,
  otpText,
  type PersonWithFactors,
} from "#domain/people/factors.ts";
import { passwordText } from "#domain/people/model.ts";
import { challengeEnd, type passkeyInput, type StoredPasskey } from "#domain/people/passkeys.ts";
import { provenAgain } from "#domain/people/passwords.ts";
import {
  RECOVERY_CODE_BYTES,
  RECOVERY_CODES,
  recoveryCodes,
  recoveryHash,
} from "#domain/people/recovery.ts";
import { matchingStep, TOTP_SECRET_BYTES, totpSecret, totpUri } from "#domain/people/totp.ts";
import { FRESH_FOR_MS } from "#domain/policies/actions.ts";
import type { KeyScope } from "#domain/protection/envelope.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Whoever has no second factor yet shows their password once more; others prove the one they have. */
export const enrolment = z.strictObject({ password: passwordText.optional() });
export const totpConfirmation = z.strictObject({ otp: otpText });

type Deps = FactorDeps & {
  ring: { seal(scope: KeyScope, field: string, text: string): Promise<string> };
  random(length: number): Uint8Array;
};

/**
 * Whether a session may add a second factor. A stolen session must not be enough: with it one would prove oneself from
 * then on.
 */
export async function mayEnrol(
  deps: Deps,
  person: PersonWithFactors,
  caller: Principal,
  password: string | undefined,
  nowMs: number,
): Promise<
  Result<null, Problem<"forbidden" | "second-factor-required" | "too-many-requests" | "overloaded">>
> {
  if (hasFactor(person)) {
    const provenAtMs = caller.factor?.provenAtMs ?? null;
    const isFresh = provenAtMs !== null && nowMs - provenAtMs <= FRESH_FOR_MS;
    return isFresh ? ok(null) : err({ code: "second-factor-required" });
  }
  return await provenAgain(deps, person, password ?? "", nowMs);
}

/** A secret for an authenticator app. It counts once a code of it has come back. */
export async function beginTotp(
  deps: Deps & { setPendingTotp(personId: string, sealed: string): Promise<void> },
  person: PersonWithFactors,
): Promise<{ secret: string; uri: string }> {
  const secret = totpSecret(deps.random(TOTP_SECRET_BYTES));
  const scope = { person: person.id };
  await deps.setPendingTotp(person.id, await deps.ring.seal(scope, "totp", secret));
  const email = (await deps.ring.open(scope, "email", person.email)) ?? "";
  const issuer = new URL(deps.publicUrl).host;
  return { secret, uri: totpUri(secret, issuer, email) };
}

type RecoveryDeps = Deps & {
  setRecoveryCodes(personId: string, hashes: readonly string[]): Promise<void>;
};

/** The authenticator shows the right code: from now on signing in asks for one. Answers new recovery codes. */
export async function confirmTotp(
  deps: RecoveryDeps & {
    confirmTotp(personId: string, pending: string, step: number): Promise<boolean>;
  },
  person: PersonWithFactors,
  otp: string,
  nowMs: number,
): Promise<Result<string[], Problem<"invalid-request" | "conflict" | "too-many-requests">>> {
  if (person.totpPending === null)
    return err({ code: "conflict", detail: "begin with POST /v1/people/me/totp" });
  const attempt = await counted(deps, `confirm ${person.id}`, CODE_GUESSES_MAX, nowMs);
  if (!attempt.ok) return attempt;
  const secret = await deps.ring.open({ person: person.id }, "totp", person.totpPending);
  const step = secret === null ? null : await matchingStep(secret, otp, null, nowMs);
  if (step === null) {
    const errors = [{ pointer: "/otp", detail: "is not what the authenticator shows now" }];
    return err({ code: "invalid-request", errors });
  }
  if (!(await deps.confirmTotp(person.id, person.totpPending, step)))
    return err({ code: "conflict", detail: "another secret was asked for meanwhile" });
  await deps.clearAttempt(attempt.value.attemptId);
  return ok(await newRecoveryCodes(deps, person.id));
}

/** Ten new codes in place of whatever is left. */
export async function newRecoveryCodes(deps: RecoveryDeps, personId: string): Promise<string[]> {
  const codes = recoveryCodes(deps.random(RECOVERY_CODES * RECOVERY_CODE_BYTES));
  const hashes = codes.map((code) => recoveryHash(deps.sha256Hex, personId, code));
  await deps.setRecoveryCodes(personId, await Promise.all(hashes));
  return codes;
}

/** Keeps a passkey that a browser has made. Answers recovery codes with a person's first second factor. */
export async function addPasskey(
  deps: RecoveryDeps & { insertPasskey(passkey: StoredPasskey): Promise<"done" | "taken"> },
  person: PersonWithFactors,
  input: z.infer<typeof passkeyInput>,
  nowMs: number,
): Promise<
  Result<
    { passkey: StoredPasskey; recoveryCodes: string[] | null },
    Problem<"invalid-request" | "conflict" | "overloaded">
  >
> {
  const refused = (detail: string) =>
    err({ code: "invalid-request" as const, errors: [{ pointer: "/response", detail }] });
  const { challenge, name, response } = input;
  const untilMs = await challengeEnd(deps.ring, { register: person.id }, challenge, nowMs);
  if (untilMs === null) return refused("answers no challenge of yours that still holds");
  if (person.passkeys >= LIMITS.passkeysPerPersonMax)
    return err({ code: "conflict", detail: `at most ${LIMITS.passkeysPerPersonMax} passkeys` });
  const { origin, hostname: rpId } = new URL(deps.publicUrl);
  const proof = await deps.prove("passkey-registration", { response, challenge, origin, rpId });
  if (!proof.ok) return err({ code: "overloaded", retryAfterS: proof.error.retryAfterS });
  if (proof.value === null) return refused("does not prove a new passkey");
  const isFirst = await deps.spend(await deps.sha256Hex(challenge), untilMs, nowMs);
  if (!isFirst) return refused("answers no challenge of yours that still holds");
  const passkey: StoredPasskey = {
    ...proof.value,
    personId: person.id,
    name,
    createdAtMs: nowMs,
    lastUsedAtMs: null,
  };
  if ((await deps.insertPasskey(passkey)) === "taken")
    return err({ code: "conflict", detail: "this passkey is known already" });
  const codes = hasFactor(person) ? null : await newRecoveryCodes(deps, person.id);
  return ok({ passkey, recoveryCodes: codes });
}
