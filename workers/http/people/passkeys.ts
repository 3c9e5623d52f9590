import { z } from "zod";
import { addPasskey, enrolment, mayEnrol } from "#domain/people/enrol.ts";
import {
  CHALLENGE_BYTES,
  CHALLENGE_LIFE_MS,
  newChallenge,
  passkeyInput,
  passkeyView,
  urlBase64,
  viewOfPasskey,
} from "#domain/people/passkeys.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { personOf, proven } from "./factor-session.ts";
import { fails, feature, json, refuse, route, unwrap } from "#workers/http/kit.ts";

/** What a browser is asked with (WebAuthn 5.4 and 5.5): as JSON for `parseCreationOptionsFromJSON()` and its sister. */
const options = z.object({ publicKey: z.record(z.string(), z.unknown()) });
/** COSE names of Ed25519, ECDSA with P-256, and RSA with SHA-256. */
const ALGORITHMS = [-8, -7, -257];

const registrationOptions = route(
  {
    method: "post",
    path: "/v1/people/me/passkeys/options",
    summary: "Ask what to make a passkey with",
    description:
      "For navigator.credentials.create(). Whoever has no second factor yet gives their password; others prove the one they have first.",
    access: "person.enrol",
    request: { body: json(enrolment) },
    responses: {
      200: { description: "The options", ...json(options) },
      ...fails(
        "forbidden",
        "second-factor-required",
        "not-found",
        "too-many-requests",
        "overloaded",
      ),
    },
    idempotency: "ignored",
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { people } = services;
    const person = await personOf(c);
    unwrap(await mayEnrol(people, person, principal, c.req.valid("json").password, nowMs));
    const purpose = { register: person.id };
    const known = await people.passkeys(person.id);
    const [email, name] = await people.ring.openMany([
      { scope: { person: person.id }, field: "email", sealed: person.email },
      { scope: { person: person.id }, field: "name", sealed: person.name },
    ]);
    return c.json({
      publicKey: {
        rp: { id: new URL(people.publicUrl).hostname, name: "WisHub" },
        user: { id: urlBase64(person.id), name: email ?? "", displayName: name ?? "" },
        challenge: await newChallenge(people.ring, purpose, people.random(CHALLENGE_BYTES), nowMs),
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
        timeout: CHALLENGE_LIFE_MS,
        attestation: "none",
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        excludeCredentials: known.map(({ id, transports }) => ({
          type: "public-key",
          id,
          transports,
        })),
      },
    });
  },
);

const add = route(
  {
    method: "post",
    path: "/v1/people/me/passkeys",
    summary: "Keep a passkey that your browser has made",
    description: "Recovery codes come with your first second factor, the only time they are shown.",
    access: "person.enrol",
    request: { body: json(passkeyInput) },
    responses: {
      201: {
        description: "The passkey",
        ...json(passkeyView.extend({ recoveryCodes: z.array(z.string()).nullable() })),
      },
      ...fails("not-found", "conflict", "overloaded"),
    },
    idempotency: "ignored", // a challenge works once
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const input = c.req.valid("json");
    const made = unwrap(await addPasskey(services.people, await personOf(c), input, nowMs));
    await proven(c);
    return c.json({ ...viewOfPasskey(made.passkey), recoveryCodes: made.recoveryCodes }, 201);
  },
);

const list = route(
  {
    method: "get",
    path: "/v1/people/me/passkeys",
    summary: "List your passkeys",
    access: "person.read",
    responses: {
      200: {
        description: "All of them",
        ...json(z.object({ items: z.array(passkeyView), nextCursor: z.null() })),
      },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const found = await c.var.services.people.passkeys((await personOf(c)).id);
    return c.json({ items: found.map(viewOfPasskey), nextCursor: null });
  },
);

const removePasskey = route(
  {
    method: "delete",
    path: "/v1/people/me/passkeys/{passkeyId}",
    summary: "Use a passkey no more",
    access: "person.change",
    request: {
      params: z.object({
        passkeyId: z
          .string()
          .min(1)
          .max(LIMITS.passkeyIdCharsMax)
          .regex(/^[\w-]+$/),
      }),
    },
    responses: { 204: { description: "It is gone" }, ...fails("not-found") },
  },
  async (c) => {
    const person = await personOf(c);
    const { passkeyId } = c.req.valid("param");
    if (!(await c.var.services.people.removePasskey(person.id, passkeyId)))
      refuse({ code: "not-found" });
    return new Response(null, { status: 204 });
  },
);

const signInOptions = route(
  {
    method: "post",
    path: "/v1/sessions/passkey-options",
    summary: "Ask what to sign in by a passkey with",
    description: "For navigator.credentials.get(). The same for everybody; it stores nothing.",
    access: "public",
    responses: { 200: { description: "The options", ...json(options) } },
    idempotency: "ignored",
  },
  async (c) => {
    const { people } = c.var.services;
    const random = people.random(CHALLENGE_BYTES);
    return c.json({
      publicKey: {
        challenge: await newChallenge(people.ring, "sign-in", random, c.var.nowMs),
        rpId: new URL(people.publicUrl).hostname,
        timeout: CHALLENGE_LIFE_MS,
        userVerification: "required",
        allowCredentials: [],
      },
    });
  },
);

export const passkeys = feature(registrationOptions, add, list, removePasskey, signInOptions);
