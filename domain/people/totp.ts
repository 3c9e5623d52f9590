import { base32 } from "#domain/shared/base32.ts";

/** As authenticator apps take it for granted: SHA-1, six digits, 30 seconds (RFC 6238; RFC 4226, 5.3). */
const STEP_MS = 30_000;
const DIGITS = 6;
/** A clock may be half a minute off, or a code be typed at its end (RFC 6238, 5.2). */
const STEPS_EITHER_SIDE = 1;
export const TOTP_SECRET_BYTES = 20;

const HEX32 = "0123456789abcdefghijklmnopqrstuv";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A secret as people type it: base32 of RFC 4648 without padding. It is also what is stored, sealed. */
export const totpSecret = (random: Uint8Array): string =>
  base32(random.subarray(0, TOTP_SECRET_BYTES)).replaceAll(
    /./g,
    (char) => BASE32[HEX32.indexOf(char)] ?? "",
  );

/** What an authenticator app scans. */
export function totpUri(secret: string, issuer: string, email: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(email)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`;
}

/** The code of a time step. */
export async function totpCode(secret: string, step: number): Promise<string> {
  const key = await crypto.subtle.importKey(
    "raw",
    bytesOfSecret(secret),
    { name: "HMAC", hash: "SHA-1" },
    false,
    ["sign"],
  );
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter));
  const offset = mac.getUint8(19) & 15;
  const number = mac.getUint32(offset) & 0x7fffffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, "0");
}

export const stepAt = (nowMs: number): number => Math.floor(nowMs / STEP_MS);

/** The time step whose code this is, or null; never one that was used before, nor an older one. */
export async function matchingStep(
  secret: string,
  code: string,
  usedStep: number | null,
  nowMs: number,
): Promise<number | null> {
  let found: number | null = null;
  const now = stepAt(nowMs);
  for (let step = now - STEPS_EITHER_SIDE; step <= now + STEPS_EITHER_SIDE; step++) {
    // All are compared, whichever matches.
    const isIt = (await totpCode(secret, step)) === code;
    if (isIt && step > (usedStep ?? -1)) found ??= step;
  }
  return found;
}

function bytesOfSecret(secret: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let [value, bits] = [0, 0];
  for (const char of secret) {
    value = ((value << 5) | BASE32.indexOf(char)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >>> bits) & 255);
  }
  return Uint8Array.from(bytes);
}
