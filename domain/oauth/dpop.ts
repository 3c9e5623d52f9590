import {
  base64url,
  calculateJwkThumbprint,
  decodeProtectedHeader,
  importJWK,
  jwtVerify,
} from "jose";
import { z } from "zod";
import { sha256 } from "#domain/shared/hash.ts";

/** What a proof may be signed with (RFC 9449 section 4.2): asymmetric, and of these only. */
export const PROOF_ALGORITHMS = ["ES256", "EdDSA", "Ed25519"] as const;
const PROOF_CHARS_MAX = 4_096;
/** A proof is made for one request, now: this much either way for clocks and networks. */
export const PROOF_LIFE_MS = 60_000;
/** Nonces change every two minutes; the last one still counts. */
const NONCE_WINDOW_MS = 120_000;

const publicKey = z.discriminatedUnion("kty", [
  z.strictObject({
    kty: z.literal("EC"),
    crv: z.literal("P-256"),
    x: z.string().max(64),
    y: z.string().max(64),
    ...named(),
  }),
  z.strictObject({
    kty: z.literal("OKP"),
    crv: z.literal("Ed25519"),
    x: z.string().max(64),
    ...named(),
  }),
]);
/** What a key may say about itself; private parts are in none of it. */
function named() {
  const text = z.string().max(100).optional();
  return {
    kid: text,
    alg: text,
    use: text,
    ext: z.boolean().optional(),
    key_ops: z.array(z.string()).max(4).optional(),
  };
}

const claims = z.object({
  jti: z.string().min(8).max(128),
  htm: z.string().max(16),
  htu: z.string().max(2_048),
  iat: z.int(),
  ath: z.string().max(64).optional(),
  nonce: z.string().max(128).optional(),
});

/** What the proof has to be about. */
export type ProofOf = {
  method: string;
  /** The address below our public one, never what the request says it was sent to. */
  url: string;
  /** The access token that it goes with, if it goes with one. */
  token?: string;
  nowMs: number;
};
export type Proof = {
  /** The RFC 7638 thumbprint of the key. */
  jkt: string;
  jti: string;
  nonce: string | undefined;
  /** Until then a second one like it has to be refused. */
  expiresAtMs: number;
};

/** The key that a DPoP proof proves to be held by who sends it (RFC 9449 section 4.3), or null. Replay and nonce are the caller's. */
export async function readProof(header: string, about: ProofOf): Promise<Proof | null> {
  // Two headers of that name arrive as one with a comma in it, which no JWT holds.
  if (header.length > PROOF_CHARS_MAX || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(header)) return null;
  try {
    const { typ, alg, jwk, ...others } = decodeProtectedHeader(header);
    const known = PROOF_ALGORITHMS.find((one) => one === alg);
    if (typ !== "dpop+jwt" || known === undefined || Object.keys(others).length > 0) return null;
    const key = publicKey.parse(jwk);
    const { payload } = await jwtVerify(header, await importJWK(key, known), {
      algorithms: [known],
      typ: "dpop+jwt",
      currentDate: new Date(about.nowMs),
    });
    const said = claims.parse(payload);
    if (Math.abs(said.iat * 1000 - about.nowMs) > PROOF_LIFE_MS) return null;
    if (said.htm !== about.method || withoutQuery(said.htu) !== withoutQuery(about.url))
      return null;
    if (about.token !== undefined) {
      if (said.ath !== base64url.encode(await sha256(about.token))) return null;
    }
    return {
      jkt: await calculateJwkThumbprint(key),
      jti: said.jti,
      nonce: said.nonce,
      expiresAtMs: said.iat * 1000 + 2 * PROOF_LIFE_MS,
    };
  } catch {
    return null; // whatever is wrong with it, it proves nothing
  }
}

function withoutQuery(address: string): string | null {
  const url = URL.parse(address);
  return url === null ? null : url.origin + url.pathname;
}

/** What a nonce of this moment, and of the moment before, is made from: nothing of it is stored. */
export function nonceWindows(nowMs: number): [now: string, before: string] {
  const window = Math.floor(nowMs / NONCE_WINDOW_MS);
  return [`dpop ${window}`, `dpop ${window - 1}`];
}
