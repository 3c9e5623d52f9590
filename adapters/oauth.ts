import { base64url } from "jose";
import { signAccessToken, verifyAccessToken } from "#domain/oauth/access-token.ts";
import { builtIn } from "#domain/oauth/built-in.ts";
import { isDocumentId } from "#domain/oauth/client-documents.ts";
import { nonceWindows } from "#domain/oauth/dpop.ts";
import { resourcesOf } from "#domain/oauth/resources.ts";
import { sha256, sha256Hex } from "#domain/shared/hash.ts";
import type { TokenDeps } from "#domain/oauth/token-answer.ts";
import { clientDocuments } from "#adapters/client-documents.ts";
import type { Egress } from "#adapters/egress.ts";
import { keyRing } from "#adapters/key-ring.ts";
import { signingKeys } from "#adapters/signing.ts";
import { oauthDeviceStore } from "#db/catalog/oauth-devices.ts";
import { oauthGrantStore } from "#db/catalog/oauth-grants.ts";
import { oauthStore } from "#db/catalog/oauth.ts";

/** The authorisation server's ports. The issuer is the public address, never what a request says it was sent to. */
export function oauthPort(env: Env, out: Egress) {
  const store = oauthStore(env.CATALOG_0);
  const grants = oauthGrantStore(env.CATALOG_0);
  const described = clientDocuments(out, grants.holdsSomething);
  const keys = signingKeys(env);
  const issuer = env.WISHUB_PUBLIC_URL;
  const audiences = resourcesOf(issuer);
  const sign: TokenDeps["sign"] = async (grant, issuedAtMs, expiresAtMs) => {
    const id = crypto.randomUUID();
    const signer = await keys.signer(issuedAtMs);
    return await signAccessToken(signer, issuer, grant, { id, issuedAtMs, expiresAtMs });
  };
  const ring = keyRing(env);
  let nonces: { windows: string; values: [string, string] } | undefined;
  return {
    ...store,
    ...grants,
    ...oauthDeviceStore(env.CATALOG_0),
    client: async (id: string, nowMs: number) =>
      builtIn(id) ?? (await (isDocumentId(id) ? described : store.client)(id, nowMs)),
    keys,
    sha256Hex,
    sha256Base64Url: async (text: string) => base64url.encode(await sha256(text)),
    random: (length: number) => crypto.getRandomValues(new Uint8Array(length)),
    publicUrl: issuer,
    sign,
    /** The nonce of DPoP proofs, and the one before it: derived, so every isolate knows them and none is stored. */
    async nonces(nowMs: number): Promise<[string, string]> {
      const [now, before] = nonceWindows(nowMs);
      if (nonces?.windows !== now) {
        const purpose = "dpop-nonce";
        const values: [string, string] = [
          await ring.blindIndex(purpose, now),
          await ring.blindIndex(purpose, before),
        ];
        nonces = { windows: now, values };
      }
      return nonces.values;
    },
    /** What a token of ours says, believed by its signature alone: whether it was revoked, `tokenRow` says. */
    verified: (token: string, nowMs: number) =>
      verifyAccessToken(token, (kid) => keys.publicKey(kid, nowMs), { issuer, audiences }, nowMs),
  };
}
