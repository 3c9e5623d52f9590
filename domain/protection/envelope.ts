import { base32 } from "#domain/shared/base32.ts";
import { base64Of, bytesOf } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Ring } from "#domain/protection/ring.ts";

/**
 * Whose data key: a person's (their personal fields), an account's (its tokens and secrets), or the installation's own
 * (what belongs to nobody: indexes, signing keys). Destroying a person's or an account's key erases what it sealed.
 */
export type KeyScope = { person: string } | { account: string } | "installation";

export const DATA_KEY_BYTES = 32;
export const IV_BYTES = 12;
const PSEUDONYM_BYTES = 15;

/** A data key as it is stored: encrypted under the root key `kekId` of the ring. */
export type Wrapped = { kekId: string; wrapped: string };

/** A data key in use. Every purpose has a key of its own (HKDF, RFC 5869), so none can be turned against another. */
export type DataKey = { seal: CryptoKey; index: CryptoKey; signingSeed: Uint8Array };

export function scopeName(scope: KeyScope): string {
  if (scope === "installation") return scope;
  return "person" in scope ? `person:${scope.person}` : `account:${scope.account}`;
}

const utf8 = new TextEncoder();
const sealedShape = /^e1\.[A-Za-z0-9_-]{38,}$/;

/** Encrypts a data key under the ring's current root key, bound to its scope (AES-256-GCM, NIST SP 800-38D). */
export async function wrapKey(
  ring: Ring,
  scope: string,
  dataKey: Uint8Array<ArrayBuffer>,
  iv: Uint8Array<ArrayBuffer>,
): Promise<Wrapped> {
  const kek = ring.keys.get(ring.current);
  if (kek === undefined) throw new Error("the key ring has no current key");
  return { kekId: ring.current, wrapped: await encrypt(kek, `key\n${scope}`, dataKey, iv) };
}

/** The data key's bytes; null where the ring lacks its root key, or the text is another scope's or was changed. */
export async function unwrapKey(
  ring: Ring,
  scope: string,
  { kekId, wrapped }: Wrapped,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const kek = ring.keys.get(kekId);
  return kek === undefined ? null : await decrypt(kek, `key\n${scope}`, wrapped);
}

export async function dataKeyOf(bytes: Uint8Array<ArrayBuffer>): Promise<DataKey> {
  const base = await crypto.subtle.importKey("raw", bytes, "HKDF", false, [
    "deriveKey",
    "deriveBits",
  ]);
  const parameters = (purpose: string) => ({
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(),
    info: utf8.encode(`wishub ${purpose} 1`),
  });
  const [seal, index, signingSeed] = await Promise.all([
    crypto.subtle.deriveKey(parameters("seal"), base, { name: "AES-GCM", length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]),
    crypto.subtle.deriveKey(
      parameters("index"),
      base,
      { name: "HMAC", hash: "SHA-256", length: 256 },
      false,
      ["sign"],
    ),
    crypto.subtle.deriveBits(parameters("sign"), base, 256),
  ]);
  return { seal, index, signingSeed: new Uint8Array(signingSeed) };
}

/** Encrypts a field's text, bound to its scope and name: moved to another row or column it opens no more. */
export async function sealText(
  { seal }: DataKey,
  scope: string,
  field: string,
  text: string,
  iv: Uint8Array<ArrayBuffer>,
): Promise<string> {
  if (text.length > LIMITS.sealedTextCharsMax) throw new Error(`${field} is too long to be sealed`);
  return await encrypt(seal, `field\n${scope}\n${field}`, new Uint8Array(utf8.encode(text)), iv);
}

/** The text of a sealed field, or null where it is another field's, was changed, or is none of ours. */
export async function openText(
  { seal }: DataKey,
  scope: string,
  field: string,
  sealed: string,
): Promise<string | null> {
  const bytes = await decrypt(seal, `field\n${scope}\n${field}`, sealed);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/** What a text is looked up by where the text itself is encrypted: HMAC-SHA-256 under a key that is not in the database. */
export async function blindIndexOf(key: DataKey, purpose: string, text: string): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", key.index, utf8.encode(`${purpose}\n${text}`));
  return base32(new Uint8Array(mac));
}

/**
 * What a person is called where nobody may be named. It follows from the person's own key, so with that key the way
 * back is gone; two accounts see two pseudonyms and cannot compare notes.
 */
export async function pseudonymOf(key: DataKey, accountId: string): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", key.index, utf8.encode(`pseudonym\n${accountId}`));
  return `ps_${base32(new Uint8Array(mac).subarray(0, PSEUDONYM_BYTES))}`;
}

async function encrypt(
  key: CryptoKey,
  context: string,
  bytes: Uint8Array<ArrayBuffer>,
  iv: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const additionalData = utf8.encode(context);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, bytes);
  const whole = new Uint8Array(IV_BYTES + sealed.byteLength);
  whole.set(iv);
  whole.set(new Uint8Array(sealed), IV_BYTES);
  const text = base64Of(whole).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `e1.${text}`;
}

async function decrypt(
  key: CryptoKey,
  context: string,
  sealed: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!sealedShape.test(sealed)) return null;
  try {
    const whole = bytesOf(sealed.slice(3).replaceAll("-", "+").replaceAll("_", "/"));
    const [iv, body] = [whole.subarray(0, IV_BYTES), whole.subarray(IV_BYTES)];
    const additionalData = utf8.encode(context);
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, body),
    );
  } catch {
    return null; // not base64, or it does not belong here: authentication failed
  }
}
