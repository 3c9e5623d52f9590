import { z } from "zod";
import { cursorFrom } from "#domain/shared/cursor.ts";
import { STATUSES, unitInput, unitPatch, unitView } from "#domain/units/model.ts";
import { attributesAfter, attributesOfInput, unitAttributes } from "#domain/units/attributes.ts";
import { publishUnits } from "#domain/units/publish.ts";
import { isVisible, type StoredUnit, unitViewOf } from "#domain/units/record.ts";
import { retractUnit, reviseUnit } from "#domain/units/revise.ts";
import { levelOf } from "#domain/verification/level.ts";
import { LEVELS } from "#domain/verification/model.ts";
import {
  byAge,
  type Call,
  expectedVersion,
  fails,
  feature,
  idParam,
  integerQuery,
  json,
  PAGE_DEFAULT,
  pageOfList,
  pageFrom,
  pageOf,
  pageQuery,
  refuse,
  route,
  type Subject,
  tagged,
  taggedText,
  unwrap,
} from "#workers/http/kit.ts";
import { insist, permitted } from "#workers/http/guard/policing.ts";

const publish = route(
  {
    method: "post",
    path: "/v1/units",
    summary: "Publish a unit",
    description:
      "The unit is stored when this answers, then verified, and found by a search once its status says so.",
    access: "unit.publish",
    request: { body: json(unitInput) },
    responses: {
      202: { description: "Accepted for verification", ...json(unitView) },
      ...fails("idempotency-conflict", "shards-full"),
    },
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    const publication = { input: c.req.valid("json"), seed: operationId };
    const [published] = await publishUnits(services, principal, [publication], nowMs);
    if (published === undefined) throw new Error("one publication has one answer");
    const stored = unwrap(published);
    return tagged(c, unitViewOf(stored, principal.accountId), stored.version.version, 202);
  },
  {
    policed: async (c) => {
      const { principalId } = c.var.principal;
      return [{ id: "", attributes: attributesOfInput(c.req.valid("json"), principalId) }];
    },
  },
);

const listQuery = pageQuery.extend({
  status: z.enum(STATUSES).optional(),
  visibility: z.enum(["private", "public"]).optional(),
});

