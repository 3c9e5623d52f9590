import { hexOf } from "#domain/shared/bytes.ts";

const utf8 = new TextEncoder();

/** SHA-256 (FIPS 180-4) of a text's UTF-8 bytes. */
export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", utf8.encode(text)));
}

export async function sha256Hex(text: string): Promise<string> {
  return hexOf(await sha256(text));
}
