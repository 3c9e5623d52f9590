import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import type { PasskeyRecord, Proofs } from "#domain/proofs/model.ts";

/** A new passkey (WebAuthn 7.1), its user verified by the authenticator; null for anything that does not prove that. */
export async function verifyRegistration({
  response,
  challenge,
  origin,
  rpId,
}: Proofs["passkey-registration"]["input"]): Promise<PasskeyRecord | null> {
  const outcome = await verifyRegistrationResponse({
    response: response as unknown as RegistrationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
  }).catch(() => null); // the library says no by throwing
  if (outcome === null || !outcome.verified) return null;
  const { id, publicKey, counter, transports } = outcome.registrationInfo.credential;
  return {
    id,
    publicKey: publicKey.toBase64({ alphabet: "base64url", omitPadding: true }),
    counter,
    transports: (transports ?? []).map(String),
  };
}

/** A sign-in by a passkey (WebAuthn 7.2): its user verified, its counter not gone back. */
export async function verifySignIn({
  response,
  challenge,
  origin,
  rpId,
  passkey,
}: Proofs["passkey-sign-in"]["input"]): Promise<{ counter: number } | null> {
  const outcome = await verifyAuthenticationResponse({
    response: response as unknown as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
    credential: {
      id: passkey.id,
      publicKey: Uint8Array.fromBase64(passkey.publicKey, { alphabet: "base64url" }),
      counter: passkey.counter,
    },
  }).catch(() => null);
  return outcome?.verified === true ? { counter: outcome.authenticationInfo.newCounter } : null;
}
