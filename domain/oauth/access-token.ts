import { type CryptoKey, decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Scope } from "#domain/accounts/model.ts";
import { scopesFrom, scopeText } from "#domain/oauth/scopes.ts";
import { SIGNING_ALGORITHM } from "#domain/oauth/signing-keys.ts";

/** Rule 13 of the architecture: nothing revocable lives longer without being asked about. */
export const TOKEN_LIFE_MS = 15 * 60_000;
/** The clocks of our own isolates differ by less. */
const CLOCK_TOLERANCE_S = 5;
/** A token with every scope, a chain of four actors and both bindings takes about 1,500. */
export const TOKEN_CHARS_MAX = 4_096;
const TYPE = "at+jwt"; // RFC 9068 section 2.1

/** Who acts, and on whose delegation that one acts in turn (RFC 8693 section 4.1). */
export type Actor = { sub: string; client_id: string; act?: Actor | undefined };
export const ACTORS_MAX = 4;

const actor: z.ZodType<Actor> = z.object({
  sub: z.string().max(64),
  client_id: z.string().max(256),
  get act() {
    return actor.optional();
  },
});

/** The key or certificate whose holder alone may use a token (RFC 9449 section 6, RFC 8705 section 3). */
export const confirmation = z.object({
  jkt: z.string().max(64).optional(),
  "x5t#S256": z.string().max(64).optional(),
});
export type Confirmation = z.infer<typeof confirmation>;

export type TokenGrant = {
  accountId: string;
  principalId: string;
  clientId: string;
  /** The family it belongs to and dies with; none for a client that acts for itself. */
  grantId?: string | undefined;
  scopes: readonly Scope[];
  audience: readonly string[];
  actor?: Actor | undefined;
  bound?: Confirmation | undefined;
  /** The tokens it was exchanged for, first one first: it ends with each of them (RFC 8693). */
  via?: Via[] | undefined;
};
export type AccessToken = TokenGrant & {
  id: string;
  kid: string;
  issuedAtMs: number;
  expiresAtMs: number;
};

const via = z.object({ jti: z.string().max(64), client_id: z.string().max(256) });
export type Via = z.infer<typeof via>;

const claims = z.object({
  sub: z.string().max(64),
  aud: z.union([z.string().max(2_048), z.array(z.string().max(2_048)).max(8)]),
  jti: z.string().min(16).max(64),
  iat: z.int(),
  exp: z.int(),
  client_id: z.string().max(256),
  account_id: z.string().max(64),
  grant_id: z.string().max(64).optional(),
  scope: z.string().max(512),
  act: actor.optional(),
  cnf: confirmation.optional(),
  via: z
    .array(via)
    .max(2 * ACTORS_MAX)
    .optional(),
});

export type Signer = { kid: string; key: CryptoKey };

/** A JWT access token (RFC 9068). Times in it are whole seconds. */
export async function signAccessToken(
  signer: Signer,
  issuer: string,
  grant: TokenGrant,
  { id, issuedAtMs, expiresAtMs }: { id: string; issuedAtMs: number; expiresAtMs: number },
): Promise<string> {
  return await new SignJWT({
    client_id: grant.clientId,
    account_id: grant.accountId,
    ...(grant.grantId !== undefined && { grant_id: grant.grantId }),
    scope: scopeText(grant.scopes),
    ...(grant.actor !== undefined && { act: grant.actor }),
    ...(grant.bound !== undefined && { cnf: grant.bound }),
    ...(grant.via !== undefined && { via: grant.via }),
  })
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: TYPE, kid: signer.kid })
    .setIssuer(issuer)
    .setSubject(grant.principalId)
    .setAudience(grant.audience.length === 1 ? (grant.audience[0] ?? "") : [...grant.audience])
    .setJti(id)
    .setIssuedAt(Math.floor(issuedAtMs / 1000))
    .setExpirationTime(Math.floor(expiresAtMs / 1000))
    .sign(signer.key);
}

/** Whether it could be a token of ours at all, without looking into it. */
export const looksLikeToken = (text: string) =>
  text.length <= TOKEN_CHARS_MAX && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);

/**
 * What a token says, if one of our own keys signed it for one of our own resources and it still counts; otherwise null.
 * The key comes from `keyOf` alone: nothing in the token names a key, a place to find one or an algorithm (RFC 8725).
 */
export async function verifyAccessToken(
  token: string,
  keyOf: (kid: string) => Promise<CryptoKey | null>,
  { issuer, audiences }: { issuer: string; audiences: string[] },
  nowMs: number,
): Promise<AccessToken | null> {
  if (!looksLikeToken(token)) return null;
  try {
    const { alg, typ, kid, ...others } = decodeProtectedHeader(token);
    if (alg !== SIGNING_ALGORITHM || typ !== TYPE || typeof kid !== "string") return null;
    // We put nothing else into a header: `jwk`, `jku`, `x5u`, `crit`, `b64` and the like are somebody else's.
    if (Object.keys(others).length > 0 || !/^[\w-]{43}$/.test(kid)) return null;
    const key = await keyOf(kid);
    if (key === null) return null;
    const { payload } = await jwtVerify(token, key, {
      algorithms: [SIGNING_ALGORITHM],
      typ: TYPE,
      issuer,
      audience: audiences,
      requiredClaims: ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "account_id"],
      clockTolerance: CLOCK_TOLERANCE_S,
      maxTokenAge: TOKEN_LIFE_MS / 1000,
      currentDate: new Date(nowMs),
    });
    const said = claims.parse(payload);
    // An end that is further away than a token may live was not set by us, whoever signed it.
    if (said.exp - said.iat > TOKEN_LIFE_MS / 1000 || said.exp * 1000 <= nowMs) return null;
    return tokenOf(said, kid);
  } catch {
    return null; // whatever is wrong with it, it is not a token
  }
}

function tokenOf(said: z.infer<typeof claims>, kid: string): AccessToken {
  return {
    id: said.jti,
    kid,
    accountId: said.account_id,
    principalId: said.sub,
    clientId: said.client_id,
    grantId: said.grant_id,
    scopes: scopesFrom(said.scope) ?? [],
    audience: typeof said.aud === "string" ? [said.aud] : said.aud,
    actor: said.act,
    bound: said.cnf,
    via: said.via,
    issuedAtMs: said.iat * 1000,
    expiresAtMs: said.exp * 1000,
  };
}
