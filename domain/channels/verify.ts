import { hexOf, joined } from "#domain/shared/bytes.ts";

const utf8 = new TextEncoder();
const bytesOfText = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(utf8.encode(text));

/** Bytes of what is signed, put together from texts and bodies. */
export const signedBytes = (...parts: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    joined(parts.map((part) => (typeof part === "string" ? bytesOfText(part) : part))),
  );

/** HMAC-SHA-256 (RFC 2104) under a text, or bytes. */
export async function hmacSha256(
  key: string | Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = typeof key === "string" ? bytesOfText(key) : key;
  const imported = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, signed));
}

export async function digestHex(
  algorithm: "SHA-1" | "SHA-256",
  signed: Uint8Array<ArrayBuffer>,
): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest(algorithm, signed)));
}

/** Whether a time that somebody signed is near enough: an older one may have been overheard and sent again. */
export const isNear = (atMs: number, nowMs: number, withinMs: number): boolean =>
  Number.isFinite(atMs) && Math.abs(nowMs - atMs) <= withinMs;

/** A time in whole seconds or milliseconds as a header carries it; NaN where it is none. */
export const wholeNumber = (text: string | null): number =>
  text !== null && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;

const BLOCK = 16;

/**
 * AES-256-CBC without looking at the padding, which WebCrypto insists on (and takes up to 16 bytes only, where WeCom pads
 * to 32): a block that holds nothing but padding is put behind, so that only that is taken off. Null where it cannot be.
 */
export async function aesCbcOpen(
  keyBytes: Uint8Array<ArrayBuffer>,
  iv: Uint8Array<ArrayBuffer>,
  sealed: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array | null> {
  if (keyBytes.length !== 32 || sealed.length === 0 || sealed.length % BLOCK !== 0) return null;
  const key = await crypto.subtle.importKey("raw", keyBytes, "AES-CBC", false, [
    "encrypt",
    "decrypt",
  ]);
  const last = sealed.slice(-BLOCK);
  const padding = await crypto.subtle.encrypt({ name: "AES-CBC", iv: last }, key, new Uint8Array());
  const whole = new Uint8Array(joined([sealed, new Uint8Array(padding)]));
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, key, whole));
}

/** Without PKCS #7's padding to blocks of this size; null where it is not padded so. */
export function unpadded(bytes: Uint8Array, block: number): Uint8Array | null {
  const count = bytes.at(-1) ?? 0;
  if (count < 1 || count > block || count > bytes.length) return null;
  const isPadded = bytes.subarray(bytes.length - count).every((byte) => byte === count);
  return isPadded ? bytes.subarray(0, bytes.length - count) : null;
}
