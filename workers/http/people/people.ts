import { z } from "zod";
import { MAIL_KINDS, type MailRecord, subjectOf } from "#domain/people/mail.ts";
import {
  completeSignUp,
  mailLink,
  personMade,
  signUpCompletion,
  signUpInput,
} from "#domain/people/sign-up.ts";
import type { Services } from "#adapters/index.ts";
import {
  byAge,
  fails,
  feature,
  json,
  pageOfList,
  pageOf,
  pageQuery,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";
import { noted } from "#workers/http/guard/noted.ts";

const accepted = z.object({ status: z.literal("accepted") });

const signUp = route(
  {
    method: "post",
    path: "/v1/sign-up",
    summary: "Begin to sign up: a link is mailed to the address",
    description:
      "The answer is the same whether somebody has signed up with the address or not. Only where the operator lets anybody sign up; elsewhere by invitation.",
    access: "public",
    request: { body: json(signUpInput) },
    responses: {
      202: { description: "A mail is on its way", ...json(accepted) },
      ...fails("forbidden"),
    },
    idempotency: "ignored", // nobody is signed in yet, so there is no account whose key it could be
  },
  async (c) => {
    const { services, nowMs } = c.var;
    if (c.env.WISHUB_SIGNUP !== "open") {
      const detail =
        c.env.WISHUB_SIGNUP === "invite"
          ? "signing up needs an invitation"
          : "signing up is closed";
      refuse({ code: "forbidden", detail });
    }
    const sent = await mailLink(services.people, "sign-up", c.req.valid("json").email, nowMs);
    c.executionCtx.waitUntil(services.people.sendWaiting());
    unwrap(sent);
    return c.json({ status: "accepted" }, 202);
  },
);

const complete = route(
  {
    method: "post",
    path: "/v1/sign-up/complete",
    summary: "Finish signing up with the link that was mailed",
    description: "Makes you, and an account of your own. Sign in next.",
    access: "public",
    request: { body: json(signUpCompletion) },
    responses: {
      201: { description: "You are signed up", ...json(personMade) },
      ...fails("invalid-request", "conflict", "overloaded"),
    },
    idempotency: "ignored",
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const made = unwrap(await completeSignUp(services.people, c.req.valid("json"), nowMs));
    await noted(c, made, "account.make", { type: "account", id: made.accountId });
    return c.json(made, 201);
  },
);

const personView = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  /** What a sign-in asks for beside the password. */
  factors: z.object({ totp: z.boolean(), passkeys: z.int(), recoveryCodesLeft: z.int() }),
  createdAt: z.string(),
});

const me = route(
  {
    method: "get",
    path: "/v1/people/me",
    summary: "Read what is kept of you",
    description: "For a session that a person signed in to; a key belongs to no person.",
    access: "person.read",
    responses: { 200: { description: "You", ...json(personView) }, ...fails("not-found") },
  },
  async (c) => {
    const { people } = c.var.services;
    const { personId } = c.var.principal;
    const person = personId === undefined ? null : await people.person(personId);
    if (person === null) return refuse({ code: "not-found" });
    const scope = { person: person.id };
    const [email, name] = await people.ring.openMany([
      { scope, field: "email", sealed: person.email },
      { scope, field: "name", sealed: person.name },
    ]);
    return c.json({
      id: person.id,
      email: email ?? "",
      name: name ?? "",
      factors: {
        totp: person.totp !== null,
        passkeys: person.passkeys,
        recoveryCodesLeft: await people.recoveryCodesLeft(person.id),
      },
      createdAt: new Date(person.createdAtMs).toISOString(),
    });
  },
);

const mailView = z.object({
  id: z.string(),
  kind: z.enum(MAIL_KINDS),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  createdAt: z.string(),
});

const outbox = route(
  {
    method: "get",
    path: "/v1/outbox",
    summary: "List mails that no sender has taken, newest first",
    description:
      "For the owner of the first account, who runs the product. Where a sender is bound, what it has taken is not here.",
    access: "outbox.read",
    request: { query: pageQuery },
    responses: { 200: { description: "A page of mails", ...json(pageOf(mailView)) } },
  },
  async (c) => {
    const { people } = c.var.services;
    if ((await people.firstAccountId()) !== c.var.principal.accountId)
      refuse({ code: "forbidden", detail: "the first account reads the outbox" });
    const query = c.req.valid("query");
    const { page, nextCursor } = await pageOfList(query, people.mails, byAge);
    return c.json({ items: await opened(people.ring, page), nextCursor });
  },
);

async function opened(ring: Services["keyRing"], mails: MailRecord[]) {
  const scope = "installation" as const;
  const texts = await ring.openMany(
    mails.flatMap(({ recipient, body }) => [
      { scope, field: "mail.recipient", sealed: recipient },
      { scope, field: "mail.body", sealed: body },
    ]),
  );
  return mails.flatMap(({ id, kind: stored, createdAtMs }, i) => {
    const kind = MAIL_KINDS.find((one) => one === stored);
    const [to, text] = [texts[2 * i], texts[2 * i + 1]];
    if (kind === undefined || to == null || text == null) return [];
    const createdAt = new Date(createdAtMs).toISOString();
    return [{ id, kind, to, subject: subjectOf(kind), text, createdAt }];
  });
}

export const people = feature(signUp, complete, me, outbox);
