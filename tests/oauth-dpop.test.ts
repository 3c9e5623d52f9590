import { env } from "cloudflare:workers";
import {
  base64url,
  calculateJwkThumbprint,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  SignJWT,
} from "jose";
import { decodeJwt } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import {
  answerOf,
  browserOf,
  formOf,
  makeClient,
  REDIRECT,
  registered,
  requestOf,
  type TestClient,
  tokenOf,
  type Tokens,
  VERIFIER,
} from "./oauth.ts";
import { call, newAccount, ORIGIN, type TestAccount } from "./helpers.ts";

type Holder = { privateKey: CryptoKey; jwk: JWK; jkt: string };

let account: TestAccount;
let client: TestClient;
let holder: Holder;
let thief: Holder;
let nonce: string;
let bound: string;
beforeAll(async () => {
  account = await newAccount();
  client = await makeClient(account, { scope: "search units:read units:write" });
  holder = await holderOf("ES256");
  thief = await holderOf("ES256");
  nonce = (await ask({}, await proof("POST", "/oauth/token"))).headers.get("DPoP-Nonce") ?? "";
  bound = await boundToken();
});

async function holderOf(alg: string): Promise<Holder> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) };
}

type Changes = { header?: object; claims?: object; by?: Holder; alg?: string; key?: Holder };

async function proof(method: string, path: string, changes: Changes = {}): Promise<string> {
  const { by = holder, header = {}, claims = {}, alg = "ES256", key = by } = changes;
  return await new SignJWT({
    jti: crypto.randomUUID(),
    htm: method,
    htu: `${ORIGIN}${path}`,
    iat: Math.floor(Date.now() / 1000),
    ...claims,
  })
    .setProtectedHeader({ typ: "dpop+jwt", alg, jwk: by.jwk, ...header })
    .sign(key.privateKey);
}

const athOf = async (token: string) =>
  base64url.encode(
    new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))),
  );
const ask = (fields: Record<string, string>, dpop: string) =>
  formOf(
    "/oauth/token",
    { grant_type: "client_credentials", ...fields },
    { ...client.header, DPoP: dpop },
  );
async function boundToken(): Promise<string> {
  const answer = await ask({}, await proof("POST", "/oauth/token", { claims: { nonce } }));
  return (await answer.json<{ access_token: string }>()).access_token;
}
const errorOf = async (response: Response) => (await response.json<{ error: string }>()).error;

/** A request with a token and a proof for it. */
async function use(token: string, changes: Changes = {}, path = "/v1/units", method = "GET") {
  const claims = { ath: await athOf(token), ...changes.claims };
  const dpop = await proof(method, path, { ...changes, claims });
  return await send(token, dpop, path, method);
}
const send = (token: string, dpop: string, path = "/v1/units", method = "GET", body?: object) =>
  call(method, path, {
    headers: { Authorization: `DPoP ${token}`, DPoP: dpop },
    ...(body !== undefined && { body }),
  });

describe("a token bound to a key", () => {
  it("is given for a proof with our nonce, and used with a proof for each request", async () => {
    const first = await ask({}, await proof("POST", "/oauth/token"));
    expect([first.status, await errorOf(first)]).toEqual([400, "use_dpop_nonce"]);
    const answer = await ask({}, await proof("POST", "/oauth/token", { claims: { nonce } }));
    const { access_token, token_type } = await answer.json<Record<string, string>>();
    expect(token_type).toBe("DPoP");
    expect(decodeJwt(access_token ?? "")["cnf"]).toEqual({ jkt: holder.jkt });
    expect((await use(access_token ?? "")).status).toBe(200);
    expect((await use(access_token ?? "", { claims: { nonce } })).status).toBe(200);
  });

  it("takes Ed25519 keys, too", async () => {
    const by = await holderOf("EdDSA");
    const dpop = await proof("POST", "/oauth/token", { by, alg: "EdDSA", claims: { nonce } });
    const { access_token = "" } = await (await ask({}, dpop)).json<Record<string, string>>();
    expect((await use(access_token, { by, alg: "EdDSA" })).status).toBe(200);
  });

  it("is worth nothing without its key: as a bearer's, without a proof, with another key's", async () => {
    const bearer = await call("GET", "/v1/units", {
      headers: { Authorization: `Bearer ${bound}` },
    });
    expect(bearer.status).toBe(401);
    expect(bearer.headers.get("WWW-Authenticate")).toContain('DPoP algs="ES256');
    const bare = await call("GET", "/v1/units", { headers: { Authorization: `DPoP ${bound}` } });
    expect(bare.status).toBe(401);
    expect(bare.headers.get("WWW-Authenticate")).toContain('error="invalid_dpop_proof"');
    expect((await use(bound, { by: thief })).status).toBe(401);
  });

  it("does not take a token for bound that is not", async () => {
    const { token } = await tokenOf(client, {});
    expect((await use(token)).status).toBe(401);
  });
});

