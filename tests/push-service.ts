import { decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { base64UrlOf, bytesOf, joined } from "#domain/shared/bytes.ts";

/** One push as its browser reads it. */
export type Pushed = { title: string; body: string; tag: string; ttl: string; topic: string };

const utf8 = new TextEncoder();
const bytes = (text: string) => bytesOf(text.replaceAll("-", "+").replaceAll("_", "/"));

/**
 * A browser and its push service: takes what RFC 8030 asks for, verifies who sends (RFC 8292) by the key that the browser
 * subscribed with, and decrypts (RFC 8291). `status` is what the service answers.
 */
export async function browser(applicationKey: string) {
  const pair = (await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, [
    "deriveBits",
  ])) as CryptoKeyPair;
  const own = new Uint8Array((await crypto.subtle.exportKey("raw", pair.publicKey)) as ArrayBuffer);
  const auth = crypto.getRandomValues(new Uint8Array(16));
  const endpoint = `https://push.example/${base64UrlOf(auth)}`;
  const pushed: Pushed[] = [];
  const service = { status: 201 };

  async function take(request: Request): Promise<Response> {
    if (request.url !== endpoint || request.method !== "POST")
      return new Response(null, { status: 400 });
    await verified(request.headers.get("authorization") ?? "", applicationKey);
    if (request.headers.get("content-encoding") !== "aes128gcm")
      return new Response(null, { status: 415 });
    if (service.status < 300) {
      const text = await decrypted(
        new Uint8Array(await request.arrayBuffer()),
        pair.privateKey,
        own,
        auth,
      );
      const ttl = request.headers.get("ttl") ?? "";
      const topic = request.headers.get("topic") ?? "";
      pushed.push({ ...(JSON.parse(text) as Pick<Pushed, "title" | "body" | "tag">), ttl, topic });
    }
    return new Response(null, { status: service.status });
  }
  const subscription = {
    endpoint,
    expirationTime: null,
    keys: { p256dh: base64UrlOf(own), auth: base64UrlOf(auth) },
  };
  const fetch = (input: RequestInfo | URL, init?: RequestInit) => take(new Request(input, init));
  return { subscription, pushed, service, network: { fetch } };
}

/** `vapid t=JWT, k=KEY`, of the key that was subscribed with, for this service, and for no longer than a day. */
async function verified(header: string, applicationKey: string): Promise<void> {
  const [, token, key] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/i.exec(header) ?? [];
  if (token === undefined || key !== applicationKey) throw new Error(`not signed: ${header}`);
  if (decodeProtectedHeader(token).alg !== "ES256") throw new Error("not ES256");
  const point = bytes(key);
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(base64UrlOf);
  const jwk = await importJWK({ kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" }, "ES256");
  const { payload } = await jwtVerify(token, jwk, { audience: "https://push.example" });
  if ((payload.exp ?? Infinity) > Date.now() / 1_000 + 86_400)
    throw new Error("valid for too long");
  if (payload.sub === undefined) throw new Error("nobody to write to");
}

async function decrypted(
  body: Uint8Array,
  privateKey: CryptoKey,
  own: Uint8Array,
  auth: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const salt = new Uint8Array(body.slice(0, 16));
  const theirs = new Uint8Array(body.slice(21, 21 + (body[20] ?? 0)));
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const publicKey = await crypto.subtle.importKey("raw", theirs, curve, false, []);
  // workers-types spells the peer's key `$public`.
  const agreed = { name: "ECDH", public: publicKey } as unknown as SubtleCryptoDeriveKeyAlgorithm;
  const secret = new Uint8Array(await crypto.subtle.deriveBits(agreed, privateKey, 256));
  const about = joined([utf8.encode("WebPush: info\0"), own, theirs]);
  const ikm = await hkdf(secret, auth, about, 32);
  const cek = await hkdf(ikm, salt, utf8.encode("Content-Encoding: aes128gcm\0"), 16);
  const iv = await hkdf(ikm, salt, utf8.encode("Content-Encoding: nonce\0"), 12);
  const key = await crypto.subtle.importKey("raw", cek, "AES-GCM", false, ["decrypt"]);
  const sealed = new Uint8Array(body.slice(21 + theirs.length));
  const plain = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, sealed));
  const end = plain.lastIndexOf(2);
  return new TextDecoder().decode(plain.subarray(0, end));
}

async function hkdf(
  ikm: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer>,
  info: Uint8Array,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey("raw", ikm, "HKDF", false, ["deriveBits"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt, info: new Uint8Array(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, length * 8));
}
