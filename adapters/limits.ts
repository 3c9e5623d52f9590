import { waitUntil } from "cloudflare:workers";
import { planStore } from "#db/catalog/plans.ts";
import { limiter } from "#domain/limits/limiter.ts";
import { GATES, shedder } from "#domain/limits/shedding.ts";
import { log } from "#domain/observability/log.ts";

/** Nobody waits longer for an object: it has too much to do, or is far out of reach. */
const ASK_MS = 2_000;
const SAID_EVERY_MS = 10_000;

/** What an isolate needs to keep its callers within bounds, and itself. */
export const limiting = (env: Env) => ({
  plans: planStore(env.CATALOG_0),
  limits: limits(env),
  load: shedder(GATES),
});

/** This isolate's tokens of every bucket that its requests spend from. */
function limits(env: Env) {
  let saidAtMs = 0;
  return limiter({
    isolate: crypto.randomUUID(),
    async ask(object, asks) {
      try {
        const asked = env.BUCKET.getByName(object).ask(asks);
        return await Promise.race([
          asked,
          scheduler.wait(ASK_MS).then(() => "overloaded" as const),
        ]);
      } catch (error) {
        if (error instanceof Error && "overloaded" in error && error.overloaded === true)
          return "overloaded";
        if (Date.now() - saidAtMs >= SAID_EVERY_MS) {
          saidAtMs = Date.now();
          log("error", "bucket-silent", { error: String(error) });
        }
        return "silent";
      }
    },
    beside: waitUntil,
    now: Date.now,
  });
}
