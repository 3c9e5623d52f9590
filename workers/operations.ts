import { WorkerEntrypoint } from "cloudflare:workers";
import type { Principal } from "#domain/accounts/model.ts";
import { isAtWork } from "#domain/agents/life.ts";
import type { CloseReason } from "#domain/sessions/close.ts";
import type { Standing } from "#domain/sessions/standing.ts";
import type { Opening } from "#domain/sessions/state.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { servicesOf } from "#adapters/index.ts";
import { perform } from "#workers/http/app.ts";
import { readHolder } from "#workers/http/guard/holders.ts";
import type { Operation } from "#workers/http/operations.ts";

/**
 * The product's operations for its own objects, which hold sessions and tasks of principals that were authenticated when
 * they came. Reached by its binding alone: whoever holds that speaks for anybody.
 */
export class Operations extends WorkerEntrypoint<Env> {
  /** The route's answer, whatever it is; a refusal is a problem document and never thrown. */
  async perform(principal: Principal, operation: Operation): Promise<Response> {
    return await perform(this.env, this.ctx, principal, operation);
  }

  /** Whether whoever opened a session could open it now, and as whom; the reason to end it if not. */
  async standing({
    agentId,
    holder,
    address,
  }: Pick<Opening, "agentId" | "holder" | "address">): Promise<Result<Stands, CloseReason>> {
    const { verdict, readAtMs } = await readHolder(this.env, holder, Date.now());
    if (verdict === null) return err("unauthenticated");
    const { principal, expiresAtMs } = verdict;
    const path = `/v1/agents/${agentId}/session`;
    const asked = { method: "GET", path, address, isCounted: true };
    const { status } = await perform(this.env, this.ctx, principal, asked);
    if (status !== MAY_OPEN) return err(REASONS[status] ?? "overloaded");
    const endsAtMs = Number.isFinite(expiresAtMs) ? expiresAtMs : null;
    return ok({ principal, checkedAtMs: readAtMs, endsAtMs });
  }

  /** Whether the agent is to be given messages. Whoever sent one has just asked for it, so this costs no read. */
  async takes(agentId: string): Promise<boolean> {
    const agent = await servicesOf(this.env).agents.lately(agentId);
    return agent !== null && isAtWork(agent.state);
  }
}

/** As whom, and how long that may be believed. */
type Stands = Standing & { principal: Principal };

/** What its own address answers to whoever may open a session and asks for no upgrade. */
const MAY_OPEN = 426;
/** And to whoever may not; what is not known to be allowed is not. */
const REASONS: Partial<Record<number, CloseReason>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not-found",
  409: "forbidden",
  503: "overloaded",
};
