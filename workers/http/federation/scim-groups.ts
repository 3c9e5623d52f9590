import { groupResource, type ScimGroupRecord } from "#domain/federation/scim/group.ts";
import { changeGroup, listGroups, makeGroup, removeGroup } from "#domain/federation/scim/groups.ts";
import type { Services } from "#adapters/index.ts";
import { forget } from "#workers/http/guard/auth.ts";
import { fails, feature, idParam, refuse, route, unwrap } from "#workers/http/kit.ts";
import {
  CHANGE_FAILS,
  listed,
  listQuery,
  pageAsked,
  scimAnswer,
  scimBase,
  scimBody,
  scimResource,
  scimVersion,
  shown,
  shownQuery,
} from "./scim.ts";

const make = route(
  {
    method: "post",
    path: "/scim/v2/Groups",
    summary: "Make a group of people of your directory (SCIM)",
    access: "directory.change",
    request: { query: shownQuery, body: scimBody },
    responses: { 201: scimAnswer("The group"), ...fails("conflict", "forbidden") },
    idempotency: "ignored", // a displayName is there once, and the protocol says so
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { accountId } = principal;
    const group = unwrap(
      await makeGroup(services.federation, accountId, c.req.valid("json"), nowMs),
    );
    forget(c.env, (known) => known.accountId === accountId && known.personId !== undefined);
    return scimResource(await resourceOf(services, group, scimBase(c)), c.req.valid("query"), 201);
  },
);

const list = route(
  {
    method: "get",
    path: "/scim/v2/Groups",
    summary: "List the groups of your directory, without their members (SCIM)",
    description: 'Filters: id, displayName or externalId, as in `displayName eq "Engineering"`.',
    access: "directory.read",
    request: { query: listQuery },
    responses: { 200: scimAnswer("A page of groups") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const query = c.req.valid("query");
    const page = pageAsked(query);
    const { total, rows } = unwrap(
      await listGroups(services.federation, principal.accountId, { filter: query.filter, ...page }),
    );
    const base = scimBase(c);
    return listed(
      total,
      page.offset,
      rows.map((each) => shown(groupResource(each, null, base), query)),
    );
  },
);

const get = route(
  {
    method: "get",
    path: "/scim/v2/Groups/{id}",
    summary: "Read a group of your directory with its members (SCIM)",
    access: "directory.read",
    request: { params: idParam, query: shownQuery },
    responses: { 200: scimAnswer("The group"), ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { id } = c.req.valid("param");
    const group =
      (await services.federation.scimGroup(principal.accountId, id)) ??
      refuse({ code: "not-found" });
    return scimResource(await resourceOf(services, group, scimBase(c)), c.req.valid("query"));
  },
);

const changing = (method: "put" | "patch", summary: string) =>
  route(
    {
      method,
      path: "/scim/v2/Groups/{id}",
      summary,
      description: "The roles that follow from it hold within 5 seconds, everywhere.",
      access: "directory.change",
      request: { params: idParam, query: shownQuery, body: scimBody },
      responses: { 200: scimAnswer("The group"), ...CHANGE_FAILS },
      idempotency: "ignored", // doing it twice is doing it once
    },
    async (c) => {
      const { services, principal, nowMs } = c.var;
      const { accountId } = principal;
      const body = c.req.valid("json");
      const change = method === "put" ? { put: body } : { patch: body };
      const which = { id: c.req.valid("param").id, expected: scimVersion(c) };
      const group = unwrap(await changeGroup(services.federation, accountId, which, change, nowMs));
      forget(c.env, (known) => known.accountId === accountId && known.personId !== undefined);
      return scimResource(await resourceOf(services, group, scimBase(c)), c.req.valid("query"));
    },
  );

const remove = route(
  {
    method: "delete",
    path: "/scim/v2/Groups/{id}",
    summary: "Remove a group of your directory (SCIM)",
    access: "directory.change",
    request: { params: idParam, query: shownQuery },
    responses: { 204: { description: "It is removed" }, ...fails("not-found") },
    idempotency: "ignored", // what is removed is not found again
  },
  async (c) => {
    const { services, principal } = c.var;
    const { accountId } = principal;
    unwrap(await removeGroup(services.federation, accountId, c.req.valid("param").id));
    forget(c.env, (known) => known.accountId === accountId && known.personId !== undefined);
    return new Response(null, { status: 204 });
  },
);

async function resourceOf({ federation }: Services, group: ScimGroupRecord, base: string) {
  return groupResource(group, await federation.membersOf(group.accountId, group.id), base);
}

export const scimGroups = feature(
  make,
  list,
  get,
  changing("put", "Replace a group of your directory (SCIM)"),
  changing("patch", "Change a group of your directory (SCIM)"),
  remove,
);
