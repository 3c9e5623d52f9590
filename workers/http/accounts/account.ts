import { z } from "zod";
import { regionInput } from "#domain/regions/input.ts";
import { HOMES, homeFrom, isJurisdiction } from "#domain/regions/regions.ts";
import { fails, feature, json, refuse, route } from "#workers/http/kit.ts";

const accountView = z.object({
  id: z.string(),
  name: z.string(),
  /** Near where its collections are made; null is wherever they are first asked for. */
  region: z.enum(HOMES).nullable(),
});

const read = route(
  {
    method: "get",
    path: "/v1/account",
    summary: "Read your account",
    access: "account.read",
    responses: { 200: { description: "The account", ...json(accountView) }, ...fails("not-found") },
  },
  async (c) => {
    const { services, principal } = c.var;
    const found = await services.accounts.account(principal.accountId);
    if (found === null) return refuse({ code: "not-found" });
    return c.json({ ...found, region: homeFrom(found.region) });
  },
);

const move = route(
  {
    method: "put",
    path: "/v1/account/region",
    summary: "Say in which region your account's collections are kept",
    description:
      "Holds for what is made from now on; a collection stays where it began. The first account decides for the public one.",
    access: "account.change",
    request: { body: json(regionInput) },
    responses: {
      200: { description: "The account", ...json(accountView) },
      ...fails("forbidden", "not-found"),
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { region } = c.req.valid("json");
    if (isJurisdiction(region) && !services.jurisdictions.includes(region)) {
      return refuse({
        code: "invalid-request",
        errors: [
          { pointer: "/region", detail: "this installation keeps nothing inside a jurisdiction" },
        ],
      });
    }
    await services.accounts.setRegion(principal.accountId, region);
    const found = await services.accounts.account(principal.accountId);
    if (found === null) return refuse({ code: "not-found" });
    return c.json({ ...found, region });
  },
);

export const accounts = feature(read, move);
