import { waitUntil } from "cloudflare:workers";
import type { Asker, Inference, Settlement } from "#domain/inference/infer.ts";
import { log } from "#domain/observability/log.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { err, ok } from "#domain/shared/result.ts";

/** What is settled within this is told together. */
const GATHER_MS = 100;

/** Holds are asked of the account's object one by one, before the call; what calls took is told it in batches. */
export function inferenceBudget(env: Env): Pick<Inference, "hold" | "settle"> & {
  /** Tells what has not been told yet. */
  flush(): Promise<void>;
} {
  let waiting: { accountId: string; settlement: Settlement }[] = [];

  async function flush(): Promise<void> {
    const all = Map.groupBy(waiting, ({ accountId }) => accountId);
    waiting = [];
    for (const [accountId, told] of all) {
      const settlements = told.map(({ settlement }) => settlement);
      // One that is not heard of is taken to have spent what it held, once its time is over.
      await env.ACCOUNT.getByName(accountId)
        .settleTokens(settlements)
        .catch((error: unknown) =>
          log("error", "inference-unsettled", { accountId, error: String(error) }),
        );
    }
  }

  return {
    async hold({ accountId, planTokens }: Asker, hold) {
      const held = await env.ACCOUNT.getByName(accountId).holdTokens(hold, planTokens);
      if (held.state === "held") return ok(null);
      const { retryAfterS } = held;
      if (held.state === "full")
        return err({ code: "overloaded", detail: "too many calls are under way", retryAfterS });
      const detail = `${held.bound} tokens a day, of which ${held.left} are left and this may take ${hold.tokens}`;
      return err({ code: "inference-budget-spent", detail, retryAfterS });
    },
    settle({ accountId }: Asker, settlement) {
      if (waiting.length >= LIMITS.inferenceSettlingMax) waiting.shift();
      waiting.push({ accountId, settlement });
      // Each request tells all that waits, its own and others': the first to wake tells for those who came since.
      waitUntil(scheduler.wait(GATHER_MS).then(flush));
    },
    flush,
  };
}
