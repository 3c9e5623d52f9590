import type { Context } from "hono";
import type { Principal } from "#domain/accounts/model.ts";
import type { PublicEnv } from "#workers/http/kit.ts";

/**
 * Notes in an account's audit log what a person did at a public address: there the pipeline knows no principal that it
 * could record for. Before the answer leaves, so that nobody is in who is in no log.
 */
export async function noted(
  c: { var: Pick<PublicEnv["Variables"], "services" | "requestId"> },
  who: { accountId: string; principalId: string; personId?: string; sessionId?: string },
  action: string,
  resource: { type: string; id?: string },
): Promise<void> {
  const { services, requestId } = c.var;
  await services.audit.record(who.accountId, {
    phase: "noted",
    action,
    actor: await services.audit.actor(who),
    resource,
    request: requestId,
  });
}

/** Somebody has signed in, in whichever way. */
export const notedOpen = (c: Context<PublicEnv>, who: Principal): Promise<void> =>
  noted(c, who, "session.open", { type: "session", ...(who.sessionId && { id: who.sessionId }) });
