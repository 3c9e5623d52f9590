import type { Context } from "hono";
import { z } from "zod";
import { refused } from "#domain/oauth/errors.ts";
import { introspect, revoke } from "#domain/oauth/told.ts";
import { requestToken } from "#domain/oauth/token-request.ts";
import { forget } from "#workers/http/guard/auth.ts";
import { feature, json, type PublicEnv, route } from "#workers/http/kit.ts";
import { askingIn, form, oauthAnswer, oauthError } from "./answer.ts";
import { checkProof, nonceHeader } from "#workers/http/guard/dpop.ts";

const token = route(
  {
    method: "post",
    path: "/oauth/token",
    summary: "Get an access token (OAuth 2.1)",
    description:
      "A form with `grant_type` and what that grant needs; the client authenticates as it registered. Failures have the protocol's own form.",
    access: "public",
    request: { body: form },
    responses: {
      200: {
        description: "A token",
        ...json(
          z.object({
            access_token: z.string(),
            token_type: z.string(),
            expires_in: z.int(),
            scope: z.string(),
            refresh_token: z.string().optional(),
            issued_token_type: z.string().optional(),
          }),
        ),
      },
      400: { description: "Refused", ...oauthError },
      401: { description: "The client has not proven who it is", ...oauthError },
    },
    idempotency: "ignored", // a client that lost the answer asks for another token
  },
  async (c) => {
    const request = await askingIn(c);
    if (!request.ok) return oauthAnswer(request);
    // Only here is a nonce needed: what a thief signed ahead of time must not turn a stolen code into a token.
    const proof = await checkProof(c, { needsNonce: true });
    const nonce = proof === null ? {} : await nonceHeader(c);
    if (proof?.ok === false) {
      const description = "the DPoP proof does not count, or needs the nonce of this answer";
      return oauthAnswer(refused(proof.error, description), 200, nonce);
    }
    const asked = { ...request.value, jkt: proof?.jkt };
    const deps = { ...c.var.services.oauth, revokeGrant: endReplayed(c) };
    return oauthAnswer(await requestToken(deps, asked), 200, nonce);
  },
);

/** A code or a refresh token came back: its family ends, here at once, and the account can read that it did. */
const endReplayed = (c: Context<PublicEnv>) => async (id: string, nowMs: number) => {
  const { services, requestId } = c.var;
  const accountId = await services.oauth.revokeGrant(id, nowMs);
  forget(c.env, ({ token: known }) => known?.grantId === id);
  if (accountId === null) return;
  await services.audit.record(accountId, {
    phase: "noted",
    action: "grant.replayed",
    actor: { id: "system" },
    resource: { type: "grant", id },
    request: requestId,
  });
};

const about = route(
  {
    method: "post",
    path: "/oauth/introspect",
    summary: "Ask what a token is worth at this moment (RFC 7662)",
    description: "For clients that prove who they are: about tokens of their own account.",
    access: "public",
    request: { body: form },
    responses: {
      200: { description: "What it is worth", ...json(z.looseObject({ active: z.boolean() })) },
      400: { description: "Refused", ...oauthError },
      401: { description: "The client has not proven who it is", ...oauthError },
    },
    idempotency: "ignored", // it only reads
  },
  async (c) => {
    const request = await askingIn(c);
    if (!request.ok) return oauthAnswer(request);
    return oauthAnswer(await introspect(c.var.services.oauth, request.value));
  },
);

const ending = route(
  {
    method: "post",
    path: "/oauth/revoke",
    summary: "End a token (RFC 7009)",
    description:
      "A refresh token ends with everything that came from it, within 5 seconds everywhere.",
    access: "public",
    request: { body: form },
    responses: {
      200: { description: "It is worth nothing, if it ever was worth something" },
      400: { description: "Refused", ...oauthError },
      401: { description: "The client has not proven who it is", ...oauthError },
    },
    idempotency: "ignored", // ending twice is ending once
  },
  async (c) => {
    const request = await askingIn(c);
    if (!request.ok) return oauthAnswer(request);
    const ended = await revoke(c.var.services.oauth, request.value);
    if (!ended.ok) return oauthAnswer(ended);
    const { grantId, tokenId } = ended.value;
    forget(
      c.env,
      ({ token }) =>
        token !== undefined &&
        (token.id === tokenId || (grantId !== undefined && token.grantId === grantId)),
    );
    return oauthAnswer({ ok: true, value: {} });
  },
);

export const oauthTokens = feature(token, about, ending);
