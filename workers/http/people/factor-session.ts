import type { Context } from "hono";
import type { PersonWithFactors } from "#domain/people/factors.ts";
import { replaceSession } from "#domain/people/sessions.ts";
import { type AppEnv, refuse, unwrap } from "#workers/http/kit.ts";
import { cookied } from "#workers/http/guard/session-cookie.ts";

/** The person whose session it is; a key belongs to no person. */
export async function personOf(c: Context<AppEnv>): Promise<PersonWithFactors> {
  const { services, principal } = c.var;
  const { personId } = principal;
  const person = personId === undefined ? null : await services.people.person(personId);
  return person ?? refuse({ code: "not-found" });
}

/** The caller's session, with its second factor proven now. */
export async function proven(c: Context<AppEnv>): Promise<void> {
  const { services, principal, nowMs } = c.var;
  const next = await replaceSession(services.people, principal, { factorAtMs: nowMs }, nowMs);
  cookied(c, unwrap(next), principal.sessionId);
}
