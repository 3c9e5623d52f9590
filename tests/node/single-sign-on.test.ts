import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browser } from "./browser.ts";
import { type Attack, confused, hostileProvider, signed, unsigned } from "./hostile-provider.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { type Claims, openIdProvider, signInAt } from "./openid-provider.ts";
import { ownerOf } from "./owner.ts";

const CLIENT = {
  client_id: "wishub",
  client_secret: "a secret of at least 32 characters, kept by both",
};
const state = temporaryState();
const people: Record<string, Claims> = {
  alice: { name: "Alice", email: "alice@corp.example", groups: ["engineering"] },
  bob: { name: "Bob", email: "bob@corp.example", groups: ["visitors"] },
  eve: { name: "Eve", email: "alice@corp.example", groups: ["engineering"] },
};

let product: Launched;
let good: Awaited<ReturnType<typeof openIdProvider>>;
let hostile: Awaited<ReturnType<typeof hostileProvider>>;
let forbidden: Server;
let forbiddenOrigin: string;
let connections = 0;
let apiKey: string;

beforeAll(async () => {
  good = await openIdProvider(people);
  hostile = await hostileProvider(CLIENT.client_id);
  forbidden = createServer((_, response) => void response.end("{}")).on(
    "connection",
    () => connections++,
  );
  const port = await freePort();
  await new Promise<void>((done) => forbidden.listen(0, "127.0.0.1", done));
  const address = forbidden.address();
  forbiddenOrigin =
    typeof address === "object" && address ? `http://127.0.0.1:${address.port}` : "";
  product = launch({
    state: state.path,
    port,
    env: { WISHUB_EGRESS_ALLOW: `${good.issuer}, ${hostile.issuer}` },
  });
  await product.ready();
  apiKey = ownerOf(state.path).apiKey;
}, 120_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  await good.stop();
  await hostile.stop();
  forbidden.close();
  state.remove();
});

type Provider = { id: string; version: number; signInUrl: string; redirectUri: string };

