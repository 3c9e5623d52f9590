import type { Context } from "hono";
import { isUsableFrom } from "#domain/accounts/key-rules.ts";
import { z } from "zod";
import { ID_BYTES, SECRET_BYTES } from "#domain/accounts/credential.ts";
import {
  cookieIn,
  DEVICE_COOKIE,
  deviceCookie,
  isOwnOrigin,
  sessionCookie,
  type SessionInput,
  sessionInput,
  sessionView,
  viewOfPrincipal,
} from "#domain/accounts/sessions.ts";
import { signIn } from "#domain/accounts/sign-in.ts";
import { networkName } from "#domain/people/attempts.ts";
import { DEVICE_LIFE_MS } from "#domain/people/devices.ts";
import { replaceSession } from "#domain/people/sessions.ts";
import { signInByPasskey, signInByPassword } from "#domain/people/sign-in.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { notedOpen } from "#workers/http/guard/noted.ts";
import { cookied } from "#workers/http/guard/session-cookie.ts";
import { forget, read } from "#workers/http/guard/auth.ts";
import { fails, feature, json, type PublicEnv, refuse, route, unwrap } from "#workers/http/kit.ts";

const open = route(
  {
    method: "post",
    path: "/v1/sessions",
    summary: "Sign a browser in",
    description:
      "With an API key, with the single-use code that the console's address carries, or as a person with e-mail and password (and a second factor, of whoever has one), or with a passkey. Sets a cookie.",
    access: "public",
    request: { body: json(sessionInput) },
    responses: {
      201: { description: "Signed in", ...json(sessionView) },
      ...fails(
        "unauthenticated",
        "forbidden",
        "second-factor-required",
        "too-many-requests",
        "overloaded",
      ),
    },
    idempotency: "ignored", // nobody is signed in yet, so there is no account whose key it could be
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const { WISHUB_PUBLIC_URL } = c.env;
    const origin = c.req.raw.headers.get("Origin");
    // A page elsewhere must not sign its visitor in to an account of its own choice.
    if (origin !== null && !isOwnOrigin(origin, WISHUB_PUBLIC_URL))
      refuse({ code: "forbidden", detail: `sign in from ${WISHUB_PUBLIC_URL}` });
    const input = c.req.valid("json");
    if (input.email !== undefined || input.passkey !== undefined)
      return await openForPerson(c, input);
    const random = {
      idBytes: crypto.getRandomValues(new Uint8Array(ID_BYTES)),
      secretBytes: crypto.getRandomValues(new Uint8Array(SECRET_BYTES)),
    };
    const address = services.addressOf(c.req.raw);
    const keyVerdict = async (apiKey: string, atMs: number) => {
      const verdict = await read(c.env, "key", apiKey, atMs);
      return verdict !== null && isUsableFrom(verdict.principal, address) ? verdict : null;
    };
    const signedIn = unwrap(
      await signIn({ ...services.accounts, keyVerdict }, input, random, nowMs),
    );
    await notedOpen(c, signedIn.principal);
    c.header(
      "Set-Cookie",
      sessionCookie(signedIn.token, WISHUB_PUBLIC_URL, signedIn.expiresAtMs - nowMs),
    );
    return c.json(viewOfPrincipal(signedIn.principal), 201);
  },
);

/** The session's cookie, and one by which this browser is known again. */
async function openForPerson(c: Context<PublicEnv>, input: SessionInput): Promise<Response> {
  const { services, nowMs } = c.var;
  const { WISHUB_PUBLIC_URL } = c.env;
  const { email = "", password = "", accountId, otp, recoveryCode, passkey } = input;
  const device = cookieIn(c.req.raw.headers.get("Cookie"), DEVICE_COOKIE);
  const network = networkName(services.addressOf(c.req.raw));
  const factor = otp === undefined && recoveryCode === undefined ? null : { otp, recoveryCode };
  const signedIn = unwrap(
    passkey === undefined
      ? await signInByPassword(
          services.people,
          { email, password, accountId, device, network, factor },
          nowMs,
        )
      : await signInByPasskey(services.people, { passkey, accountId }, nowMs),
  );
  const { token, principal, expiresAtMs } = signedIn;
  await notedOpen(c, principal);
  c.header("Set-Cookie", sessionCookie(token, WISHUB_PUBLIC_URL, expiresAtMs - nowMs));
  c.header("Set-Cookie", deviceCookie(signedIn.device, WISHUB_PUBLIC_URL, DEVICE_LIFE_MS), {
    append: true,
  });
  return c.json(viewOfPrincipal(principal), 201);
}

const current = route(
  {
    method: "get",
    path: "/v1/sessions/current",
    summary: "Tell who you are",
    access: "session.read",
    responses: { 200: { description: "The caller", ...json(sessionView) } },
  },
  (c) => c.json(viewOfPrincipal(c.var.principal)),
);

const switched = route(
  {
    method: "post",
    path: "/v1/sessions/switch",
    summary: "Go on in another of your accounts",
    description: "The session is another one from then on, and ends when it would have ended.",
    access: "session.switch",
    request: { body: json(z.strictObject({ accountId: text(LIMITS.idCharsMax) })) },
    responses: {
      201: { description: "You are there", ...json(sessionView) },
      ...fails("forbidden", "not-found"),
    },
    idempotency: "ignored", // the answer is the cookie, which is stored nowhere
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { accountId } = c.req.valid("json");
    const change = await replaceSession(services.people, principal, { accountId }, nowMs);
    return c.json(cookied(c, unwrap(change), principal.sessionId), 201);
  },
);

const close = route(
  {
    method: "delete",
    path: "/v1/sessions",
    priority: "vital",
    summary: "Sign the browser out",
    description:
      "Ends the session of the cookie. With an API key there is no session, and nothing to end.",
    access: "session.end",
    responses: { 204: { description: "Signed out" } },
    idempotency: "ignored", // ending twice is ending once, and the second time nobody is signed in
  },
  async (c) => {
    const { services, principal } = c.var;
    const { sessionId } = principal;
    if (sessionId !== undefined) {
      await services.accounts.endSession(principal.accountId, sessionId);
      forget(c.env, (known) => known.sessionId === sessionId);
    }
    return new Response(null, {
      status: 204,
      headers: { "Set-Cookie": sessionCookie("", c.env.WISHUB_PUBLIC_URL, 0) },
    });
  },
);

export const sessions = feature(open, current, switched, close);