const list = route(
  {
    method: "get",
    path: "/v1/units",
    summary: "List your account's units, newest first",
    access: "unit.read",
    request: { query: listQuery },
    responses: { 200: { description: "A page of units", ...json(pageOf(unitView)) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { status, visibility, ...asked } = c.req.valid("query");
    const filter = { ...(status && { status }), ...(visibility && { visibility }) };
    const { page, nextCursor } = await pageOfList(
      asked,
      (after, limit) => services.units.list(principal.accountId, filter, after, limit),
      ({ head }) => byAge(head),
    );
    const items = permitted(c, page).map((stored) => unitViewOf(stored, principal.accountId));
    return c.json({ items, nextCursor });
  },
  { policed: "items" },
);

const versionQuery = z.strictObject({ version: integerQuery(1, 1_000_000_000).optional() });

/** An isolate keeps a unit for 5 s without looking (adapters/unit-cache.ts), by its own clock. */
const KEPT_MAX_MS = 6_000;

const get = route(
  {
    method: "get",
    path: "/v1/units/{id}",
    summary: "Read a unit",
    description:
      "Its owner reads the newest version, others the one a search serves; `version` asks for another one. It may be some seconds old, unless `Cache-Control: no-cache` or a bookmark asks for more: whoever has heard of a change by an event sends it.",
    access: "unit.read",
    request: { params: idParam, query: versionQuery },
    responses: { 200: { description: "The unit", ...json(unitView) }, ...fails("not-found") },
  },
  async (c) => {
    const services = c.get("services");
    const principal = c.get("principal");
    const { id } = c.req.valid("param");
    const { version } = c.req.valid("query");
    // What an isolate keeps may be older than what this client has seen, or was told by an event.
    const isFresh =
      c.req.header("Cache-Control") === "no-cache" ||
      (c.get("bookmark")?.seenMs ?? 0) > c.get("nowMs") - KEPT_MAX_MS;
    if (version === undefined && !isFresh) {
      const unit = await services.units.textOf(id, principal.accountId);
      if (unit === null) return refuse({ code: "not-found" });
      insist(c, { id, attributes: unit.attributes });
      counted(c, id);
      return taggedText(c, unit.body, unit.version, 200);
    }
    const stored = await visible(c, id, version);
    insist(c, subjectOf(stored, principal.accountId));
    counted(c, id);
    return tagged(c, unitViewOf(stored, principal.accountId), stored.version.version);
  },
  { policed: "items" },
);

const versions = route(
  {
    method: "get",
    path: "/v1/units/{id}/versions",
    summary: "List the versions of a unit, newest first",
    access: "unit.read",
    request: { params: idParam, query: pageQuery },
    responses: {
      200: { description: "The versions you may see", ...json(pageOf(unitView)) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { limit = PAGE_DEFAULT, cursor } = c.req.valid("query");
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : unwrap(cursorFrom(cursor)).atMs;
    const { id } = c.req.valid("param");
    const rest = await services.units.versions(id, principal.accountId, before, limit + 1);
    // Past the end of a list there is nothing more; without one there is nothing at all.
    if (rest.length === 0) await visible(c, id, undefined);
    const { page, nextCursor } = pageFrom(rest, limit, ({ version }) => ({
      atMs: version.version,
      id: version.unitId,
    }));
    const items = permitted(c, page).map((stored) => unitViewOf(stored, principal.accountId));
    return c.json({ items, nextCursor });
  },
  { policed: "items" },
);

const evidenceView = z.object({
  level: z.enum(LEVELS),
  checks: z.array(
    z.object({
      method: z.string(),
      version: z.string(),
      level: z.enum(LEVELS),
      verdict: z.enum(["pass", "fail", "note"]),
      reasons: z.array(
        z.object({ code: z.string(), detail: z.string(), pointer: z.string().optional() }),
      ),
      at: z.string(),
    }),
  ),
});

const evidence = route(
  {
    method: "get",
    path: "/v1/units/{id}/evidence",
    summary: "Read what verified or rejected a unit",
    description: "The level is computed from the checks shown, every time.",
    access: "unit.read",
    request: { params: idParam, query: versionQuery },
    responses: {
      200: { description: "The checks and the level they give", ...json(evidenceView) },
      ...fails("not-found"),
    },
  },
  async (c) => {
    const stored = await visible(c, c.req.valid("param").id, c.req.valid("query").version);
    insist(c, subjectOf(stored, c.var.principal.accountId));
    const { version } = stored;
    const checks = await c.var.services.units.evidence(version.unitId, version.version);
    return c.json({
      level: levelOf(checks),
      checks: checks.map(({ atMs, ...check }) => ({ ...check, at: new Date(atMs).toISOString() })),
    });
  },
  { policed: "items" },
);

const revise = route(
  {
    method: "patch",
    path: "/v1/units/{id}",
    summary: "Make a new version of a unit",
    description:
      "Needs `If-Match` with the version you read. Search serves the old version until the new one is verified.",
    access: "unit.revise",
    request: { params: idParam, body: json(unitPatch) },
    responses: {
      202: { description: "Accepted for verification", ...json(unitView) },
      ...fails("not-found", "conflict", "version-stale", "version-required"),
    },
  },
  async (c) => {
    const { services, principal, nowMs, operationId } = c.var;
    const change = {
      unitId: c.req.valid("param").id,
      expectedVersion: expectedVersion(c) ?? null,
      patch: c.req.valid("json"),
      operationId,
    };
    const stored = unwrap(await reviseUnit(services, principal, change, nowMs));
    return tagged(c, unitViewOf(stored, principal.accountId), stored.version.version, 202);
  },
  {
    policed: async (c) => {
      const stored = await own(c, c.req.valid("param").id);
      if (stored === null) return null;
      const { accountId, principalId } = c.var.principal;
      const after = attributesAfter(stored, c.req.valid("json"), principalId);
      const { id } = stored.head;
      // A change is made to what is there, and makes what may be something else.
      return [subjectOf(stored, accountId), { id, attributes: after }];
    },
  },
);

const retract = route(
  {
    method: "delete",
    path: "/v1/units/{id}",
    summary: "Retract a unit",
    description: "It leaves every search; you can still read it.",
    access: "unit.retract",
    request: { params: idParam },
    responses: {
      200: { description: "The unit, retracted", ...json(unitView) },
      ...fails("not-found", "version-stale"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const expected = expectedVersion(c);
    const asked = {
      unitId: c.req.valid("param").id,
      expectedVersion: expected === undefined || expected === "any" ? null : expected,
    };
    const stored = unwrap(await retractUnit(services, principal, asked, nowMs));
    return tagged(c, unitViewOf(stored, principal.accountId), stored.version.version);
  },
  {
    policed: async (c) => {
      const stored = await own(c, c.req.valid("param").id);
      if (stored === null) return null;
      return [subjectOf(stored, stored.head.accountId)];
    },
  },
);

type Reading = Call<{ access: "unit.read" }>;

async function visible(c: unknown, id: string, version: number | undefined): Promise<StoredUnit> {
  const { services, principal } = (c as Reading).var;
  const stored =
    version === undefined
      ? await services.units.visible(id, principal.accountId)
      : await services.units.version(id, version);
  if (stored === null || !isVisible(stored, principal.accountId))
    return refuse({ code: "not-found" });
  return stored;
}

/** Notes that somebody used a unit. Who looks around in a session, as the console does for them, does not use what they see. */
function counted(c: unknown, unitId: string): void {
  const { executionCtx, var: asked } = c as Reading;
  const { services, principal, nowMs } = asked;
  if (principal.kind !== "session") services.units.used(executionCtx, unitId, principal, nowMs);
}

/** What a policy is asked about. */
const subjectOf = (stored: StoredUnit, accountId: string): Subject => ({
  id: stored.head.id,
  attributes: unitAttributes(stored, accountId),
});

/** The newest version of a unit of the caller's own account. */
async function own(c: unknown, id: string): Promise<StoredUnit | null> {
  const { services, principal } = (c as Reading).var;
  const stored = await services.units.newest(id);
  return stored?.head.accountId === principal.accountId ? stored : null;
}

export const units = feature(publish, list, get, versions, evidence, revise, retract);
