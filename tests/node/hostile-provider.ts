import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer } from "node:http";

export type Parts = { header: Record<string, unknown>; claims: Record<string, unknown> };
type Keys = { own: KeyObject; ownPublic: KeyObject; strange: KeyObject; strangePublic: KeyObject };
/** The id token that the provider answers with, made of what an honest one would say. */
export type Attack = (honest: Parts, keys: Keys) => string;

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
export const signed = ({ header, claims }: Parts, key: KeyObject): string => {
  const input = `${part(header)}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
};
export const unsigned = ({ header, claims }: Parts) =>
  `${part({ ...header, alg: "none" })}.${part(claims)}.`;
/** Key confusion: the public key's text as the secret of an HMAC. */
export const confused = ({ header, claims }: Parts, publicKey: KeyObject): string => {
  const input = `${part({ ...header, alg: "HS256" })}.${part(claims)}`;
  const secret = publicKey.export({ type: "spki", format: "pem" });
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
};

/** A provider whose every answer is honest but for the id token, which `attack` makes. */
export async function hostileProvider(clientId: string) {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const strange = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const keys = {
    own: pair.privateKey,
    ownPublic: pair.publicKey,
    strange: strange.privateKey,
    strangePublic: strange.publicKey,
  };
  let attack: Attack = (honest) => signed(honest, keys.own);
  let nonce = "";
  let subject = "mallory";
  const server = createServer((request, response) => {
    const json = (value: unknown) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
    const path = new URL(request.url ?? "/", issuer).pathname;
    if (path === "/.well-known/openid-configuration")
      return void json({
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
        authorization_response_iss_parameter_supported: true,
      });
    if (path === "/jwks")
      return void json({
        keys: [
          { ...keys.ownPublic.export({ format: "jwk" }), kid: "own", alg: "ES256", use: "sig" },
        ],
      });
    const nowS = Math.floor(Date.now() / 1_000);
    const honest = {
      header: { alg: "ES256", kid: "own", typ: "JWT" },
      claims: { iss: issuer, sub: subject, aud: clientId, exp: nowS + 300, iat: nowS, nonce },
    };
    return void json({
      access_token: "an-access-token",
      token_type: "Bearer",
      expires_in: 300,
      id_token: attack(honest, keys),
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const issuer = `http://127.0.0.1:${address.port}`;
  return {
    issuer,
    /** What it answers the next sign-in with. */
    answer(next: { attack?: Attack; nonce: string; subject?: string }) {
      attack = next.attack ?? ((honest) => signed(honest, keys.own));
      ({ nonce } = next);
      subject = next.subject ?? "mallory";
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
