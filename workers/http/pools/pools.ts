import type { Context } from "hono";
import { z } from "zod";
import {
  poolsView,
  poolViewOf,
  releaseInput,
  renewInput,
  reservationIdOf,
  reservationInput,
  reservationsView,
  reservationView,
  reservationViewOf,
} from "#domain/resources/model.ts";
import { POOLS } from "#domain/resources/pools.ts";
import {
  type AppEnv,
  fails,
  feature,
  idParam,
  json,
  refuse,
  route,
  tagged,
  unwrap,
} from "#workers/http/kit.ts";

const show = route(
  {
    method: "get",
    path: "/v1/pools",
    summary: "Show the capacity of your account's own pool and of those that all share",
    access: "pool.read",
    responses: { 200: { description: "The pools", ...json(poolsView) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const items = await Promise.all(
      POOLS.map(async (name) =>
        poolViewOf(name, await services.pools.of(name, principal.accountId).view()),
      ),
    );
    return c.json({ items, nextCursor: null });
  },
);

const reserve = route(
  {
    method: "post",
    path: "/v1/reservations",
    summary: "Reserve capacity of a pool on one of its machines",
    description:
      "It is held under a lease: renew it with its fencing token before it ends, or it is taken back. Where there is no room the pool grows; come again after `Retry-After`.",
    access: "reservation.hold",
    request: { body: json(reservationInput) },
    responses: {
      201: { description: "The reservation", ...json(reservationView) },
      ...fails("too-many-requests", "overloaded"),
    },
  },
  async (c) => {
    const { services, principal, operationId } = c.var;
    const { accountId } = principal;
    const { pool, leaseMs: lifeMs, ...rest } = c.req.valid("json");
    const id = reservationIdOf(pool, operationId);
    const ask = { id, accountId, lifeMs, ...rest };
    const made = unwrap(await services.pools.of(pool, accountId).reserve(ask));
    return tagged(c, reservationViewOf(pool, made), made.lease.untilMs, 201);
  },
);

const list = route(
  {
    method: "get",
    path: "/v1/reservations",
    summary: "List what your account has reserved of a pool",
    access: "pool.read",
    request: { query: z.strictObject({ pool: z.enum(POOLS).optional() }) },
    responses: { 200: { description: "All of them", ...json(reservationsView) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { pool = "account" } = c.req.valid("query");
    const found = await services.pools
      .of(pool, principal.accountId)
      .reservations(principal.accountId);
    return c.json({ items: found.map((one) => reservationViewOf(pool, one)), nextCursor: null });
  },
);

const get = route(
  {
    method: "get",
    path: "/v1/reservations/{id}",
    summary: "Show a reservation",
    access: "pool.read",
    request: { params: idParam },
    responses: {
      200: { description: "The reservation", ...json(reservationView) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { id, pool, object, accountId } = found(c, c.req.valid("param").id);
    const reservation = (await object.reservation(id, accountId)) ?? refuse(NOT_HERE);
    return tagged(c, reservationViewOf(pool, reservation), reservation.lease.untilMs);
  },
);

const renew = route(
  {
    method: "post",
    path: "/v1/reservations/{id}/renew",
    summary: "Keep a reservation longer, counted from now",
    access: "reservation.hold",
    request: { params: idParam, body: json(renewInput) },
    responses: {
      200: { description: "The reservation", ...json(reservationView) },
      ...fails("not-found", "lease-lost"),
    },
  },
  async (c) => {
    const { id, pool, object, accountId } = found(c, c.req.valid("param").id);
    const { fencingToken, leaseMs } = c.req.valid("json");
    const renewed = unwrap(await object.renew(id, accountId, fencingToken, leaseMs));
    return tagged(c, reservationViewOf(pool, renewed), renewed.lease.untilMs);
  },
);

const release = route(
  {
    method: "post",
    path: "/v1/reservations/{id}/release",
    summary: "Give a reservation back",
    access: "reservation.hold",
    request: { params: idParam, body: json(releaseInput) },
    responses: {
      200: { description: "What was given back", ...json(reservationView) },
      ...fails("not-found", "lease-lost"),
    },
  },
  async (c) => {
    const { id, pool, object, accountId } = found(c, c.req.valid("param").id);
    const { fencingToken } = c.req.valid("json");
    const released = unwrap(await object.release(id, accountId, fencingToken));
    return c.json(reservationViewOf(pool, released));
  },
);

/** The object that has a reservation of the caller's account, if any has. */
function found({ var: { services, principal } }: Context<AppEnv>, id: string) {
  const { accountId } = principal;
  return { id, accountId, ...(services.pools.find(id, accountId) ?? refuse(NOT_HERE)) };
}

const NOT_HERE = { code: "not-found" } as const;

export const capacity = feature(show, reserve, list, get, renew, release);
