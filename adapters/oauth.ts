import { verifyAccessToken } from "#domain/oauth/access-token.ts";
import { signAccessToken } from "#domain/oauth/access-token.ts";
import { resourcesOf } from "#domain/oauth/resources.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import type { TokenDeps } from "#domain/oauth/token-request.ts";
import { signingKeys } from "#adapters/signing.ts";
import { oauthStore } from "#db/catalog/oauth.ts";

/** The authorisation server's ports. The issuer is the public address, never what a request says it was sent to. */
export function oauthPort(env: Env) {
  const store = oauthStore(env.CATALOG_0);
  const keys = signingKeys(env);
  const issuer = env.WISHUB_PUBLIC_URL;
  const audiences = resourcesOf(issuer);
  const sign: TokenDeps["sign"] = async (grant, issuedAtMs, expiresAtMs) => {
    const id = crypto.randomUUID();
    const signer = await keys.signer(issuedAtMs);
    return await signAccessToken(signer, issuer, grant, { id, issuedAtMs, expiresAtMs });
  };
  return {
    ...store,
    keys,
    sha256Hex,
    publicUrl: issuer,
    sign,
    /** What a token of ours says, believed by its signature alone: whether it was revoked, `tokenRow` says. */
    verified: (token: string, nowMs: number) =>
      verifyAccessToken(token, (kid) => keys.publicKey(kid, nowMs), { issuer, audiences }, nowMs),
  };
}