describe("a proof", () => {
  it("counts once, also for what only reads", async () => {
    const dpop = await proof("GET", "/v1/units", { claims: { ath: await athOf(bound) } });
    expect((await send(bound, dpop)).status).toBe(200);
    const again = await send(bound, dpop);
    expect(again.status).toBe(401);
    expect(again.headers.get("WWW-Authenticate")).toContain('error="invalid_dpop_proof"');
    const post = await proof("POST", "/oauth/token", { claims: { nonce } });
    expect((await ask({}, post)).status).toBe(200);
    expect(await errorOf(await ask({}, post))).toBe("invalid_dpop_proof");
  });

  it("counts for its own method, address, token and time only", async () => {
    const nowS = Math.floor(Date.now() / 1000);
    const wrong = [
      { htm: "POST" },
      { htm: "get" },
      { htu: `${ORIGIN}/v1/keys` },
      { htu: "https://elsewhere.example/v1/units" },
      { htu: "/v1/units" },
      { ath: await athOf("another") },
      { ath: undefined },
      { iat: nowS - 120 },
      { iat: nowS + 120 },
      { iat: undefined },
      { jti: undefined },
      { jti: "short" },
      { exp: nowS - 60 },
      { nonce: "not ours" },
    ];
    for (const claims of wrong)
      expect((await use(bound, { claims })).status, JSON.stringify(claims)).toBe(401);
    // The query is no part of what is proven (RFC 9449 section 4.2).
    expect((await use(bound, { claims: { htu: `${ORIGIN}/v1/units?limit=1#x` } })).status).toBe(
      200,
    );
  });

  it("names a public key of a kind we know, which signed it, and nothing else", async () => {
    const secret = await exportJWK(holder.privateKey);
    const wrong: Changes[] = [
      { header: { typ: "JWT" } },
      { header: { jwk: undefined } },
      { header: { jwk: secret } },
      { header: { kid: "x" } },
      { header: { x5u: "https://evil.example" } },
      { by: thief, key: holder },
      { by: holder, key: thief },
    ];
    for (const changes of wrong)
      expect((await use(bound, changes)).status, JSON.stringify(changes.header)).toBe(401);
    const none = `${base64url.encode(
      JSON.stringify({ typ: "dpop+jwt", alg: "none", jwk: holder.jwk }),
    )}.${(await proof("GET", "/v1/units", { claims: { ath: await athOf(bound) } })).split(".")[1]}.`;
    const good = await proof("GET", "/v1/units", { claims: { ath: await athOf(bound) } });
    for (const dpop of [none, `${good}, ${good}`, "nonsense", "", "x".repeat(10_000)])
      expect((await send(bound, dpop)).status, dpop.slice(0, 20)).toBe(401);
    const hmac = await new SignJWT({ jti: crypto.randomUUID(), htm: "GET" })
      .setProtectedHeader({ typ: "dpop+jwt", alg: "HS256", jwk: { kty: "oct", k: "AAAA" } as JWK })
      .sign(new Uint8Array(32));
    expect((await send(bound, hmac)).status).toBe(401);
  });

  it("is refused where it is no proof, even by a client that needs none", async () => {
    expect(await errorOf(await ask({}, "nonsense"))).toBe("invalid_dpop_proof");
    const elsewhere = await proof("POST", "/oauth/revoke", { claims: { nonce } });
    expect(await errorOf(await ask({}, elsewhere))).toBe("invalid_dpop_proof");
  });

  it("counts once everywhere for what changes something", async () => {
    const body = { title: "Otters", body: "Otters hold hands while they sleep." };
    const jti = crypto.randomUUID();
    const claims = { jti, ath: await athOf(bound) };
    // Another isolate has seen it.
    await env.CATALOG_0.prepare("INSERT INTO oauth_spent VALUES (?, ?)")
      .bind(`proof ${holder.jkt} ${jti}`, Date.now() + 60_000)
      .run();
    const dpop = await proof("POST", "/v1/units", { claims });
    expect((await send(bound, dpop, "/v1/units", "POST", body)).status).toBe(401);
    const fresh = await proof("POST", "/v1/units", { claims: { ath: await athOf(bound) } });
    expect((await send(bound, fresh, "/v1/units", "POST", body)).status).toBe(202);
  });
});

