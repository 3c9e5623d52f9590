import { z } from "zod";
import { base64Of, bytesOf } from "#domain/shared/bytes.ts";

/** What Standard Webhooks asks of a secret: 24 to 64 random bytes in base64 behind this prefix. */
const PREFIX = "whsec_";
export const WEBHOOK_SECRET_BYTES = 32;
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

export const webhookSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, "must be whsec_ and 24 to 64 bytes in base64")
  .refine(isSecret, "must be whsec_ and 24 to 64 bytes in base64");

export const webhookSecretOf = (bytes: Uint8Array): string => `${PREFIX}${base64Of(bytes)}`;

const utf8 = new TextEncoder();

/**
 * The headers of one delivery (Standard Webhooks 1.0): the id is the same in every attempt, the time is the attempt's,
 * and each secret that is in force signs, so that a receiver can change its secret without missing any. Without a
 * secret nothing is signed.
 */
export async function webhookHeaders(
  secrets: readonly string[],
  id: string,
  atMs: number,
  body: string,
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(atMs / 1_000));
  const signed = new Uint8Array(utf8.encode(`${id}.${timestamp}.${body}`));
  const signatures = await Promise.all(
    secrets.map(async (secret) => `v1,${base64Of(await hmac(secret, signed))}`),
  );
  const named = { "webhook-id": id, "webhook-timestamp": timestamp };
  return signatures.length === 0 ? named : { ...named, "webhook-signature": signatures.join(" ") };
}

/** The bytes that a secret signs with. */
export const webhookKey = (secret: string): Uint8Array<ArrayBuffer> =>
  bytesOf(secret.slice(PREFIX.length));

async function hmac(secret: string, signed: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", webhookKey(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, signed));
}

function isSecret(text: string): boolean {
  try {
    const { length } = bytesOf(text.slice(PREFIX.length));
    return length >= SECRET_BYTES_MIN && length <= SECRET_BYTES_MAX;
  } catch {
    return false;
  }
}
