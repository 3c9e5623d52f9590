import type { Context } from "hono";
import type { Action } from "#domain/policies/actions.ts";
import { holderOf, readHolder } from "#workers/http/guard/holders.ts";
import { type Asking, mayNow } from "#workers/http/guard/policing.ts";
import { type AppEnv, refuse } from "#workers/http/kit.ts";

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

/**
 * Of an answer that waited for what it gives: refuses it to whoever was stopped meanwhile, once what was taken for it is
 * given back.
 */
export async function stillMay(
  c: Context<AppEnv>,
  action: Action,
  giveBack: () => Promise<unknown> = async () => {},
): Promise<void> {
  const may = (asking: Asking) => mayNow(asking, action, c.req.param("id"));
  if (await standing(c, may)()) return;
  await giveBack();
  refuse({ code: "forbidden", detail: "who asks may not have what it waited for any more" });
}
