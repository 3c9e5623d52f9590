import type { Context } from "hono";
import { SESSION_LIFE_MS, sessionCookie } from "#domain/accounts/sessions.ts";
import { type Attempt, attemptCookie, attemptOf, ownPath } from "#domain/federation/attempt.ts";
import { type Identity, signInByProvider } from "#domain/federation/identity.ts";
import { type ProviderRecord, redirectUri } from "#domain/federation/provider.ts";
import { acsUrlOf, entityIdOf, samlMetadata } from "#domain/federation/saml.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Services } from "#adapters/index.ts";
import {
  fails,
  feature,
  idParam,
  type PublicEnv,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { spendByAddress } from "#workers/http/guard/limits.ts";
import { noted } from "#workers/http/guard/noted.ts";
import { askFirst, postAgainPage } from "./sso-page.ts";

/** Pages of a browser's sign-in, not of the API: they take whatever a provider's redirect carries. */
const seeOther = { 303: { description: "The way on", headers: { Location: "Where to" } } };
const refusals = fails(
  "not-found",
  "forbidden",
  "sign-in-refused",
  "egress-refused",
  "egress-failed",
  "overloaded",
  "too-many-requests",
);
const NOT_BEGUN = {
  code: "sign-in-refused" as const,
  detail: "this browser has not begun a sign-in here, or too long ago",
};

const begin = route(
  {
    method: "get",
    path: "/sso/{id}",
    summary: "Sign in by an identity provider",
    description: "Open it in a browser; `?returnTo=/path` is where it comes back to.",
    access: "public",
    request: { params: idParam },
    responses: {
      200: { description: "A page that asks first", content: { "text/html": {} } },
      ...seeOther,
      ...refusals,
    },
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const { WISHUB_PUBLIC_URL } = c.env;
    const { federation } = services;
    await spendByAddress(c, services); // like what changes something: others are asked for it
    const provider = await connected(services, c.req.valid("param").id);
    const returnTo = ownPath(c.req.query("returnTo") ?? null, WISHUB_PUBLIC_URL);
    // A page elsewhere must not sign its visitor in to an account of its own choice.
    if (/^(cross|same)-site$/.test(c.req.header("Sec-Fetch-Site") ?? ""))
      return await askFirst(provider, returnTo);
    const { settings } = provider;
    const { url, ...begun } =
      settings.protocol === "saml"
        ? await federation.saml.begin(provider.id, settings, nowMs)
        : unwrap(
            await federation.oidc.begin(
              await clientOf(services, provider, WISHUB_PUBLIC_URL),
              nowMs,
            ),
          );
    const attempt: Attempt = { providerId: provider.id, returnTo, atMs: nowMs, ...begun };
    const cookie = await attemptCookie(federation.ring, attempt, provider.id, WISHUB_PUBLIC_URL);
    return new Response(null, { status: 303, headers: { Location: url, "Set-Cookie": cookie } });
  },
);

const callback = route(
  {
    method: "get",
    path: "/sso/{id}/callback",
    summary: "Come back from an OpenID provider",
    access: "public",
    request: { params: idParam },
    responses: { ...seeOther, ...refusals },
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const { WISHUB_PUBLIC_URL } = c.env;
    await spendByAddress(c, services);
    const provider = await connected(services, c.req.valid("param").id);
    const client = await clientOf(services, provider, WISHUB_PUBLIC_URL);
    const cookies = c.req.header("Cookie") ?? null;
    const attempt = await attemptOf(services.federation.ring, cookies, provider.id, nowMs);
    if (attempt?.nonce === undefined || attempt.codeVerifier === undefined)
      return refuse(NOT_BEGUN);
    const { state, nonce, codeVerifier, returnTo } = attempt;
    const identity = unwrap(
      await services.federation.oidc.finish(
        client,
        { state, nonce, codeVerifier },
        new URL(c.req.url).searchParams,
        nowMs,
      ),
    );
    return await signedIn(c, provider, identity, returnTo);
  },
);

const consume = route(
  {
    method: "post",
    path: "/sso/{id}/acs",
    summary: "Come back from a SAML provider",
    access: "public",
    request: {
      params: idParam,
      body: {
        content: { "application/x-www-form-urlencoded": {} },
        bytesMax: LIMITS.samlFormBytesMax,
      },
    },
    responses: {
      200: { description: "A page that posts it again", content: { "text/html": {} } },
      ...seeOther,
      ...refusals,
    },
    idempotency: "ignored", // an assertion signs in once
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const { federation } = services;
    const provider = await connected(services, c.req.valid("param").id);
    const { settings, accountId, id } = provider;
    if (settings.protocol !== "saml") return refuse({ code: "not-found" });
    const form = new URLSearchParams(await boundedText(c.req.raw));
    const response = form.get("SAMLResponse") ?? "";
    const cookies = c.req.header("Cookie") ?? null;
    const attempt = await attemptOf(federation.ring, cookies, id, nowMs);
    // A post from another site comes without our cookie (SameSite): the browser posts it again from a page of ours.
    if (attempt === null && !form.has("again"))
      return postAgainPage({ SAMLResponse: response, again: "1" });
    if (attempt === null || attempt.nonce !== undefined) return refuse(NOT_BEGUN);
    const answer = { response, requestId: attempt.state };
    const { identity, once } = unwrap(await federation.saml.finish(id, settings, answer, nowMs));
    const spent = `saml ${await federation.sha256Hex(`${id}\n${once.id}`)}`;
    if (!(await federation.spend(accountId, spent, once.untilMs, nowMs)))
      return refuse({ code: "sign-in-refused", detail: "it has signed you in before" });
    const { returnTo } = attempt;
    return await signedIn(c, provider, identity, returnTo);
  },
);

const metadata = route(
  {
    method: "get",
    path: "/sso/{id}/metadata",
    summary: "What a SAML provider is connected with",
    access: "public",
    request: { params: idParam },
    responses: {
      200: { description: "Metadata", content: { "application/samlmetadata+xml": {} } },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { id, settings } = await connected(c.var.services, c.req.valid("param").id);
    if (settings.protocol !== "saml") return refuse({ code: "not-found" });
    const { WISHUB_PUBLIC_URL } = c.env;
    const xml = samlMetadata(entityIdOf(WISHUB_PUBLIC_URL, id), acsUrlOf(WISHUB_PUBLIC_URL, id));
    return new Response(xml, { headers: { "Content-Type": "application/samlmetadata+xml" } });
  },
);

async function signedIn(
  c: Context<PublicEnv>,
  provider: ProviderRecord,
  identity: Identity,
  returnTo: string,
): Promise<Response> {
  const { services, nowMs } = c.var;
  const { WISHUB_PUBLIC_URL } = c.env;
  const made = unwrap(await signInByProvider(services.federation, provider, identity, nowMs));
  const { token, principal } = made;
  await noted(c, principal, "session.open", {
    type: "identity-provider",
    id: provider.id,
  });
  // The console cannot see the cookie, so it is told to look.
  const headers = new Headers({ Location: returnTo === "/" ? "/#signed-in" : returnTo });
  const spent = await attemptCookie(services.federation.ring, null, provider.id, WISHUB_PUBLIC_URL);
  headers.append("Set-Cookie", spent);
  headers.append("Set-Cookie", sessionCookie(token, WISHUB_PUBLIC_URL, SESSION_LIFE_MS));
  return new Response(null, { status: 303, headers });
}

/** One that is switched off is not there, for whoever asks. */
async function connected({ federation }: Services, id: string): Promise<ProviderRecord> {
  const provider = await federation.provider(id);
  return provider?.enabled === true ? provider : refuse({ code: "not-found" });
}

async function clientOf({ federation }: Services, provider: ProviderRecord, publicUrl: string) {
  const { settings } = provider;
  if (settings.protocol !== "oidc") return refuse({ code: "not-found" });
  const secret = await federation.secretOf(provider);
  return { settings, secret, redirectUri: redirectUri(publicUrl, provider.id) };
}

async function boundedText(request: Request): Promise<string> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > LIMITS.samlFormBytesMax) refuse({ code: "body-too-large" });
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

export const sso = feature(begin, callback, consume, metadata);
