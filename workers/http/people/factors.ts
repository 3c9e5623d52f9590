import { z } from "zod";
import {
  beginTotp,
  confirmTotp,
  enrolment,
  mayEnrol,
  newRecoveryCodes,
  totpConfirmation,
} from "#domain/people/enrol.ts";
import { factorInput, proveFactor } from "#domain/people/factors.ts";
import { replaceSession } from "#domain/people/sessions.ts";
import { sessionView } from "#domain/accounts/sessions.ts";
import { personOf, proven } from "./factor-session.ts";
import { fails, feature, json, route, unwrap } from "#workers/http/kit.ts";
import { cookied } from "#workers/http/guard/session-cookie.ts";

const recoveryCodesView = z.object({ recoveryCodes: z.array(z.string()) });

const begin = route(
  {
    method: "post",
    path: "/v1/people/me/totp",
    summary: "Begin to use an authenticator app",
    description:
      "Scan the address or type the secret, then confirm with a code. Whoever has no second factor yet gives their password; others prove the one they have first.",
    access: "person.enrol",
    request: { body: json(enrolment) },
    responses: {
      201: {
        description: "What to scan",
        ...json(z.object({ secret: z.string(), uri: z.string() })),
      },
      ...fails(
        "forbidden",
        "second-factor-required",
        "not-found",
        "too-many-requests",
        "overloaded",
      ),
    },
    idempotency: "ignored", // asked again, there is another secret, and the last one counts
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const person = await personOf(c);
    const { password } = c.req.valid("json");
    unwrap(await mayEnrol(services.people, person, principal, password, nowMs));
    return c.json(await beginTotp(services.people, person), 201);
  },
);

const confirm = route(
  {
    method: "post",
    path: "/v1/people/me/totp/confirm",
    summary: "Confirm the authenticator app with a code it shows",
    description:
      "From now on signing in asks for one. Answers recovery codes, the only time they are shown, and proves the second factor of this session.",
    access: "person.enrol",
    request: { body: json(totpConfirmation) },
    responses: {
      200: { description: "It is in use", ...json(recoveryCodesView) },
      ...fails("not-found", "conflict", "too-many-requests"),
    },
    idempotency: "ignored",
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const { otp } = c.req.valid("json");
    const codes = unwrap(await confirmTotp(services.people, await personOf(c), otp, nowMs));
    await proven(c);
    return c.json({ recoveryCodes: codes });
  },
);

const removeTotp = route(
  {
    method: "delete",
    path: "/v1/people/me/totp",
    summary: "Use the authenticator app no more",
    access: "person.change",
    responses: { 204: { description: "It is gone" }, ...fails("not-found") },
  },
  async (c) => {
    const person = await personOf(c);
    await c.var.services.people.removeTotp(person.id);
    return new Response(null, { status: 204 });
  },
);

const renewCodes = route(
  {
    method: "post",
    path: "/v1/people/me/recovery-codes",
    summary: "Get new recovery codes in place of the old ones",
    access: "person.change",
    responses: {
      200: { description: "The codes, shown this once", ...json(recoveryCodesView) },
      ...fails("not-found"),
    },
    idempotency: "ignored",
  },
  async (c) => {
    const { people } = c.var.services;
    const person = await personOf(c);
    return c.json({ recoveryCodes: await newRecoveryCodes(people, person.id) });
  },
);

const prove = route(
  {
    method: "post",
    path: "/v1/sessions/second-factor",
    summary: "Prove your second factor once more",
    description:
      "What is privileged asks for one that was proven in the last ten minutes. Sets a new cookie; the session ends when it would have ended.",
    access: "session.prove",
    request: { body: json(factorInput) },
    responses: {
      201: { description: "It is proven", ...json(sessionView) },
      ...fails("second-factor-required", "not-found", "too-many-requests", "overloaded"),
    },
    idempotency: "ignored",
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const person = await personOf(c);
    const input = c.req.valid("json");
    unwrap(await proveFactor(services.people, person, input, "session", nowMs));
    const change = { factorAtMs: nowMs };
    const next = unwrap(await replaceSession(services.people, principal, change, nowMs));
    return c.json(cookied(c, next, principal.sessionId), 201);
  },
);

export const factors = feature(begin, confirm, removeTotp, renewCodes, prove);
