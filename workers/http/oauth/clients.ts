import { z } from "zod";
import { ID_BYTES, SECRET_BYTES } from "#domain/accounts/credential.ts";
import {
  clientInput,
  clientView,
  makeClient,
  registrationOf,
  viewOfClient,
} from "#domain/oauth/clients.ts";
import { LIMITS } from "#domain/shared/limits.ts";
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
} from "#workers/http/kit.ts";

const make = route(
  {
    method: "post",
    path: "/v1/oauth/clients",
    summary: "Register an OAuth client of your account",
    description:
      "The members of RFC 7591, and its answer: the only place where the secret is ever shown. A client that acts for itself acts as its maker, with no more than its maker has, and ends with the key it was made by.",
    access: "client.make",
    request: { body: json(clientInput) },
    responses: {
      201: { description: "The client", ...json(z.looseObject({ client_id: z.string() })) },
      ...fails("conflict"),
    },
    idempotency: "sealed",
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    if (principal.token !== undefined)
      refuse({ code: "forbidden", detail: "an access token registers no clients" });
    const random = {
      idBytes: Uint8Array.fromHex(operationId).subarray(0, ID_BYTES),
      secretBytes: crypto.getRandomValues(new Uint8Array(SECRET_BYTES)),
    };
    const input = c.req.valid("json");
    const made = await makeClient(services.oauth.sha256Hex, input, principal, random, nowMs);
    if (!made.ok) {
      const [member = "", detail = ""] = made.error.description.split(": ");
      return refuse({
        code: "invalid-request",
        errors: [{ pointer: `/${member}`, detail: detail === "" ? member : detail }],
      });
    }
    const { client, secret } = made.value;
    c.set("noted", { client: client.id, scopes: client.scopes, grantTypes: client.grantTypes });
    if ((await services.oauth.insertClient(client)) === "too-many")
      refuse({
        code: "conflict",
        detail: `an account has at most ${LIMITS.clientsPerAccountMax} clients`,
      });
    return c.json(registrationOf(client, secret), 201);
  },
);

const list = route(
  {
    method: "get",
    path: "/v1/oauth/clients",
    summary: "List your account's OAuth clients, newest first",
    access: "client.read",
    request: { query: pageQuery },
    responses: { 200: { description: "A page of clients", ...json(pageOf(clientView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { page, nextCursor } = await pageOfList(
      c.req.valid("query"),
      (after, limit) => services.oauth.clients(principal.accountId, after, limit),
      byAge,
    );
    return c.json({ items: page.map(viewOfClient), nextCursor });
  },
);

const revoke = route(
  {
    method: "delete",
    path: "/v1/oauth/clients/{id}",
    priority: "vital",
    summary: "Revoke an OAuth client and every token it has",
    description: "They stop working within 5 seconds, everywhere.",
    access: "client.revoke",
    request: { params: idParam },
    responses: { 204: { description: "The client is revoked" }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { id } = c.req.valid("param");
    if (!(await services.oauth.revokeClient(principal.accountId, id, nowMs)))
      refuse({ code: "not-found" });
    forget(c.env, (known) => known.token?.clientId === id);
    return new Response(null, { status: 204 });
  },
);

export const oauthClients = feature(make, list, revoke);
