import type { Context } from "hono";
import { holderOf, readHolder } from "#workers/http/guard/holders.ts";
import type { Asking } from "#workers/http/guard/policing.ts";
import type { AppEnv } from "#workers/http/kit.ts";

/**
 * For an answer that takes its time: asks whether the credential it is given to counts still, and whether who has it may
 * go on, by what they are and what the account's policy says now.
 */
export function standing(
  c: Context<AppEnv>,
  may: (asking: Asking) => Promise<boolean>,
): () => Promise<boolean> {
  const { services, principal: caller } = c.var;
  const address = services.addressOf(c.req.raw);
  let holder: ReturnType<typeof holderOf> | undefined;
  return async () => {
    const known = await (holder ??= holderOf(c));
    const nowMs = Date.now();
    const verdict = known && (await readHolder(c.env, known, nowMs)).verdict;
    // Who came by another protocol has no credential of its own to be asked about.
    const principal = known === null ? caller : verdict?.principal;
    if (principal === undefined) return false;
    return await may({ services, principal, circumstances: { nowMs, address } });
  };
}
