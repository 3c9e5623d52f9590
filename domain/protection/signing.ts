import { bytesOf } from "#domain/shared/bytes.ts";

/** Signs with Ed25519 (RFC 8032). */
export type Signer = {
  /** 32 bytes. */
  publicKey: Uint8Array<ArrayBuffer>;
  sign(text: string): Promise<Uint8Array<ArrayBuffer>>;
};

const utf8 = new TextEncoder();
/** PKCS #8 of an Ed25519 private key (RFC 8410, section 7) up to its 32 bytes. */
const PKCS8_HEAD = [
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/** The signer that follows from 32 secret bytes: the same bytes give the same key. */
export async function signerOf(seed: Uint8Array): Promise<Signer> {
  const pkcs8 = Uint8Array.of(...PKCS8_HEAD, ...seed);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x = "" } = (await crypto.subtle.exportKey("jwk", key)) as JsonWebKey;
  const base64 = x.replaceAll("-", "+").replaceAll("_", "/");
  return {
    publicKey: bytesOf(base64.padEnd(Math.ceil(base64.length / 4) * 4, "=")),
    sign: async (text) =>
      new Uint8Array(await crypto.subtle.sign("Ed25519", key, utf8.encode(text))),
  };
}

export async function isSigned(
  publicKey: Uint8Array<ArrayBuffer>,
  text: string,
  signature: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  return await crypto.subtle.verify("Ed25519", key, signature, utf8.encode(text));
}
