import type { Context } from "hono";
import { z } from "zod";
import { deviceCookie } from "#domain/accounts/sessions.ts";
import { DEVICE_LIFE_MS } from "#domain/people/devices.ts";
import type { MailPurpose } from "#domain/people/links.ts";
import {
  changePassword,
  completeReset,
  deviceCompletion,
  knowDevice,
  passwordChange,
  resetCompletion,
} from "#domain/people/passwords.ts";
import { mailLink, signUpInput } from "#domain/people/sign-up.ts";
import { forget } from "#workers/http/guard/auth.ts";
import { personOf } from "./factor-session.ts";
import { fails, feature, json, type PublicEnv, route, unwrap } from "#workers/http/kit.ts";
import { noted } from "#workers/http/guard/noted.ts";

const accepted = z.object({ status: z.literal("accepted") });

/** Mails a link to whoever has the address; the answer is the same where nobody has. */
async function mailed(c: Context<PublicEnv>, purpose: MailPurpose, email: string) {
  const { people } = c.var.services;
  const sent = await mailLink(people, purpose, email, c.var.nowMs);
  c.executionCtx.waitUntil(people.sendWaiting());
  unwrap(sent);
  return c.json({ status: "accepted" }, 202);
}

const known = (c: Context<PublicEnv>, device: string): Response =>
  new Response(null, {
    status: 204,
    headers: { "Set-Cookie": deviceCookie(device, c.env.WISHUB_PUBLIC_URL, DEVICE_LIFE_MS) },
  });

const reset = route(
  {
    method: "post",
    path: "/v1/password-resets",
    summary: "Have a link mailed that sets a new password",
    description: "The answer is the same whether anybody has signed up with the address or not.",
    access: "public",
    request: { body: json(signUpInput) },
    responses: { 202: { description: "Accepted", ...json(accepted) } },
    idempotency: "ignored", // nobody is signed in, so there is no account whose key it could be
  },
  (c) => mailed(c, "password-reset", c.req.valid("json").email),
);

const complete = route(
  {
    method: "post",
    path: "/v1/password-resets/complete",
    summary: "Set a new password with the link that was mailed",
    description:
      "Ends every session, and all that you let programs do for you. A second factor stays, and is asked for when you sign in next; this browser is known from then on. API keys stay.",
    access: "public",
    request: { body: json(resetCompletion) },
    responses: {
      204: { description: "It is set" },
      ...fails("invalid-request", "overloaded"),
    },
    idempotency: "ignored",
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const input = c.req.valid("json");
    const { personId, device } = unwrap(await completeReset(services.people, input, nowMs));
    forget(c.env, (one) => one.personId === personId);
    for (const membership of await services.people.memberships(personId)) {
      const { accountId, principalId } = membership;
      forget(
        c.env,
        (one) =>
          one.token !== undefined && one.accountId === accountId && one.principalId === principalId,
      );
      await noted(c, { ...membership, personId }, "person.password", { type: "person" });
    }
    c.executionCtx.waitUntil(services.people.sendWaiting());
    return known(c, device);
  },
);

const change = route(
  {
    method: "post",
    path: "/v1/people/me/password",
    summary: "Set another password",
    description:
      "With the present one. Ends every other session of yours; what you let programs do stays.",
    access: "person.password",
    request: { body: json(passwordChange) },
    responses: {
      204: { description: "It is set" },
      ...fails("forbidden", "not-found", "too-many-requests", "overloaded"),
    },
    idempotency: "ignored", // its repetition would have to know which password is the present one
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const person = await personOf(c);
    const { sessionId = null } = principal;
    const input = c.req.valid("json");
    unwrap(await changePassword(services.people, person, input, sessionId, nowMs));
    forget(c.env, (one) => one.personId === person.id && one.sessionId !== sessionId);
    c.executionCtx.waitUntil(services.people.sendWaiting());
    return new Response(null, { status: 204 });
  },
);

const device = route(
  {
    method: "post",
    path: "/v1/known-devices",
    summary: "Have a link mailed that makes a device known",
    description:
      "For whoever is asked to wait because others have guessed at their password: a device that is known is not held up by them. The answer is the same whether anybody has the address or not.",
    access: "public",
    request: { body: json(signUpInput) },
    responses: { 202: { description: "Accepted", ...json(accepted) } },
    idempotency: "ignored",
  },
  (c) => mailed(c, "new-device", c.req.valid("json").email),
);

const know = route(
  {
    method: "post",
    path: "/v1/known-devices/complete",
    summary: "Make this device known with the link that was mailed",
    description: "Sets a cookie that signs nobody in. Sign in next.",
    access: "public",
    request: { body: json(deviceCompletion) },
    responses: { 204: { description: "It is known" }, ...fails("invalid-request") },
    idempotency: "ignored",
  },
  async (c) => {
    const { people } = c.var.services;
    const { token } = c.req.valid("json");
    return known(c, unwrap(await knowDevice(people, token, c.var.nowMs)).device);
  },
);

export const passwords = feature(reset, complete, change, device, know);
