import type { Context } from "hono";
import { z } from "zod";
import { PLATFORM_PLACE } from "#domain/observability/places.ts";
import { type AppEnv, refuse } from "#workers/http/kit.ts";

/** Whose traces and lines are asked for. */
export const ofQuery = z.enum(["account", "platform"]).optional();

/** The caller's own, or the platform's, which the first account alone reads: it tells of everybody's work. */
export async function placeOf(
  { var: { services, principal } }: Context<AppEnv>,
  of: z.output<typeof ofQuery>,
): Promise<string> {
  if (of !== "platform") return principal.accountId;
  if ((await services.accounts.firstAccountId()) !== principal.accountId)
    refuse({ code: "forbidden", detail: "the first account reads this" });
  return PLATFORM_PLACE;
}

export const timeOf = (ms: number): string => new Date(ms).toISOString();

/** The bounds of a query in time, as milliseconds. */
export const timesOf = ({ from, to }: { from?: string | undefined; to?: string | undefined }) => ({
  ...(from !== undefined && { fromMs: Date.parse(from) }),
  ...(to !== undefined && { toMs: Date.parse(to) }),
});
