import { z } from "zod";
import {
  changed,
  mayGive,
  memberPatch,
  type MemberRecord,
  memberView,
  viewOfMember,
} from "#domain/people/members.ts";
import { type Purpose, PURPOSES } from "#domain/protection/masking.ts";
import type { Principal } from "#domain/accounts/model.ts";
import type { Services } from "#adapters/index.ts";
import { forget } from "#workers/http/guard/auth.ts";
import {
  byAge,
  fails,
  feature,
  idParam,
  json,
  pageOfList,
  pageOf,
  pageQuery,
  refuse,
  route,
  unwrap,
} from "#workers/http/kit.ts";

const purpose = z.enum(PURPOSES).optional();

const list = route(
  {
    method: "get",
    path: "/v1/members",
    summary: "List who belongs to your account, newest first",
    description:
      "`purpose` says what names and addresses are read for; nobody sees more than it needs, or than their role may. A person's own session needs no scope.",
    access: "member.read",
    request: { query: pageQuery.extend({ purpose }) },
    responses: { 200: { description: "A page of members", ...json(pageOf(memberView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { purpose: why, ...asked } = c.req.valid("query");
    const { page, nextCursor } = await pageOfList(
      asked,
      (after, limit) => services.people.members(principal.accountId, after, limit),
      byAge,
    );
    return c.json({ items: await viewed(services, page, principal, why), nextCursor });
  },
);

const get = route(
  {
    method: "get",
    path: "/v1/members/{id}",
    summary: "Read a member of your account",
    access: "member.read",
    request: { params: idParam, query: z.strictObject({ purpose }) },
    responses: { 200: { description: "The member", ...json(memberView) }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const member = await memberOf(services, principal, c.req.valid("param").id);
    const why = c.req.valid("query").purpose;
    const [view] = await viewed(services, [member], principal, why);
    return c.json(view);
  },
);

const change = route(
  {
    method: "patch",
    path: "/v1/members/{id}",
    summary: "Give a member another role",
    description:
      "It holds within 5 seconds, everywhere. Only an owner makes owners, and an account keeps at least one.",
    access: "member.change",
    request: { params: idParam, body: json(memberPatch) },
    responses: {
      200: { description: "The member", ...json(memberView) },
      ...fails("forbidden", "not-found", "conflict"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { role } = c.req.valid("json");
    const member = await memberOf(services, principal, c.req.valid("param").id);
    unwrap(mayGive(principal, role, member.role));
    unwrap(changed(await services.people.setRole(principal.accountId, member.id, role)));
    forget(c.env, (known) => known.principalId === member.id);
    const [view] = await viewed(services, [{ ...member, role }], principal);
    return c.json(view);
  },
);

const remove = route(
  {
    method: "delete",
    path: "/v1/members/{id}",
    summary: "Remove a member, with their sessions and keys",
    description: "They are refused within 5 seconds, everywhere. What they made stays.",
    access: "member.remove",
    request: { params: idParam },
    responses: {
      204: { description: "They are removed" },
      ...fails("forbidden", "not-found", "conflict"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const member = await memberOf(services, principal, c.req.valid("param").id);
    unwrap(mayGive(principal, member.role));
    unwrap(changed(await services.people.removeMember(principal.accountId, member.id, nowMs)));
    forget(c.env, (known) => known.principalId === member.id);
    return new Response(null, { status: 204 });
  },
);

const leave = route(
  {
    method: "post",
    path: "/v1/members/leave",
    summary: "Leave the account you are in",
    access: "member.leave",
    responses: { 204: { description: "You have left" }, ...fails("forbidden", "conflict") },
    idempotency: "ignored", // who has left is nobody here, and asks for nothing again
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    if (principal.personId === undefined)
      refuse({ code: "forbidden", detail: "for sessions that a person signed in to" });
    const { accountId, principalId } = principal;
    unwrap(changed(await services.people.removeMember(accountId, principalId, nowMs)));
    forget(c.env, (known) => known.principalId === principalId);
    return new Response(null, { status: 204 });
  },
);

async function memberOf(
  services: Services,
  { accountId }: Principal,
  id: string,
): Promise<MemberRecord> {
  return (await services.people.member(accountId, id)) ?? refuse({ code: "not-found" });
}

async function viewed(
  services: Services,
  members: MemberRecord[],
  viewer: Principal,
  why?: Purpose,
) {
  const people = members.flatMap(({ person }) => (person === null ? [] : [person]));
  const texts = await services.keyRing.openMany(
    people.flatMap(({ id, name, email }) => [
      { scope: { person: id }, field: "name", sealed: name },
      { scope: { person: id }, field: "email", sealed: email },
    ]),
  );
  const opened = new Map(
    people.map(({ id }, i) => [
      id,
      { name: texts[2 * i] ?? null, email: texts[2 * i + 1] ?? null },
    ]),
  );
  const nobody = { name: null, email: null };
  return members.map((member) =>
    viewOfMember(member, opened.get(member.person?.id ?? "") ?? nobody, viewer, why),
  );
}

export const members = feature(list, get, change, remove, leave);
