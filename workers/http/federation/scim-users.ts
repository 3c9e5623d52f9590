import { userResource, type ScimUserRecord } from "#domain/federation/scim/user.ts";
import {
  changeUser,
  listUsers,
  makeUser,
  readUser,
  removeUser,
} from "#domain/federation/scim/users.ts";
import type { Services } from "#adapters/index.ts";
import { forget } from "#workers/http/guard/auth.ts";
import { fails, feature, idParam, route, unwrap } from "#workers/http/kit.ts";
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
    path: "/scim/v2/Users",
    summary: "Put a person into your account (SCIM)",
    access: "directory.change",
    request: { query: shownQuery, body: scimBody },
    responses: { 201: scimAnswer("The user"), ...fails("conflict", "forbidden") },
    idempotency: "ignored", // a userName is there once, and the protocol says so
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const body = c.req.valid("json");
    const made = unwrap(await makeUser(services.federation, principal.accountId, body, nowMs));
    return scimResource(userResource(made, [], scimBase(c)), c.req.valid("query"), 201);
  },
);

const list = route(
  {
    method: "get",
    path: "/scim/v2/Users",
    summary: "List the people whom your directory has put into your account (SCIM)",
    description: 'Filters: id, userName or externalId, as in `userName eq "ada@example.com"`.',
    access: "directory.read",
    request: { query: listQuery },
    responses: { 200: scimAnswer("A page of users") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const query = c.req.valid("query");
    const page = pageAsked(query);
    const { total, users } = unwrap(
      await listUsers(services.federation, principal.accountId, { filter: query.filter, ...page }),
    );
    const resources = await resourcesOf(services, principal.accountId, users, scimBase(c));
    return listed(
      total,
      page.offset,
      resources.map((each) => shown(each, query)),
    );
  },
);

const get = route(
  {
    method: "get",
    path: "/scim/v2/Users/{id}",
    summary: "Read a person of your directory (SCIM)",
    access: "directory.read",
    request: { params: idParam, query: shownQuery },
    responses: { 200: scimAnswer("The user"), ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { accountId } = principal;
    const user = unwrap(await readUser(services.federation, accountId, c.req.valid("param").id));
    return scimResource(
      await resourceOf(services, accountId, user, scimBase(c)),
      c.req.valid("query"),
    );
  },
);

const changing = (method: "put" | "patch", summary: string) =>
  route(
    {
      method,
      path: "/scim/v2/Users/{id}",
      summary,
      description: "Whoever is made inactive is refused within 5 seconds, everywhere.",
      access: "directory.change",
      request: { params: idParam, query: shownQuery, body: scimBody },
      responses: { 200: scimAnswer("The user"), ...CHANGE_FAILS },
      idempotency: "ignored", // doing it twice is doing it once
    },
    async (c) => {
      const { services, principal, nowMs } = c.var;
      const { accountId } = principal;
      const { id } = c.req.valid("param");
      const body = c.req.valid("json");
      const change = method === "put" ? { put: body } : { patch: body };
      const which = { id, expected: scimVersion(c) };
      const user = unwrap(await changeUser(services.federation, accountId, which, change, nowMs));
      if (!user.user.active) forget(c.env, (known) => known.principalId === id);
      return scimResource(
        await resourceOf(services, accountId, user, scimBase(c)),
        c.req.valid("query"),
      );
    },
  );

const remove = route(
  {
    method: "delete",
    path: "/scim/v2/Users/{id}",
    summary: "Take a person of your directory out of your account (SCIM)",
    description: "With their sessions and keys, within 5 seconds. What they made stays.",
    access: "directory.change",
    request: { params: idParam, query: shownQuery },
    responses: { 204: { description: "They are taken out" }, ...fails("not-found", "forbidden") },
    idempotency: "ignored", // who is out is not found again
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { id } = c.req.valid("param");
    unwrap(await removeUser(services.federation, principal.accountId, id, nowMs));
    forget(c.env, (known) => known.principalId === id);
    return new Response(null, { status: 204 });
  },
);

async function resourcesOf(
  { federation }: Services,
  accountId: string,
  users: ScimUserRecord[],
  base: string,
) {
  const ids = users.map(({ principalId }) => principalId);
  const groups = Map.groupBy(
    await federation.groupsOf(accountId, ids),
    ({ principalId }) => principalId,
  );
  return users.map((user) => userResource(user, groups.get(user.principalId) ?? [], base));
}

async function resourceOf(
  services: Services,
  accountId: string,
  user: ScimUserRecord,
  base: string,
) {
  const { principalId } = user;
  return userResource(user, await services.federation.groupsOf(accountId, [principalId]), base);
}

export const scimUsers = feature(
  make,
  list,
  get,
  changing("put", "Replace what is said of a person (SCIM)"),
  changing("patch", "Change what is said of a person (SCIM)"),
  remove,
);
