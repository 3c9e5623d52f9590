import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { browser } from "./browser.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import {
  assertionOf,
  macedXml,
  responseOf,
  type Said,
  samlKeys,
  signedXml,
} from "./saml-provider.ts";
import { ownerOf } from "./owner.ts";

const IDP = "https://idp.corp.example/metadata";
const keys = samlKeys();
const strange = samlKeys();
const state = temporaryState();
type Provider = { id: string; signInUrl: string; redirectUri: string; metadataUrl: string };

let product: Launched;
let apiKey: string;
let provider: Provider;
let entityId: string;

async function api(method: string, path: string, body?: unknown) {
  return await fetch(`${product.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      "content-type": "application/json",
      "if-match": "*",
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

const SETTINGS = {
  protocol: "saml",
  name: "Corp",
  entityId: IDP,
  ssoUrl: "https://idp.corp.example/sso?tenant=1",
  certificates: [keys.certificate],
  roles: [{ attribute: "groups", value: "engineering", role: "member" }],
};

beforeAll(async () => {
  product = launch({ state: state.path, port: await freePort() });
  await product.ready();
  apiKey = ownerOf(state.path).apiKey;
  const made = await api("POST", "/v1/identity-providers", SETTINGS);
  expect(made.status).toBe(201);
  provider = (await made.json()) as Provider;
  const metadata = await (await fetch(provider.metadataUrl)).text();
  entityId = /entityID="([^"]+)"/.exec(metadata)?.[1] ?? "";
  expect(metadata).toContain(`Location="${provider.redirectUri}"`);
}, 120_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  state.remove();
});

/** A browser that was sent to the provider, and what an honest one would say there. */
async function sentOut(nameId = "alice"): Promise<{ one: ReturnType<typeof browser>; said: Said }> {
  const one = browser();
  const answer = await one.ask(`${provider.signInUrl}?returnTo=/docs`);
  const out = new URL(answer.headers.get("location") ?? "");
  expect(out.origin + out.pathname).toBe("https://idp.corp.example/sso");
  expect(out.searchParams.get("tenant")).toBe("1");
  const request = inflateRawSync(
    Buffer.from(out.searchParams.get("SAMLRequest") ?? "", "base64"),
  ).toString();
  expect(request).toContain(`>${entityId}<`);
  const inResponseTo = /ID="([^"]+)"/.exec(request)?.[1] ?? "";
  const said = {
    issuer: IDP,
    audience: entityId,
    recipient: provider.redirectUri,
    inResponseTo,
    nameId,
    groups: ["engineering"],
  };
  return { one, said };
}

const posted = (xml: string) => ({
  SAMLResponse: Buffer.from(xml).toString("base64"),
  RelayState: "x",
});
const answerOf = async (response: Response) =>
  [response.status, ((await response.json()) as { code: string }).code] as const;
const REFUSED = [403, "sign-in-refused"];

it("signs in whom a signed assertion names, with the role of their groups", async () => {
  const { one, said } = await sentOut();
  const xml = signedXml(responseOf(said, assertionOf(said)), keys);
  const answer = await one.ask(provider.redirectUri, posted(xml));
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/docs"]);
  const current = await one.ask(`${product.url}/v1/sessions/current`);
  const who = (await current.json()) as { role: string; principalId: string };
  expect(who.role).toBe("member");

  const again = await sentOut();
  const whole = signedXml(responseOf(again.said, assertionOf(again.said)), keys, {
    element: "Response",
  });
  expect((await again.one.ask(provider.redirectUri, posted(whole))).status).toBe(303);
  const second = await again.one.ask(`${product.url}/v1/sessions/current`);
  expect(((await second.json()) as { principalId: string }).principalId).toBe(who.principalId);
});

it("has a browser whose cookie stayed behind post it again, from a page where nothing else runs", async () => {
  const { one, said } = await sentOut();
  const fields = posted(signedXml(responseOf(said, assertionOf(said)), keys));
  const page = await browser().ask(provider.redirectUri, fields);
  expect(page.status).toBe(200);
  expect(page.headers.get("content-security-policy")).toMatch(
    /default-src 'none'; script-src 'nonce-/,
  );
  const html = await page.text();
  expect(html).toContain(fields.SAMLResponse.slice(0, 64));
  expect((await one.ask(provider.redirectUri, { ...fields, again: "1" })).status).toBe(303);
  const hostile = { SAMLResponse: `"><script>alert(1)</script>` };
  const odd = await (await browser().ask(provider.redirectUri, hostile)).text();
  expect(odd).not.toContain("<script>alert");
});

