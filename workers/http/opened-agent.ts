import type { Context } from "hono";
import type { AgentRecord } from "#domain/agents/record.ts";
import { mayOpen } from "#domain/mailbox/rights.ts";
import { type AppEnv, unwrap } from "#workers/http/kit.ts";

/** The agent of that id as it was a few seconds ago, if the caller may look into it and act for it; refused otherwise. */
export async function openedAgent(
  { var: { services, principal } }: Pick<Context<AppEnv>, "var">,
  id: string,
): Promise<AgentRecord> {
  return unwrap(mayOpen(await services.agents.lately(id), principal));
}
