import { SESSION_LIFE_MS, sessionCookie } from "#domain/accounts/sessions.ts";
import { type Attempt, attemptCookie, attemptOf, ownPath } from "#domain/federation/attempt.ts";
import { type Identity, signInByProvider } from "#domain/federation/identity.ts";
import { type ProviderRecord, redirectUri } from "#domain/federation/provider.ts";
import type { Services } from "#adapters/index.ts";
import { fails, feature, idParam, refuse, route, unwrap } from "#workers/http/kit.ts";

/** Pages of a browser's sign-in, not of the API: they take whatever a provider's redirect carries. */
const seeOther = { 303: { description: "The way on", headers: { Location: "Where to" } } };

const begin = route(
  {
    method: "get",
    path: "/sso/{id}",
    summary: "Sign in by an identity provider",
    description: "Open it in a browser; `?returnTo=/path` is where it comes back to.",
    access: "public",
    request: { params: idParam },
    responses: {
      ...seeOther,
      ...fails("not-found", "sign-in-refused", "forbidden", "egress-refused", "egress-failed"),
    },
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const { WISHUB_PUBLIC_URL } = c.env;
    const provider = await connected(services, c.req.valid("param").id);
    const client = await clientOf(services, provider, WISHUB_PUBLIC_URL);
    const { url, ...begun } = unwrap(await services.federation.oidc.begin(client, nowMs));
    const returnTo = ownPath(c.req.query("returnTo") ?? null, WISHUB_PUBLIC_URL);
    const attempt: Attempt = { providerId: provider.id, returnTo, atMs: nowMs, ...begun };
    const cookie = attemptCookie(attempt, provider.id, WISHUB_PUBLIC_URL);
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
    responses: {
      ...seeOther,
      ...fails("not-found", "sign-in-refused", "forbidden", "egress-refused", "egress-failed"),
    },
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const { WISHUB_PUBLIC_URL } = c.env;
    const provider = await connected(services, c.req.valid("param").id);
    const attempt = attemptOf(c.req.header("Cookie") ?? null, provider.id, nowMs);
    if (attempt?.nonce === undefined || attempt.codeVerifier === undefined)
      return refuse({
        code: "sign-in-refused",
        detail: "this browser has not begun a sign-in here, or too long ago",
      });
    const { state, nonce, codeVerifier, returnTo } = attempt;
    const client = await clientOf(services, provider, WISHUB_PUBLIC_URL);
    const identity = unwrap(
      await services.federation.oidc.finish(
        client,
        { state, nonce, codeVerifier },
        new URL(c.req.url).searchParams,
        nowMs,
      ),
    );
    return await signedIn(services, provider, identity, { returnTo, nowMs, WISHUB_PUBLIC_URL });
  },
);

type Way = { returnTo: string; nowMs: number; WISHUB_PUBLIC_URL: string };

async function signedIn(
  { federation }: Services,
  provider: ProviderRecord,
  identity: Identity,
  { returnTo, nowMs, WISHUB_PUBLIC_URL }: Way,
): Promise<Response> {
  const { token } = unwrap(await signInByProvider(federation, provider, identity, nowMs));
  const headers = new Headers({ Location: returnTo });
  headers.append("Set-Cookie", attemptCookie(null, provider.id, WISHUB_PUBLIC_URL));
  headers.append("Set-Cookie", sessionCookie(token, WISHUB_PUBLIC_URL, SESSION_LIFE_MS));
  return new Response(null, { status: 303, headers });
}

/** One that is switched off is not there, for whoever asks. */
async function connected({ federation }: Services, id: string): Promise<ProviderRecord> {
  const provider = await federation.provider(id);
  return provider?.enabled === true ? provider : refuse({ code: "not-found" });
}

async function clientOf({ federation }: Services, provider: ProviderRecord, publicUrl: string) {
  return {
    settings: provider.settings,
    secret: await federation.secretOf(provider),
    redirectUri: redirectUri(publicUrl, provider.id),
  };
}

export const sso = feature(begin, callback);
