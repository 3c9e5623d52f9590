import { env } from "cloudflare:workers";
import {
  base64url,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  UnsecuredJWT,
} from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { signingKeys } from "#adapters/signing.ts";
import { makeClient, tokenOf } from "./oauth.ts";
import { call, newAccount, ORIGIN, type TestAccount } from "./helpers.ts";

// Tokens as an attacker would make them, and as a mistake of ours could: all of them meet the product's own door.

type Claims = Record<string, unknown>;

let account: TestAccount;
let clientId: string;
let good: string;
let ours: { kid: string; key: CryptoKey };
let publicJwk: Record<string, unknown>;
let theirs: { publicKey: CryptoKey; privateKey: CryptoKey };

beforeAll(async () => {
  account = await newAccount();
  const client = await makeClient(account, { scope: "search" });
  clientId = client.id;
  good = (await tokenOf(client, {})).token;
  ours = await signingKeys(env).signer(Date.now());
  const { keys } = await (
    await call("GET", "/.well-known/jwks.json")
  ).json<{ keys: Record<string, unknown>[] }>();
  publicJwk = keys.find(({ kid }) => kid === ours.kid) ?? {};
  theirs = await generateKeyPair("ES256", { extractable: true });
});

const nowS = () => Math.floor(Date.now() / 1000);
const claims = (changes: Claims = {}): Claims => ({
  iss: ORIGIN,
  aud: ORIGIN,
  sub: account.principal.principalId,
  account_id: account.accountId,
  client_id: clientId,
  scope: "search",
  jti: crypto.randomUUID(),
  iat: nowS(),
  exp: nowS() + 600,
  ...changes,
});
const header = (changes: Claims = {}) => ({
  alg: "ES256",
  typ: "at+jwt",
  kid: ours.kid,
  ...changes,
});
/** Signed by our own key: what only a mistake of ours could make, or a stolen key. */
const signed = (payload: Claims, changes: Claims = {}, key: CryptoKey | Uint8Array = ours.key) =>
  new SignJWT(payload).setProtectedHeader(header(changes)).sign(key);

async function statusOf(token: string, scheme = "Bearer"): Promise<number> {
  const headers = { Authorization: `${scheme} ${token}` };
  return (await call("GET", "/v1/sessions/current", { headers })).status;
}

const part = (value: object) => base64url.encode(JSON.stringify(value));

it("takes the token that these attacks start from", async () => {
  expect(await statusOf(good)).toBe(200);
  expect(await statusOf(await signed(claims()))).toBe(200);
});

describe("an algorithm of the attacker's choice", () => {
  it("refuses alg none, in any spelling, with and without a signature", async () => {
    expect(await statusOf(new UnsecuredJWT(claims()).encode())).toBe(401);
    const payload = good.split(".")[1] ?? "";
    const signature = good.split(".")[2] ?? "";
    for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
      expect(await statusOf(`${part(header({ alg }))}.${payload}.`)).toBe(401);
      expect(await statusOf(`${part(header({ alg }))}.${payload}.${signature}`)).toBe(401);
    }
  });

  it("refuses our public key used as the secret of an HMAC", async () => {
    const pem = JSON.stringify(publicJwk);
    const raw = base64url.decode(`${String(publicJwk["x"])}${String(publicJwk["y"])}`);
    for (const secret of [new TextEncoder().encode(pem), raw]) {
      for (const alg of ["HS256", "HS512"])
        expect(await statusOf(await signed(claims(), { alg }, padded(secret)))).toBe(401);
    }
  });

  it("refuses another asymmetric algorithm under the name of our key", async () => {
    for (const alg of ["ES384", "EdDSA", "RS256", "PS256"]) {
      const { privateKey } = await generateKeyPair(alg);
      expect(await statusOf(await signed(claims(), { alg }, privateKey))).toBe(401);
    }
  });
});

const padded = (secret: Uint8Array) => {
  const key = new Uint8Array(Math.max(64, secret.length));
  key.set(secret);
  return key;
};

describe("a key of the attacker's choice", () => {
  it("refuses a key in the token itself, and addresses of keys", async () => {
    const jwk = await exportJWK(theirs.publicKey);
    const headers = [
      { jwk },
      { jwk, kid: undefined },
      { jku: "https://evil.example/jwks.json" },
      { x5u: "https://evil.example/cert.pem" },
      { x5c: ["MIIB"] },
    ];
    for (const changes of headers)
      expect(await statusOf(await signed(claims(), changes, theirs.privateKey))).toBe(401);
    // Even where our own key signed it: nothing of ours carries such a header.
    expect(await statusOf(await signed(claims(), { jwk }))).toBe(401);
  });

  it("refuses names of keys that are paths, statements, addresses or other types", async () => {
    const kids = [
      "../../../../dev/null",
      "' OR 1=1 --",
      "x' UNION SELECT 'AA==' --",
      "https://evil.example/key",
      "__proto__",
      "",
      "A".repeat(43),
      "A".repeat(5_000),
      undefined,
    ];
    for (const kid of kids) {
      expect(await statusOf(await signed(claims(), { kid }, theirs.privateKey)), kid).toBe(401);
      expect(await statusOf(await signed(claims(), { kid })), kid).toBe(401);
    }
    const [, payload, signature] = good.split(".");
    for (const kid of [null, 7, { toString: "x" }, [ours.kid], true])
      expect(await statusOf(`${part(header({ kid }))}.${payload}.${signature}`)).toBe(401);
  });

  it("refuses a foreign signature under the name of our key", async () => {
    expect(await statusOf(await signed(claims(), {}, theirs.privateKey))).toBe(401);
  });

  it("refuses an all-zero signature (psychic signatures)", async () => {
    const [head, payload] = good.split(".");
    expect(await statusOf(`${head}.${payload}.${base64url.encode(new Uint8Array(64))}`)).toBe(401);
  });
});

