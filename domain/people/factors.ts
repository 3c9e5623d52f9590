import { z } from "zod";
import { counted, type CountAttempt } from "#domain/people/attempts.ts";
import type { PersonRecord } from "#domain/people/model.ts";
import {
  challengeEnd,
  type PasskeyProof,
  passkeyProof,
  type StoredPasskey,
} from "#domain/people/passkeys.ts";
import { recoveryHash } from "#domain/people/recovery.ts";
import { matchingStep } from "#domain/people/totp.ts";
import type { Prove } from "#domain/proofs/model.ts";
import type { KeyScope } from "#domain/protection/envelope.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Guesses at a code of six digits, in 15 minutes: one of a million, three of them right at a time. */
export const CODE_GUESSES_MAX = 5;

export const otpText = z.string().regex(/^\d{6}$/, "must be six digits");
export const recoveryText = z.string().min(1).max(40);
/** One of the three proves a second factor. */
export const factorInput = z
  .strictObject({
    otp: otpText.optional(),
    recoveryCode: recoveryText.optional(),
    passkey: passkeyProof.optional(),
  })
  .refine(
    (input) => Object.values(input).filter((one) => one !== undefined).length === 1,
    "give either otp, or recoveryCode, or passkey",
  );
export type FactorInput = z.infer<typeof factorInput>;

/** A person with what else they can prove themselves by. */
export type PersonWithFactors = PersonRecord & { passkeys: number };
export const hasFactor = ({ totp, passkeys }: PersonWithFactors): boolean =>
  totp !== null || passkeys > 0;

export type FactorDeps = {
  ring: {
    open(scope: KeyScope, field: string, sealed: string): Promise<string | null>;
    blindIndex(purpose: string, text: string): Promise<string>;
  };
  prove: Prove;
  publicUrl: string;
  sha256Hex(text: string): Promise<string>;
  countAttempt: CountAttempt;
  clearAttempt(id: string): Promise<void>;
  /** Takes a time step; of two who bring the same code, one gets it. */
  takeTotpStep(personId: string, step: number): Promise<boolean>;
  takeRecoveryCode(personId: string, hash: string): Promise<boolean>;
  passkey(id: string): Promise<StoredPasskey | null>;
  /** Notes a use, unless its counter has gone back. */
  passkeyUsed(id: string, counter: number, nowMs: number): Promise<boolean>;
  /** False where it was spent before. */
  spend(id: string, untilMs: number, nowMs: number): Promise<boolean>;
};
type FactorProblem = Problem<"second-factor-required" | "too-many-requests" | "overloaded">;

const NOT_PROVEN = err({
  code: "second-factor-required" as const,
  detail: "that is not right, or was used before",
});

/**
 * Proves a second factor. Guesses at codes of six digits are counted per person and place; recovery codes and passkeys
 * cannot be guessed, so whoever has one gets through however many guesses others have used up.
 */
export async function proveFactor(
  deps: FactorDeps,
  person: PersonWithFactors,
  input: FactorInput,
  place: string,
  nowMs: number,
): Promise<Result<null, FactorProblem>> {
  if (input.passkey !== undefined) {
    const proven = await provePasskey(deps, input.passkey, nowMs);
    if (!proven.ok) return proven;
    return proven.value?.personId === person.id ? ok(null) : NOT_PROVEN;
  }
  if (input.recoveryCode !== undefined) {
    const hash = await recoveryHash(deps.sha256Hex, person.id, input.recoveryCode);
    return (await deps.takeRecoveryCode(person.id, hash)) ? ok(null) : NOT_PROVEN;
  }
  const what = `second-factor ${person.id} ${place}`;
  const attempt = await counted(deps, what, CODE_GUESSES_MAX, nowMs);
  if (!attempt.ok) return attempt;
  if (!(await takeCode(deps, person, input.otp ?? "", nowMs))) return NOT_PROVEN;
  await deps.clearAttempt(attempt.value.attemptId);
  return ok(null);
}

async function takeCode(
  deps: FactorDeps,
  person: PersonRecord,
  code: string,
  nowMs: number,
): Promise<boolean> {
  const scope = { person: person.id };
  const secret = person.totp === null ? null : await deps.ring.open(scope, "totp", person.totp);
  const step = secret === null ? null : await matchingStep(secret, code, person.totpStep, nowMs);
  return step !== null && (await deps.takeTotpStep(person.id, step));
}

/** Whose passkey proved a sign-in, with its user verified; null where it proves nothing. A challenge works once. */
export async function provePasskey(
  deps: FactorDeps,
  { challenge, response }: PasskeyProof,
  nowMs: number,
): Promise<Result<StoredPasskey | null, Problem<"overloaded">>> {
  const untilMs = await challengeEnd(deps.ring, "sign-in", challenge, nowMs);
  const passkey = untilMs === null ? null : await deps.passkey(response.id);
  if (untilMs === null || passkey === null) return ok(null);
  const { origin, hostname: rpId } = new URL(deps.publicUrl);
  const proof = await deps.prove("passkey-sign-in", {
    response,
    challenge,
    origin,
    rpId,
    passkey,
  });
  if (!proof.ok) return err({ code: "overloaded", retryAfterS: proof.error.retryAfterS });
  if (proof.value === null) return ok(null);
  const isFirst = await deps.spend(await deps.sha256Hex(challenge), untilMs, nowMs);
  if (!isFirst) return ok(null);
  return ok((await deps.passkeyUsed(passkey.id, proof.value.counter, nowMs)) ? passkey : null);
}
