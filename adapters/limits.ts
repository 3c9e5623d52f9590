import { waitUntil } from "cloudflare:workers";
import { planStore } from "#db/catalog/plans.ts";
import { limiter } from "#domain/limits/limiter.ts";
import { GATES, shedder } from "#domain/limits/shedding.ts";

/** What an isolate needs to keep its callers within bounds, and itself. */
export const limiting = (env: Env) => ({
  plans: planStore(env.CATALOG_0),
  limits: limits(env),
  load: shedder(GATES),
});

/** This isolate's tokens of every bucket that its requests spend from. */
function limits(env: Env) {
  return limiter({
    isolate: crypto.randomUUID(),
    async ask(object, asks) {
      try {
        return await env.BUCKET.getByName(object).ask(asks);
      } catch (error) {
        if (error instanceof Error && "overloaded" in error && error.overloaded === true)
          return "overloaded";
        console.error({ event: "bucket-silent", error: String(error) });
        return "silent";
      }
    },
    beside: waitUntil,
    now: Date.now,
  });
}