it("takes a response once, and only in the browser that asked for it", async () => {
  const { one, said } = await sentOut();
  const fields = posted(signedXml(responseOf(said, assertionOf(said)), keys));
  const stranger = browser();
  expect(
    await answerOf(await stranger.ask(provider.redirectUri, { ...fields, again: "1" })),
  ).toEqual(REFUSED);
  const other = await sentOut();
  expect(await answerOf(await other.one.ask(provider.redirectUri, fields))).toEqual(REFUSED);
  const attempt = one.jar.find(({ name }) => name === "wishub_sso");
  expect((await one.ask(provider.redirectUri, fields)).status).toBe(303);
  if (attempt === undefined) throw new Error("no cookie");
  one.jar.push(attempt);
  expect(await answerOf(await one.ask(provider.redirectUri, fields))).toEqual(REFUSED);
});

const HOUR_MS = 3_600_000;
const wrapped = (said: Said, evilFirst: boolean) => {
  const honest = signedXml(responseOf(said, assertionOf(said)), keys);
  const evil = assertionOf({ ...said, nameId: "root" });
  return evilFirst
    ? honest.replace("<saml:Assertion", `${evil}<saml:Assertion`)
    : honest.replace("</samlp:Response>", `${evil}</samlp:Response>`);
};
const lies: Record<string, (said: Said) => string> = {
  "no signature": (said) => responseOf(said, assertionOf(said)),
  "a strange key": (said) => signedXml(responseOf(said, assertionOf(said)), strange),
  "an HMAC under the certificate": (said) => macedXml(responseOf(said, assertionOf(said)), keys),
  "SHA-1": (said) =>
    signedXml(responseOf(said, assertionOf(said)), keys, {
      algorithm: "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
      digest: "http://www.w3.org/2000/09/xmldsig#sha1",
    }),
  "a changed name": (said) =>
    signedXml(responseOf(said, assertionOf(said)), keys).replace(">alice<", ">root<"),
  "a changed group": (said) =>
    signedXml(responseOf(said, assertionOf({ ...said, groups: ["visitors"] })), keys).replace(
      ">visitors<",
      ">engineering<",
    ),
  "a second assertion before the signed one": (said) => wrapped(said, true),
  "a second assertion after the signed one": (said) => wrapped(said, false),
  "the signed assertion inside a false one": (said) => {
    const honest = signedXml(responseOf(said, assertionOf(said)), keys);
    const signed = /<saml:Assertion.*<\/saml:Assertion>/.exec(honest)?.[0] ?? "";
    const signature = /<Signature.*<\/Signature>/.exec(signed)?.[0] ?? "";
    const evil = assertionOf({ ...said, nameId: "root", id: "_evil" });
    const held = signature.replace(
      "</Signature>",
      `<Object>${signed.replace(signature, "")}</Object></Signature>`,
    );
    return responseOf(said, evil.replace("</saml:Issuer>", `</saml:Issuer>${held}`));
  },
  "two elements of one id": (said) => {
    const id = "_same";
    const honest = signedXml(responseOf(said, assertionOf({ ...said, id })), keys);
    const evil = assertionOf({ ...said, id, nameId: "root" });
    return honest.replace(
      "<samlp:Status>",
      `<samlp:Extensions>${evil}</samlp:Extensions><samlp:Status>`,
    );
  },
  "a comment in the name": (said) =>
    signedXml(responseOf(said, assertionOf({ ...said, nameId: "alice.evil" })), keys).replace(
      ">alice.evil<",
      ">alice<!-- -->.evil<",
    ),
  "a document type": (said) =>
    `<!DOCTYPE r [<!ENTITY a "alice">]>${signedXml(responseOf(said, assertionOf(said)), keys)}`,
  "entities that multiply": () =>
    `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><r>&b;</r>`,
  "an end in the past": (said) =>
    signedXml(responseOf(said, assertionOf({ ...said, untilMs: Date.now() - HOUR_MS })), keys),
  "a beginning in the future": (said) =>
    signedXml(responseOf(said, assertionOf({ ...said, fromMs: Date.now() + HOUR_MS / 4 })), keys),
  "another audience": (said) =>
    signedXml(responseOf(said, assertionOf({ ...said, audience: "https://other.example" })), keys),
  "another address": (said) =>
    signedXml(responseOf(said, assertionOf({ ...said, recipient: "https://other.example" })), keys),
  "another issuer": (said) =>
    signedXml(responseOf(said, assertionOf({ ...said, issuer: "https://other.example" })), keys),
  "another request": (said) =>
    signedXml(responseOf(said, assertionOf({ ...said, inResponseTo: "_another" })), keys),
  "no request": (said) =>
    signedXml(responseOf(said, assertionOf(said).replace(/ InResponseTo="[^"]*"/, "")), keys),
  "no audience": (said) =>
    signedXml(
      responseOf(
        said,
        assertionOf(said).replace(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, ""),
      ),
      keys,
    ),
  "a name that changes": (said) =>
    signedXml(
      responseOf(
        said,
        assertionOf({ ...said, format: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient" }),
      ),
      keys,
    ),
  "no assertion": (said) => responseOf(said),
  "no XML": () => "a sign-in",
};
/** Why each is refused, where it is not for want of a signature: so that each is refused for what it is. */
const reasons: Record<string, string> = {
  "an HMAC under the certificate": "it is signed in a way that is not taken",
  "SHA-1": "it is signed in a way that is not taken",
  "a comment in the name": "it holds more than elements and text",
  "a document type": "it holds more than elements and text",
  "entities that multiply": "it holds more than elements and text",
  "an end in the past": "it is not valid now",
  "a beginning in the future": "it is not valid now",
  "another audience": "it is for somebody else",
  "no audience": "it is for somebody else",
  "another address": "it is for another address",
  "another issuer": "it is another provider's",
  "another request": "it answers another request, or none",
  "no request": "it answers another request, or none",
  "a name that changes": "its name for you changes every time",
};
it.each(Object.keys(lies))("signs nobody in with %s", async (name) => {
  const { one, said } = await sentOut();
  const answer = await one.ask(provider.redirectUri, posted(lies[name]?.(said) ?? ""));
  const { code, detail } = (await answer.json()) as { code: string; detail: string };
  expect([answer.status, code]).toEqual(REFUSED);
  expect(detail).toBe(reasons[name] ?? "no key of the provider has signed it");
  // What was refused has used nothing up.
  const honest = posted(signedXml(responseOf(said, assertionOf(said)), keys));
  expect((await one.ask(provider.redirectUri, honest)).status).toBe(303);
});

it("takes the next certificate beside the present one, and none that is weak or no certificate", async () => {
  const path = `/v1/identity-providers/${provider.id}`;
  const certificates = [keys.certificate, strange.certificate];
  expect((await api("PATCH", path, { certificates })).status).toBe(200);
  const { one, said } = await sentOut();
  const xml = signedXml(responseOf(said, assertionOf(said)), strange);
  expect((await one.ask(provider.redirectUri, posted(xml))).status).toBe(303);
  for (const certificate of ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "x"]) {
    const answer = await api("PATCH", path, { certificates: [certificate] });
    expect(await answerOf(answer)).toEqual([400, "invalid-request"]);
  }
  expect(await answerOf(await api("PATCH", path, { issuer: "https://x.example" }))).toEqual([
    400,
    "invalid-request",
  ]);
});

it("is connected and disconnected from the command line", () => {
  const wishub = (args: string[], input = "") =>
    execFileSync(
      process.execPath,
      [join(import.meta.dirname, "..", "..", "cli", "bin.mjs"), ...args],
      {
        env: { ...process.env, WISHUB_URL: product.url, WISHUB_KEY: apiKey },
        encoding: "utf8",
        input,
      },
    );
  const settings = JSON.stringify({ ...SETTINGS, name: "Another" });
  const made = JSON.parse(wishub(["providers", "connect", "-", "--json"], settings)) as Provider;
  expect(wishub(["providers", "list"])).toContain(`sign in at ${made.signInUrl}`);
  wishub(["providers", "disconnect", made.id]);
  expect(wishub(["providers", "list"])).not.toContain(made.id);
});

it("gives nobody a role that their groups do not have", async () => {
  const { one, said } = await sentOut("bob");
  const xml = signedXml(responseOf(said, assertionOf({ ...said, groups: ["visitors"] })), keys);
  expect(await answerOf(await one.ask(provider.redirectUri, posted(xml)))).toEqual(REFUSED);
});
