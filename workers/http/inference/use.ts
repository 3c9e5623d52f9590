import type { Context } from "hono";
import { z } from "zod";
import { boundInput, tokensPerDay } from "#domain/inference/bound.ts";
import { boundOf } from "#domain/inference/budget.ts";
import { INFERENCE_KINDS } from "#domain/inference/models.ts";
import { tokensADay } from "#domain/limits/plans.ts";
import { type AppEnv, feature, json, route } from "#workers/http/kit.ts";

const useView = z.object({
  /** What may be spent in a day (UTC), of all models together; null: no bound. */
  tokensPerDay,
  planTokensPerDay: tokensPerDay,
  ownTokensPerDay: tokensPerDay,
  spentToday: z.int(),
  /** By calls that are under way. */
  heldNow: z.int(),
  renewsInSeconds: z.int(),
  days: z.array(
    z.object({
      day: z.string(),
      kind: z.enum(INFERENCE_KINDS),
      model: z.string(),
      calls: z.int(),
      promptTokens: z.int(),
      completionTokens: z.int(),
      /** Held by calls of which nothing was heard again. */
      unsettledTokens: z.int(),
    }),
  ),
});

const read = route(
  {
    method: "get",
    path: "/v1/inference/use",
    summary: "Read what your account spends on models",
    description: "Today, and the last 31 days by model. A call is counted within a second.",
    access: "inference.read",
    responses: { 200: { description: "Tokens", ...json(useView) } },
  },
  async (c) => c.json(await viewOf(c)),
);

const bind = route(
  {
    method: "put",
    path: "/v1/inference/bound",
    summary: "Bound what your account spends on models in a day",
    description: "Narrower than what its plan allows, never wider. Null: as the plan says.",
    access: "inference.bound",
    request: { body: json(boundInput) },
    responses: { 200: { description: "Tokens", ...json(useView) } },
  },
  async (c) => {
    const { services, principal } = c.var;
    await services.inference.bind(principal.accountId, c.req.valid("json").tokensPerDay);
    return c.json(await viewOf(c));
  },
);

export const inferenceUse = feature(read, bind);

async function viewOf(c: Context<AppEnv>) {
  const { services, principal } = c.var;
  const { spent, held, ownBound, renewsInS, days } = await services.inference.use(
    principal.accountId,
  );
  const planTokensPerDay = tokensADay(principal.plan);
  return {
    tokensPerDay: boundOf(planTokensPerDay, ownBound),
    planTokensPerDay,
    ownTokensPerDay: ownBound,
    spentToday: spent,
    heldNow: held,
    renewsInSeconds: renewsInS,
    days,
  };
}
