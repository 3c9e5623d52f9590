import { searchInput, searchUnits, searchView } from "#domain/search/query.ts";
import { fails, feature, json, route, unwrap } from "#workers/http/kit.ts";

const search = route(
  {
    method: "post",
    path: "/v1/search",
    summary: "Search your own and the public units",
    description:
      "By words, by meaning or by both; any language finds any language where the space allows it.",
    access: { scope: "search" },
    idempotency: "ignored",
    request: { body: json(searchInput) },
    responses: {
      200: { description: "The best units, best first", ...json(searchView) },
      ...fails("no-model-bound", "overloaded"),
    },
  },
  async (c) => {
    const { services, principal, nowMs } = c.var;
    const region = services.regionOf(c.req.raw);
    const { bookmark } = c.var;
    const reader = { region, atLeastMs: bookmark?.seenMs ?? 0 };
    const search = services.regional.near(reader, (seenMs) => c.set("seenMs", seenMs));
    const deps = region === null && bookmark === null ? services : { ...services, search };
    const answer = unwrap(await searchUnits(deps, principal.accountId, c.req.valid("json")));
    const { hits, partial } = answer;
    const text = `{"hits":${hits},"partial":${partial},"tookMs":${Date.now() - nowMs}}`;
    return new Response(text, { headers: { "Content-Type": "application/json" } });
  },
);

export const searching = feature(search);
