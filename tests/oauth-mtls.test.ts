import { exports } from "cloudflare:workers";
import { base64url, type CryptoKey, decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { newAccount, ORIGIN, type TestAccount } from "./helpers.ts";

// What whoever ends TLS in front of us tells of a client's certificate (request.cf.tlsClientAuth).

const SUBJECT = "CN=otter.example,O=Otters";
const DER = new Uint8Array(300).fill(7);
type Tls = Record<string, string> | undefined;

let account: TestAccount;
let good: Tls;
let stolen: Tls;
beforeAll(async () => {
  account = await newAccount();
  good = await presented(DER);
  stolen = await presented(new Uint8Array(300).fill(8));
});

async function presented(der: Uint8Array, more: Record<string, string> = {}): Promise<Tls> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return {
    certPresented: "1",
    certVerified: "SUCCESS",
    certRevoked: "0",
    certFingerprintSHA256: digest.toHex(),
    certSubjectDNRFC2253: SUBJECT,
    ...more,
  };
}

const send = (method: string, path: string, tls: Tls, init: RequestInit = {}) =>
  exports.default.fetch(
    new Request(`${ORIGIN}${path}`, {
      ...init,
      method,
      ...(tls !== undefined && { cf: { tlsClientAuth: tls } as never }),
    }),
  );
const form = (fields: Record<string, string>, tls: Tls) =>
  send("POST", "/oauth/token", tls, { body: new URLSearchParams(fields) });

async function made(members: object): Promise<string> {
  const answer = await account.call("POST", "/v1/oauth/clients", {
    body: { grant_types: ["client_credentials"], ...members },
  });
  expect(answer.status).toBe(201);
  const client = await answer.json<{ client_id: string }>();
  expect(client).not.toHaveProperty("client_secret");
  return client.client_id;
}
const ask = (client_id: string, tls: Tls) =>
  form({ grant_type: "client_credentials", client_id }, tls);
const errorOf = async (response: Response) => (await response.json<{ error: string }>()).error;

describe("a client that proves itself by its certificate", () => {
  it("gets tokens that only the same certificate may use", async () => {
    const id = await made({
      token_endpoint_auth_method: "tls_client_auth",
      tls_client_auth_subject_dn: SUBJECT,
    });
    const { access_token = "" } = await (await ask(id, good)).json<Record<string, string>>();
    const thumbprint = base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", DER)));
    expect(decodeJwt(access_token)["cnf"]).toEqual({ "x5t#S256": thumbprint });
    const use = async (tls: Tls) =>
      (
        await send("GET", "/v1/sessions/current", tls, {
          headers: { Authorization: `Bearer ${access_token}` },
        })
      ).status;
    expect(await use(good)).toBe(200);
    expect(await use(stolen)).toBe(401);
    expect(await use(undefined)).toBe(401);
    expect(await use({ ...good, certPresented: "0" })).toBe(401);
    expect(await use({ ...good, certRevoked: "1" })).toBe(401);
  });

  it("is refused with another subject, an authority nobody trusts, or none", async () => {
    const id = await made({
      token_endpoint_auth_method: "tls_client_auth",
      tls_client_auth_subject_dn: SUBJECT,
    });
    const wrong = [
      undefined,
      await presented(DER, { certSubjectDNRFC2253: "CN=evil.example,O=Otters" }),
      await presented(DER, { certVerified: "FAILED:self signed certificate" }),
      await presented(DER, { certPresented: "0" }),
      await presented(DER, { certRevoked: "1" }),
      await presented(DER, { certFingerprintSHA256: "nonsense" }),
    ];
    for (const tls of wrong) expect(await errorOf(await ask(id, tls))).toBe("invalid_client");
    expect(
      await errorOf(
        await form({ grant_type: "client_credentials", client_id: id, client_secret: "x" }, good),
      ),
    ).toBe("invalid_client");
  });

  it("may have signed its certificate itself, where it registered it", async () => {
    const x5c = [DER.toBase64()];
    const { publicKey } = await generateKeyPair("ES256");
    const id = await made({
      token_endpoint_auth_method: "self_signed_tls_client_auth",
      jwks: { keys: [{ ...(await exportJWK(publicKey)), x5c }] },
    });
    const selfSigned = await presented(DER, { certVerified: "FAILED:self signed certificate" });
    expect((await ask(id, selfSigned)).status).toBe(200);
    expect(await errorOf(await ask(id, stolen))).toBe("invalid_client");
    expect(await errorOf(await ask(id, undefined))).toBe("invalid_client");
  });

  it("finds this offered only where certificates are seen", async () => {
    const path = "/.well-known/oauth-authorization-server";
    const seen = await (await send("GET", path, good)).text();
    const unseen = await (await send("GET", path, undefined)).text();
    expect(seen).toContain('"tls_client_auth"');
    expect(unseen).not.toContain('"tls_client_auth"');
  });
});