describe("a grant", () => {
  it("binds the refresh token of a client without a secret to the key of its first proof", async () => {
    const clientId = await registered();
    const said = await answerOf(
      await browserOf(account),
      await requestOf(clientId, { dpop_jkt: holder.jkt }),
    );
    const redeem = async (by: Holder) =>
      await formOf(
        "/oauth/token",
        {
          grant_type: "authorization_code",
          client_id: clientId,
          code: said.get("code") ?? "",
          code_verifier: VERIFIER,
          redirect_uri: REDIRECT,
        },
        { DPoP: await proof("POST", "/oauth/token", { by, claims: { nonce } }) },
      );
    // The code itself is bound from the start (RFC 9449 section 10).
    expect(await errorOf(await redeem(thief))).toBe("invalid_grant");
    const tokens = await (await redeem(holder)).json<Tokens>();
    const refresh = async (headers: Record<string, string>) =>
      await formOf(
        "/oauth/token",
        {
          grant_type: "refresh_token",
          client_id: clientId,
          refresh_token: tokens.refresh_token,
        },
        headers,
      );
    const by = async (who: Holder) => ({
      DPoP: await proof("POST", "/oauth/token", { by: who, claims: { nonce } }),
    });
    expect(await errorOf(await refresh({}))).toBe("invalid_grant");
    expect(await errorOf(await refresh(await by(thief)))).toBe("invalid_grant");
    const next = await (await refresh(await by(holder))).json<Tokens>();
    expect((await use(next.access_token)).status).toBe(200);
  });

  it("is refused without a key to a client that said it always has one", async () => {
    const strict = await makeClient(account, { dpop_bound_access_tokens: true });
    const refused = await formOf(
      "/oauth/token",
      { grant_type: "client_credentials" },
      strict.header,
    );
    expect(await errorOf(refused)).toBe("invalid_dpop_proof");
  });
});

it("exchanges a bound token for nobody but the holder of its key, who gets one bound to it", async () => {
  const grant_type = "urn:ietf:params:oauth:grant-type:token-exchange";
  const delegate = await makeClient(account, { grant_types: [grant_type], scope: "search" });
  const fields = {
    grant_type,
    subject_token: bound,
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
  };
  const exchanged = async (changes?: Changes) => {
    const claims = { nonce };
    const shown = changes && { DPoP: await proof("POST", "/oauth/token", { ...changes, claims }) };
    return await formOf("/oauth/token", fields, { ...delegate.header, ...shown });
  };
  for (const changes of [undefined, { by: thief }])
    expect(await errorOf(await exchanged(changes))).toBe("invalid_request");
  const own = await exchanged({});
  expect(own.status).toBe(200);
  const { access_token } = await own.json<Tokens>();
  expect(decodeJwt(access_token)["cnf"]).toEqual(decodeJwt(bound)["cnf"]);
});