describe("claims that we would not have made, signed by our own key", () => {
  it("refuses a token without an end, a start, a subject, a client, an account or a name", async () => {
    for (const name of ["exp", "iat", "sub", "client_id", "account_id", "jti", "aud", "iss"])
      expect(await statusOf(await signed(claims({ [name]: undefined }))), name).toBe(401);
  });

  it("refuses one that has ended, lives too long, or comes from the future", async () => {
    const now = nowS();
    const times = [
      { iat: now - 700, exp: now - 1 },
      { exp: now + 3_600 },
      { iat: now - 1_000, exp: now + 600 },
      { iat: now + 600, exp: now + 900 },
      { nbf: now + 600 },
      { exp: String(now + 600) },
      { exp: 1e300 },
      { exp: -1 },
    ];
    for (const changes of times)
      expect(await statusOf(await signed(claims(changes))), JSON.stringify(changes)).toBe(401);
  });

  it("refuses another issuer, and other audiences", async () => {
    const changes = [
      { iss: "https://evil.example" },
      { iss: `${ORIGIN}/` },
      { iss: [ORIGIN] },
      { aud: "https://elsewhere.example" },
      { aud: [] },
      { aud: `${ORIGIN}.evil.example` },
      { aud: `${ORIGIN}/mcp` },
      { aud: { [ORIGIN]: true } },
    ];
    for (const one of changes)
      expect(await statusOf(await signed(claims(one))), JSON.stringify(one)).toBe(401);
  });

  it("refuses another kind of token (RFC 8725 section 3.11)", async () => {
    for (const typ of ["JWT", "dpop+jwt", "secevent+jwt", "logout+jwt", undefined, "at+JWT; x"])
      expect(await statusOf(await signed(claims(), { typ })), typ).toBe(401);
  });

  it("refuses extensions that must be understood", async () => {
    const [, payload, signature] = good.split(".");
    for (const changes of [
      { crit: ["exp"] },
      { crit: [], b64: false },
      { crit: ["b64"], b64: false },
    ])
      expect(await statusOf(`${part(header(changes))}.${payload}.${signature}`)).toBe(401);
  });

  it("refuses people, accounts and clients that do not belong together", async () => {
    const other = await newAccount();
    const theirClient = await makeClient(other, {});
    const changes = [
      { account_id: other.accountId },
      { sub: other.principal.principalId },
      { client_id: "o0_0000000000000000" },
      { grant_id: "g0_0000000000000000" },
      { via: [{ jti: "x", client_id: "o0_0000000000000000" }] },
    ];
    for (const one of changes)
      expect(await statusOf(await signed(claims(one))), JSON.stringify(one)).toBe(401);
    expect(theirClient.id).not.toBe(clientId);
  });

  it("grants nothing for a scope that there is not", async () => {
    const token = await signed(claims({ scope: "search everything" }));
    const headers = { Authorization: `Bearer ${token}` };
    expect((await call("GET", "/v1/units", { headers })).status).toBe(403);
  });
});

describe("a good token, changed", () => {
  it("refuses it with any part changed, dropped, doubled or of another encoding", async () => {
    const [head = "", payload = "", signature = ""] = good.split(".");
    const more = base64url.encode(
      JSON.stringify({ ...claims(), scope: "search admin", exp: nowS() + 600 }),
    );
    const bad = [
      `${head}.${more}.${signature}`,
      `${head}.${payload}`,
      `${head}.${payload}.`,
      `.${payload}.${signature}`,
      `${head}..${signature}`,
      `${good}.${signature}`,
      `${good}=`,
      `${head}.${payload}.${signature.slice(0, -2)}`,
      JSON.stringify({ protected: head, payload, signature }),
      `${good} ${good}`,
    ];
    for (const one of bad) expect(await statusOf(one), one.slice(0, 40)).toBe(401);
  });

  it("refuses it as DPoP, as Basic, as a cookie and as an API key's shape", async () => {
    expect(await statusOf(good, "DPoP")).toBe(401);
    expect(await statusOf(good, "Basic")).toBe(401);
    const headers = { Cookie: `wishub_session=${good}` };
    expect((await call("GET", "/v1/sessions/current", { headers })).status).toBe(401);
  });

  it("refuses one that is bound to a key or a certificate and comes without it", async () => {
    for (const cnf of [{ jkt: "x".repeat(43) }, { "x5t#S256": "x".repeat(43) }, { unknown: "x" }]) {
      const token = await signed(claims({ cnf }));
      expect(await statusOf(token), JSON.stringify(cnf)).toBe(401);
      expect(await statusOf(token, "DPoP"), JSON.stringify(cnf)).toBe(401);
    }
  });

  it("refuses a token longer than any of ours could be", async () => {
    expect(await statusOf(await signed(claims({ pad: "x".repeat(10_000) })))).toBe(401);
  });
});

it("uses no private key of anybody else's that its own key set would name", async () => {
  // The set shows public halves only.
  expect(JSON.stringify(publicJwk)).not.toContain('"d"');
  await expect(importJWK({ ...publicJwk, d: undefined } as never, "ES256")).resolves.toBeTruthy();
});
