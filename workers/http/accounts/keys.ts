import { keyInput, keyMade, keyView, makeKey, viewOfKey } from "#domain/accounts/keys.ts";
import { mayEnd, reachOf } from "#domain/accounts/key-rules.ts";
import { rotateKey, rotation } from "#domain/accounts/rotate.ts";
import { forgetKeys } from "#workers/http/guard/auth.ts";
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
  tagged,
  unwrap,
} from "#workers/http/kit.ts";
import { notByToken, randomFrom } from "#workers/http/minting.ts";

const make = route(
  {
    method: "post",
    path: "/v1/keys",
    summary: "Make an API key",
    description:
      "The answer is the only place where the key is ever shown. It can grant nothing its maker lacks.",
    access: "key.make",
    request: { body: json(keyInput) },
    responses: { 201: { description: "The key", ...json(keyMade) }, ...fails("conflict") },
    idempotency: "sealed",
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    notByToken(principal);
    const random = randomFrom(operationId);
    const { key, apiKey } = unwrap(
      await makeKey(services.accounts, principal, c.req.valid("json"), random, nowMs),
    );
    c.set("noted", { scopes: key.scopes.join(" ") });
    return tagged(c, { ...viewOfKey(key), apiKey }, key.id, 201);
  },
);

const list = route(
  {
    method: "get",
    path: "/v1/keys",
    summary: "List your account's API keys, newest first",
    description:
      "With `under`, those that end with that key, because it made them or turned into them.",
    access: "key.read",
    request: { query: pageQuery.extend({ under: idParam.shape.id.optional() }) },
    responses: { 200: { description: "A page of keys", ...json(pageOf(keyView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { under = null, ...asked } = c.req.valid("query");
    const wanted = { principalId: reachOf(principal), under };
    const { page, nextCursor } = await pageOfList(
      asked,
      (after, limit) => services.accounts.keys(principal.accountId, wanted, after, limit),
      byAge,
    );
    return c.json({ items: page.map(viewOfKey), nextCursor });
  },
);

const get = route(
  {
    method: "get",
    path: "/v1/keys/{id}",
    summary: "Read an API key, without its secret",
    access: "key.read",
    request: { params: idParam },
    responses: { 200: { description: "The key", ...json(keyView) }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const key = await services.accounts.key(principal.accountId, c.req.valid("param").id);
    const reach = reachOf(principal);
    if (key === null || (reach !== null && key.principalId !== reach))
      return refuse({ code: "not-found" });
    // The last use is a sampled note, not a change of the key: it does not move the ETag. Being replaced is one.
    return tagged(c, viewOfKey(key), [key.id, key.replacedById ?? []].flat().join("."));
  },
);

const rotate = route(
  {
    method: "post",
    path: "/v1/keys/{id}/rotate",
    summary: "Replace an API key by a new one with the same rights",
    description:
      "The old key goes on working for `overlapSeconds` (a day unless given, 0 for not at all), the new one ends when the old one would have. A key rotates itself and the keys made with it; a person all of their own.",
    access: "key.rotate",
    request: { params: idParam, body: json(rotation) },
    responses: {
      201: { description: "The new key", ...json(keyMade) },
      ...fails("not-found", "conflict"),
    },
    idempotency: "sealed",
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    notByToken(principal);
    const { id } = c.req.valid("param");
    const asked = { id, overlapSeconds: c.req.valid("json").overlapSeconds };
    const random = randomFrom(operationId);
    const { key, apiKey } = unwrap(
      await rotateKey(services.accounts, principal, asked, random, nowMs),
    );
    c.set("noted", { replaces: id });
    forgetKeys(c.env, [id]);
    return tagged(c, { ...viewOfKey(key), apiKey }, key.id, 201);
  },
);

const revoke = route(
  {
    method: "delete",
    path: "/v1/keys/{id}",
    priority: "vital",
    summary:
      "Revoke an API key, the keys made with it or that it turned itself into, and the sessions opened with them",
    description: "They stop working within 5 seconds, everywhere.",
    access: "key.revoke",
    request: { params: idParam },
    responses: {
      204: { description: "The key is revoked" },
      ...fails("not-found", "forbidden"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { id } = c.req.valid("param");
    const { accountId } = principal;
    unwrap(await mayEnd(services.accounts, principal, id));
    const ended = await services.accounts.revokeKey(accountId, reachOf(principal), id, nowMs);
    if (ended.length === 0) refuse({ code: "not-found" });
    c.set("noted", { keys: ended.length });
    forgetKeys(c.env, ended);
    return new Response(null, { status: 204 });
  },
);

export const keys = feature(make, list, get, rotate, revoke);
