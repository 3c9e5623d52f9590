import canonicalize from "canonicalize";
import { CompactEncrypt, type CryptoKey, FlattenedSign, importJWK } from "jose";
import { type EnvelopeKey, signatureAlgorithmOf } from "#domain/envelope/keys.ts";
import {
  A2A_VERSION,
  type Envelope,
  ENVELOPE_ENCRYPTION,
  type EnvelopePayload,
} from "#domain/envelope/model.ts";

/** What an envelope says openly. */
export type Outside = Pick<Envelope, "messageType" | "sourceAgent" | "targetAgent">;

/** A source's key: its private half, and the public one as it is published. */
export type SigningPair = { key: CryptoKey; published: EnvelopeKey };

const utf8 = new TextEncoder();

/**
 * Seals a payload for one agent: encrypted by ECDH-ES to a key that the target publishes and AES-256-GCM, bound to who
 * sends it to whom and when, and all of it signed by the source.
 */
export async function sealEnvelope(
  outside: Outside,
  payload: EnvelopePayload,
  signer: SigningPair,
  targetKey: EnvelopeKey,
  nowMs: number,
): Promise<Envelope> {
  const timestamp = new Date(nowMs).toISOString();
  const { sourceAgent, targetAgent } = outside;
  const jwe = new CompactEncrypt(utf8.encode(JSON.stringify(payload)))
    .setProtectedHeader({
      alg: "ECDH-ES",
      enc: "A256GCM",
      kid: targetKey.kid,
      src: sourceAgent.id,
      dst: targetAgent.id,
      ts: timestamp,
    })
    .setKeyManagementParameters({
      apu: utf8.encode(sourceAgent.id),
      apv: utf8.encode(targetAgent.id),
    });
  const unsigned = {
    a2aVersion: A2A_VERSION,
    ...outside,
    payload: await jwe.encrypt(await importJWK({ ...targetKey }, "ECDH-ES")),
    security: { encryption: ENVELOPE_ENCRYPTION, timestamp },
  } as const;
  const { published, key } = signer;
  const header = { alg: signatureAlgorithmOf(published), kid: published.kid };
  const { protected: head = "", signature } = await new FlattenedSign(signedBytes(unsigned))
    .setProtectedHeader(header)
    .sign(key);
  return {
    ...unsigned,
    security: { ...unsigned.security, signature: `${head}..${signature}` },
  };
}

/** What is signed: all of it as it is sent but the signature itself, in the form of RFC 8785. */
export function signedBytes(sent: object): Uint8Array {
  const { security, ...rest } = sent as { security?: object };
  const { signature: _, ...left } = (security ?? {}) as { signature?: string };
  return utf8.encode(canonicalize({ ...rest, security: left }) ?? "");
}
