import {
  compactDecrypt,
  type CryptoKey,
  decodeProtectedHeader,
  flattenedVerify,
  importJWK,
} from "jose";
import { type EnvelopeKey, signatureAlgorithmOf } from "#domain/envelope/keys.ts";
import {
  type Envelope,
  envelope,
  ENVELOPE_LIFE_MS,
  ENVELOPE_SKEW_MS,
  type EnvelopePayload,
  envelopePayload,
} from "#domain/envelope/model.ts";
import { signedBytes } from "#domain/envelope/seal.ts";
import { parseJson } from "#domain/shared/parse.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { base64UrlOf } from "#domain/shared/bytes.ts";

type Refused = Problem<"envelope-refused">;

/** Whose envelope it must be, for whom, and when it arrived, ms since 1970. */
export type Expected = { sourceId: string; targetId: string; atMs: number };

/**
 * The envelope, if it is one that the source signed for this target and that is not too old. Nobody needs a private key
 * to tell; whether it came before is the caller's to find out (`envelopeName`).
 */
export async function verifyEnvelope(
  sent: unknown,
  sourceKeys: readonly EnvelopeKey[],
  { sourceId, targetId, atMs }: Expected,
): Promise<Result<Envelope, Refused>> {
  const read = envelope.safeParse(sent);
  if (!read.success) return refused("it is no envelope of A2A 1.0");
  const { security, sourceAgent, targetAgent } = read.data;
  if (sourceAgent.id !== sourceId) return refused("its source is not who sends it");
  if (targetAgent.id !== targetId) return refused("it is for another agent");
  const ageMs = atMs - Date.parse(security.timestamp);
  if (ageMs > ENVELOPE_LIFE_MS) return refused("it has expired");
  if (ageMs < -ENVELOPE_SKEW_MS) return refused("it was sealed in the future");
  const [head, middle, signature, ...more] = security.signature.split(".");
  if (middle !== "" || more.length > 0 || head === undefined || signature === undefined)
    return refused("its signature has no payload of its own");
  const key = keyNamedBy(head, sourceKeys);
  if (key === null) return refused("it is signed by no key that its source publishes");
  const jws = { protected: head, signature, payload: base64UrlOf(signedBytes(sent as object)) };
  const algorithm = signatureAlgorithmOf(key);
  try {
    const options = { algorithms: [algorithm] };
    await flattenedVerify(jws, await importJWK({ ...key }, algorithm), options);
  } catch {
    return refused("it was changed after it was signed");
  }
  return ok(read.data);
}

/** What one envelope is known by, for as long as it could be sent again: its ciphertext is like no other. */
export async function envelopeName({ payload }: Envelope): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(payload));
  return base64UrlOf(new Uint8Array(digest));
}

/** The payload of a verified envelope, for whoever has the target's private key. */
export async function openEnvelope(
  { payload, sourceAgent, targetAgent, security }: Envelope,
  privateKey: CryptoKey,
): Promise<Result<EnvelopePayload, Refused>> {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(payload, privateKey, {
      keyManagementAlgorithms: ["ECDH-ES"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    const { src, dst, ts } = protectedHeader;
    // A ciphertext taken out of another envelope: whoever encrypted it did not sign this one.
    if (src !== sourceAgent.id || dst !== targetAgent.id || ts !== security.timestamp)
      return refused("its payload was sealed for another envelope");
    const read = parseJson(plaintext, envelopePayload);
    return read.ok ? read : refused("its payload is no task with data and context");
  } catch {
    return refused("its payload does not open with this key");
  }
}

function keyNamedBy(head: string, keys: readonly EnvelopeKey[]): EnvelopeKey | null {
  try {
    const { kid } = decodeProtectedHeader({ protected: head });
    return keys.find((key) => key.kid === kid && key.use === "sig") ?? null;
  } catch {
    return null;
  }
}

const refused = (detail: string) => err<Refused>({ code: "envelope-refused", detail });
