import { base64url, createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from "jose";
import { z } from "zod";

export const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
export const ASSERTION_ALGORITHMS = ["ES256", "EdDSA", "Ed25519", "PS256", "RS256"] as const;
const ASSERTION_CHARS_MAX = 8_192;
/** An assertion is made for one request. */
const ASSERTION_LIFE_S = 600;
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "k", "oth"];

/** The public keys by which a client proves itself (RFC 7591 section 2). A secret in there is refused, not ignored. */
export const clientJwks = z.object({
  keys: z
    .array(
      z
        .looseObject({
          kty: z.enum(["EC", "OKP", "RSA"]),
          kid: z.string().max(100).optional(),
          n: z.string().max(1_400).optional(), // 8,192 bits
          x5c: z.array(z.base64().max(8_192)).max(4).optional(),
        })
        .refine((key) => !PRIVATE_MEMBERS.some((name) => name in key), "holds a private key")
        .refine((key) => JSON.stringify(key).length <= 16_384, "is too large"),
    )
    .min(1)
    .max(5),
});
export type ClientJwks = z.infer<typeof clientJwks>;

/** Who an assertion says it is from, before anything of it is believed: only to find whose keys to ask. */
export function issuerOf(assertion: string): string | null {
  if (assertion.length > ASSERTION_CHARS_MAX) return null;
  try {
    const { iss, sub } = decodeJwt(assertion);
    return typeof iss === "string" && iss === sub ? iss : null;
  } catch {
    return null;
  }
}

/** A client's own signature for this request (RFC 7523 section 3): its name and end, so that it counts once; null where it does not count. */
export async function readAssertion(
  assertion: string,
  client: { id: string; jwks: ClientJwks },
  audiences: string[],
  nowMs: number,
): Promise<{ jti: string; expiresAtMs: number } | null> {
  try {
    const keys = createLocalJWKSet(client.jwks as JSONWebKeySet);
    const { payload } = await jwtVerify(assertion, keys, {
      algorithms: [...ASSERTION_ALGORITHMS],
      issuer: client.id,
      subject: client.id,
      audience: audiences,
      requiredClaims: ["exp", "jti"],
      clockTolerance: 5,
      currentDate: new Date(nowMs),
    });
    const { jti, exp = 0 } = payload;
    if (typeof jti !== "string" || jti.length < 8 || jti.length > 128) return null;
    if (exp > nowMs / 1000 + ASSERTION_LIFE_S) return null;
    return { jti, expiresAtMs: (exp + 5) * 1000 };
  } catch {
    return null; // whatever is wrong with it, it proves nothing
  }
}

/** The certificates that a client registered for itself, by their thumbprints (RFC 8705 section 2.2.2). */
export async function registeredThumbprints(jwks: ClientJwks): Promise<string[]> {
  const certificates = jwks.keys.flatMap(({ x5c = [] }) => x5c.slice(0, 1));
  return await Promise.all(
    certificates.map(async (der) => {
      const bytes = Uint8Array.from(atob(der), (letter) => letter.charCodeAt(0));
      return base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
    }),
  );
}
