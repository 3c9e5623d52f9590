import { z } from "zod";
import { ID_BYTES } from "#domain/accounts/credential.ts";
import { networkName } from "#domain/people/attempts.ts";
import {
  accept,
  acceptance,
  invitationView,
  invite,
  viewOfInvitation,
} from "#domain/people/invitations.ts";
import { invitationInput } from "#domain/people/model.ts";
import { personMade } from "#domain/people/sign-up.ts";
import { noted } from "#workers/http/guard/noted.ts";
import { fails, feature, idParam, json, refuse, route, unwrap } from "#workers/http/kit.ts";

const send = route(
  {
    method: "post",
    path: "/v1/invitations",
    summary: "Invite somebody by e-mail",
    description:
      "Into your account, in a role; from the first account also to begin an account of their own (`newAccount`). The mail alone holds the link.",
    access: "member.invite",
    request: { body: json(invitationInput) },
    responses: {
      201: { description: "The invitation", ...json(invitationView) },
      ...fails("forbidden", "conflict", "too-many-requests", "overloaded"),
    },
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    const idBytes = Uint8Array.fromHex(operationId).subarray(0, ID_BYTES);
    const made = await invite(services.people, principal, c.req.valid("json"), idBytes, nowMs);
    c.executionCtx.waitUntil(services.people.sendWaiting());
    return c.json(unwrap(made), 201);
  },
);

const open = route(
  {
    method: "get",
    path: "/v1/invitations",
    summary: "List invitations that nobody has accepted yet",
    access: "invitation.read",
    responses: {
      200: {
        description: "All of them",
        ...json(z.object({ items: z.array(invitationView), nextCursor: z.null() })),
      },
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { accountId } = principal;
    const found = await services.people.invitations(accountId, nowMs);
    const scope = { account: accountId };
    const emails = await services.keyRing.openMany(
      found.map(({ email }) => ({ scope, field: "invitation.email", sealed: email })),
    );
    const items = found.map((record, i) => viewOfInvitation(record, emails[i] ?? ""));
    return c.json({ items, nextCursor: null });
  },
);

const withdraw = route(
  {
    method: "delete",
    path: "/v1/invitations/{id}",
    summary: "Withdraw an invitation",
    access: "invitation.withdraw",
    request: { params: idParam },
    responses: { 204: { description: "It works no more" }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { id } = c.req.valid("param");
    if (!(await services.people.revokeInvitation(principal.accountId, id)))
      refuse({ code: "not-found" });
    return new Response(null, { status: 204 });
  },
);

const join = route(
  {
    method: "post",
    path: "/v1/invitations/accept",
    summary: "Accept an invitation with the link that was mailed",
    description:
      "With the password you have, or as somebody new, with a name and a password you choose now. Sign in next.",
    access: "public",
    request: { body: json(acceptance) },
    responses: {
      201: { description: "You belong to it", ...json(personMade) },
      ...fails(
        "invalid-request",
        "unauthenticated",
        "forbidden",
        "conflict",
        "too-many-requests",
        "overloaded",
      ),
    },
    idempotency: "ignored", // nobody is signed in yet, so there is no account whose key it could be
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const from = {
      network: networkName(services.addressOf(c.req.raw)),
      mayBeNew: c.env.WISHUB_SIGNUP !== "closed",
    };
    const made = unwrap(await accept(services.people, c.req.valid("json"), from, nowMs));
    await noted(c, made, "member.join", { type: "member" });
    return c.json(made, 201);
  },
);

export const invitations = feature(send, open, withdraw, join);