describe("a client that proves itself by its own signature", () => {
  let id: string;
  let privateKey: CryptoKey;
  beforeAll(async () => {
    const pair = await generateKeyPair("ES256");
    ({ privateKey } = pair);
    const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "one" }] };
    id = await made({ token_endpoint_auth_method: "private_key_jwt", jwks });
  });

  const nowS = () => Math.floor(Date.now() / 1000);
  const assertion = (changes: object = {}, header: object = {}, key = privateKey) =>
    new SignJWT({
      iss: id,
      sub: id,
      aud: ORIGIN,
      jti: crypto.randomUUID(),
      exp: nowS() + 60,
      ...changes,
    })
      .setProtectedHeader({ alg: "ES256", kid: "one", ...header })
      .sign(key);
  const by = (client_assertion: string, more: Record<string, string> = {}) =>
    form(
      {
        grant_type: "client_credentials",
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion,
        ...more,
      },
      undefined,
    );

  it("gets tokens, once for each signature", async () => {
    const once = await assertion();
    expect((await by(once)).status).toBe(200);
    expect(await errorOf(await by(once))).toBe("invalid_client");
    expect((await by(await assertion({ aud: `${ORIGIN}/oauth/token` }))).status).toBe(200);
  });

  it("is refused for what it did not sign for us, now", async () => {
    const other = (await generateKeyPair("ES256")).privateKey;
    const wrong = [
      await assertion({ aud: "https://elsewhere.example" }),
      await assertion({ exp: nowS() - 60 }),
      await assertion({ exp: undefined }),
      await assertion({ exp: nowS() + 86_400 }),
      await assertion({ jti: undefined }),
      await assertion({ sub: "o0_0000000000000000" }),
      await assertion({ iss: "o0_0000000000000000", sub: "o0_0000000000000000" }),
      await assertion({}, {}, other),
      "nonsense",
    ];
    for (const one of wrong) expect(await errorOf(await by(one))).toBe("invalid_client");
    const claims = (await assertion()).split(".")[1];
    const none = `${base64url.encode(JSON.stringify({ alg: "none" }))}.${claims}.`;
    expect(await errorOf(await by(none))).toBe("invalid_client");
    const typed = { client_assertion_type: "something-else" };
    expect(await errorOf(await by(await assertion(), typed))).toBe("invalid_client");
    const named = { client_id: "o0_0000000000000000" };
    expect(await errorOf(await by(await assertion(), named))).toBe("invalid_request");
    expect(await errorOf(await ask(id, undefined))).toBe("invalid_client");
  });

  it("registers public keys only, and no address to fetch them from", async () => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    const secret = await exportJWK(pair.privateKey);
    const wrong = [
      { jwks: { keys: [secret] } },
      { jwks: { keys: [{ kty: "oct", k: "AAAA" }] } },
      { jwks: { keys: [] } },
      { jwks_uri: "https://app.example/jwks.json" },
      {},
    ];
    for (const members of wrong) {
      const refused = await account.call("POST", "/v1/oauth/clients", {
        body: {
          grant_types: ["client_credentials"],
          token_endpoint_auth_method: "private_key_jwt",
          ...members,
        },
      });
      expect(refused.status, JSON.stringify(members)).toBe(400);
    }
  });
});
