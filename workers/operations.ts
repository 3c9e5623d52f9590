import { WorkerEntrypoint } from "cloudflare:workers";
import type { Principal } from "#domain/accounts/model.ts";
import { perform } from "#workers/http/app.ts";
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
}
