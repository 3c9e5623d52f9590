import { waitUntil } from "cloudflare:workers";
import { limiter } from "#domain/limits/limiter.ts";

/** This isolate's tokens of every bucket that its requests spend from. */
export function limits(env: Env) {
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