async function api(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  return await fetch(`${product.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

async function connect(issuer: string, more: object): Promise<Provider> {
  const made = await api("POST", "/v1/identity-providers", {
    protocol: "oidc",
    name: "Corp",
    issuer,
    clientId: CLIENT.client_id,
    clientSecret: CLIENT.client_secret,
    ...more,
  });
  expect(made.status).toBe(201);
  return (await made.json()) as Provider;
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const isBack = (url: string) => url.startsWith(`${product.url}/`);

type Who = { principalId: string; role: string; kind: string };
const whoIs = async (one: ReturnType<typeof browser>) => {
  const answer = await one.ask(`${product.url}/v1/sessions/current`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Who;
};

describe("signing in by an OpenID provider", () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await connect(good.issuer, {
      scopes: ["profile", "email", "groups"],
      roles: [{ attribute: "groups", value: "engineering", role: "member" }],
    });
    good.register({ ...CLIENT, redirect_uris: [provider.redirectUri] });
  });

  async function signIn(login: string) {
    const one = browser();
    const back = await signInAt(one, `${provider.signInUrl}?returnTo=/docs%3Fa=b`, login, isBack);
    return { one, back, answer: await one.ask(back) };
  }

  it("is in the account's audit log, with the provider it was by", async () => {
    await signIn("alice");
    const log = await api("GET", "/v1/audit?action=session.open&limit=1");
    const { items } = (await log.json()) as { items: object[] };
    expect(items).toMatchObject([
      { phase: "noted", resource: { type: "identity-provider", id: provider.id } },
    ]);
  });

  it("opens a session with the role that the provider's groups map to", async () => {
    const { one, answer } = await signIn("alice");
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toBe("/docs?a=b");
    const who = await whoIs(one);
    expect(who).toMatchObject({ kind: "session", role: "member" });
    expect(one.jar.filter(({ name }) => name === "wishub_sso")).toEqual([]);
    expect((await one.ask(`${product.url}/v1/identity-providers`)).status).toBe(403);

    // Who signs in again is the same one; somebody else with the same e-mail address is not.
    expect((await whoIs((await signIn("alice")).one)).principalId).toBe(who.principalId);
    expect((await whoIs((await signIn("eve")).one)).principalId).not.toBe(who.principalId);
  });

  it("refuses who gets no role, and gives another role when the groups have changed", async () => {
    const { one, answer } = await signIn("bob");
    expect([answer.status, await codeOf(answer)]).toEqual([403, "sign-in-refused"]);
    expect((await one.ask(`${product.url}/v1/sessions/current`)).status).toBe(401);

    const changed = await api(
      "PATCH",
      `/v1/identity-providers/${provider.id}`,
      {
        roles: [
          { attribute: "groups", value: "visitors", role: "viewer" },
          { attribute: "groups", value: "engineering", role: "admin" },
        ],
      },
      { "if-match": `"${provider.version}"` },
    );
    expect(changed.status).toBe(200);
    expect((await whoIs((await signIn("bob")).one)).role).toBe("viewer");
    expect((await whoIs((await signIn("alice")).one)).role).toBe("admin");
  });

  it("takes an answer once, in the browser that asked for it, with the state that went out", async () => {
    const one = browser();
    const back = await signInAt(one, provider.signInUrl, "alice", isBack);
    const other = browser();
    const elsewhere = await other.ask(back);
    expect([elsewhere.status, await codeOf(elsewhere)]).toEqual([403, "sign-in-refused"]);
    const forged = new URL(back);
    forged.searchParams.set("state", "another");
    expect((await one.ask(forged.href)).status).toBe(403);
    const wrongIssuer = new URL(back);
    wrongIssuer.searchParams.set("iss", hostile.issuer);
    expect((await one.ask(wrongIssuer.href)).status).toBe(403);
    const attempt = one.jar.find(({ name }) => name === "wishub_sso");
    expect((await one.ask(back)).status).toBe(303);
    // A thief of address and cookie comes too late: the provider has exchanged the code.
    const thief = browser();
    if (attempt !== undefined) thief.jar.push(attempt);
    expect((await thief.ask(back)).status).toBe(403);
  });

  it("sends nobody to another site afterwards", async () => {
    for (const returnTo of [
      "https://evil.example/",
      "//evil.example/",
      "/\\evil.example",
      "javascript:1",
    ]) {
      const one = browser();
      const start = `${provider.signInUrl}?returnTo=${encodeURIComponent(returnTo)}`;
      const answer = await one.ask(await signInAt(one, start, "alice", isBack));
      expect(answer.headers.get("location"), returnTo).toBe("/#signed-in");
    }
  });

  it("is not there once it is switched off", async () => {
    const path = `/v1/identity-providers/${provider.id}`;
    const off = await api("PATCH", path, { enabled: false }, { "if-match": "*" });
    expect(off.status).toBe(200);
    expect((await fetch(provider.signInUrl, { redirect: "manual" })).status).toBe(404);
    expect((await api("PATCH", path, { enabled: true }, { "if-match": "*" })).status).toBe(200);
  });
});

describe("a hostile provider", () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await connect(hostile.issuer, { defaultRole: "viewer" });
  });

  async function answerTo(attack?: Attack, subject?: string, nonce?: string): Promise<Response> {
    const one = browser();
    const out = new URL((await one.ask(provider.signInUrl)).headers.get("location") ?? "");
    const sent = out.searchParams;
    hostile.answer({
      nonce: nonce ?? sent.get("nonce") ?? "",
      ...(attack && { attack }),
      ...(subject && { subject }),
    });
    const back = new URL(provider.redirectUri);
    for (const [name, value] of Object.entries({
      code: "a-code",
      state: sent.get("state") ?? "",
      iss: hostile.issuer,
    }))
      back.searchParams.set(name, value);
    return await one.ask(back.href);
  }

  it("signs its own people in when it is honest", async () => {
    expect((await answerTo()).status).toBe(303);
  });

  const later = -3_600;
  const attacks: Record<string, Attack> = {
    "no signature": unsigned,
    "key confusion": (honest, { ownPublic }) => confused(honest, ownPublic),
    "a strange key": (honest, { strange }) => signed(honest, strange),
    "its key in the token": ({ header, claims }, { strange, strangePublic }) =>
      signed(
        { header: { ...header, jwk: strangePublic.export({ format: "jwk" }) }, claims },
        strange,
      ),
    "an unknown key id": ({ header, claims }, { own }) =>
      signed({ header: { ...header, kid: "../../own" }, claims }, own),
    "another audience": ({ header, claims }, { own }) =>
      signed({ header, claims: { ...claims, aud: "somebody-else" } }, own),
    "further audiences": ({ header, claims }, { own }) =>
      signed(
        { header, claims: { ...claims, aud: ["wishub", "somebody-else"], azp: "somebody-else" } },
        own,
      ),
    "another issuer": ({ header, claims }, { own }) =>
      signed({ header, claims: { ...claims, iss: "https://idp.example" } }, own),
    "no end": ({ header, claims }, { own }) =>
      signed({ header, claims: { ...claims, exp: undefined } }, own),
    "an end in the past": ({ header, claims }, { own }) =>
      signed({ header, claims: { ...claims, exp: Number(claims["exp"]) + later } }, own),
    "no subject": ({ header, claims }, { own }) =>
      signed({ header, claims: { ...claims, sub: undefined } }, own),
    "no nonce": ({ header, claims }, { own }) =>
      signed({ header, claims: { ...claims, nonce: undefined } }, own),
    "another nonce": ({ header, claims }, { own }) =>
      signed({ header, claims: { ...claims, nonce: "of another sign-in" } }, own),
    "a changed claim": (honest, { own }) => {
      const [header, , signature] = signed(honest, own).split(".");
      const claims = Buffer.from(JSON.stringify({ ...honest.claims, sub: "root" })).toString(
        "base64url",
      );
      return `${header}.${claims}.${signature}`;
    },
    "no token": () => "",
    nonsense: () => "a.b.c",
  };
  it.each(Object.keys(attacks))("signs nobody in with %s", async (name) => {
    const answer = await answerTo(attacks[name]);
    expect([answer.status, await codeOf(answer)]).toEqual([403, "sign-in-refused"]);
    expect(answer.headers.getSetCookie().join()).not.toContain("wishub_session=ws");
  });

  it("reaches nobody of another provider by naming their subject", async () => {
    const one = browser();
    const out = new URL((await one.ask(provider.signInUrl)).headers.get("location") ?? "");
    hostile.answer({ nonce: out.searchParams.get("nonce") ?? "", subject: "alice" });
    const back = `${provider.redirectUri}?code=x&state=${out.searchParams.get("state")}&iss=${encodeURIComponent(hostile.issuer)}`;
    expect((await one.ask(back)).status).toBe(303);
    expect((await whoIs(one)).role).toBe("viewer");
  });
});

describe("connecting a provider", () => {
  it("reaches no private address that the operator has not opened, in whichever form", async () => {
    const { port } = new URL(forbiddenOrigin);
    for (const issuer of [
      forbiddenOrigin,
      `http://2130706433:${port}`,
      `http://[::ffff:127.0.0.1]:${port}`,
      `https://localhost:${port}`,
    ]) {
      const answer = await api("POST", "/v1/identity-providers", {
        protocol: "oidc",
        name: "Corp",
        issuer,
        clientId: "x",
      });
      expect([answer.status, await codeOf(answer)], issuer).toEqual([400, "egress-refused"]);
    }
    expect(connections).toBe(0);
  });

  it("never shows the client's secret again", async () => {
    const provider = await connect(hostile.issuer, {});
    const shown = await (await api("GET", `/v1/identity-providers/${provider.id}`)).text();
    expect(shown).toContain(`"hasClientSecret":true`);
    expect(shown).not.toContain(CLIENT.client_secret);
  });
});
