import { z } from "zod";
import { type Principal, SCOPES } from "#domain/accounts/model.ts";
import { builtIn } from "#domain/oauth/built-in.ts";
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

const grantView = z.object({
  id: z.string(),
  principalId: z.string(),
  clientId: z.string(),
  clientName: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  audience: z.array(z.string()),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
  expiresAt: z.string(),
});

const list = route(
  {
    method: "get",
    path: "/v1/oauth/grants",
    summary: "List what applications may do for you, newest first",
    description: "Administrators see those of the whole account.",
    access: "grant.read",
    request: { query: pageQuery },
    responses: { 200: { description: "A page of grants", ...json(pageOf(grantView)) } },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { page, nextCursor } = await pageOfList(
      c.req.valid("query"),
      (after, limit) => services.oauth.grants(reachOf(principal), { after, limit, nowMs }),
      byAge,
    );
    const items = page.map((grant): z.infer<typeof grantView> => ({
      id: grant.id,
      principalId: grant.principalId,
      clientId: grant.clientId,
      clientName: grant.clientName ?? builtIn(grant.clientId)?.name ?? grant.clientId,
      scopes: grant.scopes,
      audience: grant.audience,
      createdAt: new Date(grant.createdAtMs).toISOString(),
      lastUsedAt: grant.rotatedAtMs === null ? null : new Date(grant.rotatedAtMs).toISOString(),
      expiresAt: new Date(grant.expiresAtMs).toISOString(),
    }));
    return c.json({ items, nextCursor });
  },
);

const end = route(
  {
    method: "delete",
    path: "/v1/oauth/grants/{id}",
    summary: "Let an application act for you no longer",
    description: "All its tokens stop working within 5 seconds, everywhere.",
    access: "grant.revoke",
    request: { params: idParam },
    responses: { 204: { description: "The grant has ended" }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const { id } = c.req.valid("param");
    if (!(await services.oauth.endGrant(reachOf(principal), id, nowMs)))
      refuse({ code: "not-found" });
    forget(c.env, (known) => known.token?.grantId === id);
    return new Response(null, { status: 204 });
  },
);

/** Everybody's for those who run the account, one's own for the others. */
function reachOf({ accountId, principalId, role }: Principal) {
  const all = role === "owner" || role === "admin";
  return { accountId, principalId: all ? null : principalId };
}

export const oauthGrants = feature(list, end);
