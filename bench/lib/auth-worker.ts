import type { Context } from "hono";
import { insertIn, newUnitOf } from "#db/units/write.ts";
import { unitsDb } from "#db/units/shards.ts";
import { memberId } from "#domain/accounts/credential.ts";
import { SCOPES } from "#domain/accounts/model.ts";
import type { StoredUnit } from "#domain/units/record.ts";
import { Admin } from "#workers/admin.ts";
import { app, appOf } from "#workers/http/app.ts";
import { bookmarkOf, withBookmark } from "#workers/http/bookmark.ts";
import { feature, type Route } from "#workers/http/kit.ts";
import { units } from "#workers/http/units/units.ts";

export { Account } from "#objects/account.ts";
export { Bucket } from "#objects/bucket.ts";

// The whole product's routes, and beside them the one that reads a unit as it would be if nobody were asked who they are:
// the same handler behind the same pipeline, without credential, policy and limits.

/** Whom the open route takes everybody for; the unit is public. */
const SOMEBODY = {
  accountId: memberId("account", 0, new Uint8Array(16)),
  principalId: memberId("principal", 0, new Uint8Array(16)),
  kind: "key",
  scopes: new Set(SCOPES),
  role: "member",
  policyVersion: 0,
} as const;

function opened(route: Route): Route {
  return {
    ...route,
    config: { ...route.config, access: "public", path: "/v0/units/{id}" },
    async handler(c: Context) {
      c.set("principal", SOMEBODY);
      c.set("bookmark", bookmarkOf(c, c.get("nowMs")));
      return withBookmark(await route.handler(c), c.get("bookmark"), c.get("seenMs"));
    },
  };
}

const read = units.find(
  ({ config: { method, path } }) => method === "get" && path === "/v1/units/{id}",
);
if (read === undefined) throw new Error("there is no route that reads a unit");
const openApp = appOf([feature(opened(read))]);

const UNIT_ID = "u0_00000000000000000000000000";

async function setUp(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
  const statements = await request.json<{ catalog: string[]; units: string[] }>();
  for (const each of statements.catalog) await env.CATALOG_0.prepare(each).run();
  for (const each of statements.units) await env.UNITS_0.prepare(each).run();
  const made = await new Admin(context, env).setup();
  await insertIn(unitsDb(env.UNITS_0), [newUnitOf(unitOf(made.accountId))], Date.now());
  await env.UNITS_0.batch([
    env.UNITS_0.prepare("UPDATE unit SET status = 'searchable', served_version = 1"),
    env.UNITS_0.prepare("UPDATE unit_version SET status = 'searchable', level = 'L3'"),
  ]);
  return Response.json({ ...made, unitId: UNIT_ID });
}

function unitOf(accountId: string): StoredUnit {
  const common = {
    visibility: "public",
    status: "pending",
    createdAtMs: 0,
    updatedAtMs: 0,
  } as const;
  const content = {
    title: "Water boils at 100 °C at sea level",
    body: "At a pressure of 101,325 Pa pure water boils at 100 degrees Celsius. ".repeat(12),
    kind: "fact",
    language: "en",
    tags: ["water"],
    sources: [],
    appliesTo: [],
    links: [],
  };
  return {
    head: {
      ...common,
      id: UNIT_ID,
      accountId,
      version: 1,
      servedVersion: null,
      withheldAtMs: null,
      releasedAtMs: null,
    },
    version: {
      ...common,
      unitId: UNIT_ID,
      version: 1,
      cid: "b",
      contentKey: "k",
      content,
      salt: null,
      vector: null,
      level: "L1",
      principalId: SOMEBODY.principalId,
      operationId: null,
    },
  };
}

export default {
  async fetch(request, env, context) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/v0/")) return await openApp.fetch(request, env, context);
    if (pathname === "/set-up") return await setUp(request, env, context);
    if (pathname === "/plan") {
      await env.CATALOG_0.prepare("UPDATE account SET plan = ?")
        .bind(await request.text())
        .run();
      return new Response(null, { status: 204 });
    }
    return await app.fetch(request, env, context);
  },
} satisfies ExportedHandler<Env>;
