import type { SearchHit } from "#domain/search/model.ts";
import {
  searchInput,
  searchUnits,
  searchView,
  tookLonger,
  viewText,
} from "#domain/search/query.ts";
import { type Call, fails, feature, json, type Plain, route, unwrap } from "#workers/http/kit.ts";
import { permitted } from "#workers/http/guard/policing.ts";

const utf8 = new TextEncoder();

const search = route(
  {
    method: "post",
    path: "/v1/search",
    summary: "Search your own and the public units",
    description:
      "By words, by meaning or by both; any language finds any language where the space allows it.",
    access: "unit.search",
    idempotency: "ignored",
    request: { body: json(searchInput) },
    responses: {
      200: { description: "The best units, best first", ...json(searchView) },
      ...fails("no-model-bound", "overloaded"),
    },
  },
  async (c) => {
    const services = c.get("services");
    const { accountId } = c.get("principal");
    const region = services.regionOf(c.req.raw);
    const bookmark = c.get("bookmark");
    const reader = { region, atLeastMs: bookmark?.seenMs ?? 0 };
    const search = services.regional.near(reader, (seenMs) => c.set("seenMs", seenMs));
    const deps = region === null && bookmark === null ? services : { ...services, search };
    const answer = unwrap(await searchUnits(deps, accountId, c.req.valid("json")));
    const { hits, partial, stands } = answer;
    const body = c.get("body");
    if (c.get("permission") !== undefined)
      return shown(viewText(await allowed(c, hits), partial, Date.now() - c.get("nowMs")));
    if (stands !== undefined && body !== undefined)
      services.bodies.answered(accountId, body, utf8.encode(viewText(hits, partial, 0)), stands);
    return shown(viewText(hits, partial, Date.now() - c.get("nowMs")));
  },
  {
    policed: "items",
    known: (c, body) => {
      // What is kept here is the account's, and this principal may see less of it.
      if (c.get("permission") !== undefined) return null;
      const { accountId } = c.get("principal");
      const seenMs = c.get("bookmark")?.seenMs ?? 0;
      const answer = c.get("services").bodies.answer(accountId, body, seenMs);
      return answer === null ? null : shown(tookLonger(answer, Date.now() - c.get("nowMs")));
    },
  },
);

/** Of hits as JSON text, those whose units a policy lets the caller find. */
async function allowed(c: unknown, hits: string): Promise<string> {
  const searching = c as Call<{ access: "unit.search" }>;
  const found: SearchHit[] = JSON.parse(hits);
  const units = permitted(searching, await searching.var.services.units.many(found));
  const ids = new Set(units.map(({ head }) => head.id));
  return JSON.stringify(found.filter(({ unitId }) => ids.has(unitId)));
}

const shown = (text: string | Uint8Array): Plain => ({
  text,
  status: 200,
  headers: { "Content-Type": "application/json" },
});

export const searching = feature(search);
