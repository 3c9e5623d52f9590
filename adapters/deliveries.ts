import {
  type DeadDelivery,
  type DeliveryItem,
  type DeliveryState,
  HEADERS_FIELD,
  SECRET_FIELD,
} from "#domain/delivery/model.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { mayBeReached } from "#adapters/egress.ts";
import type { keyRing } from "#adapters/key-ring.ts";

/** A receiver as it is asked for: a webhook with a secret, or a push with the headers its task's caller wants. */
export type Receiver = { accountId: string; url: string } & (
  | { form: "webhook"; agentId: string; secret: string | null }
  | { form: "push"; headers: Record<string, string> }
);

/** The objects that deliver to receivers outside, one for each, by name: an agent's own webhook has the agent's id. */
export function deliveryPort(env: Env, ring: ReturnType<typeof keyRing>) {
  const of = (name: string) => env.DELIVERY.getByName(name);
  return {
    /** Why a receiver may not be reached, or null. */
    refusalOf: (url: string) => mayBeReached(env, url),
    /** Sets or changes a receiver; what is secret leaves here sealed. */
    async configure(
      name: string,
      receiver: Receiver,
    ): Promise<Result<true, Problem<"egress-refused">>> {
      const refusal = mayBeReached(env, receiver.url);
      if (refusal !== null) return err(refusal);
      const { accountId, url, form } = receiver;
      const seal = (field: string, text: string) => ring.seal({ account: accountId }, field, text);
      const hasHeaders = form === "push" && Object.keys(receiver.headers).length > 0;
      await of(name).configure({
        accountId,
        url,
        form,
        agentId: form === "webhook" ? receiver.agentId : null,
        sealedSecret:
          form === "webhook" && receiver.secret !== null
            ? await seal(SECRET_FIELD, receiver.secret)
            : null,
        sealedHeaders: hasHeaders
          ? await seal(HEADERS_FIELD, JSON.stringify(receiver.headers))
          : null,
      });
      if (form === "webhook") await env.AGENT.getByName(receiver.agentId).setDelivered(true);
      return ok(true);
    },
    async state(name: string): Promise<DeliveryState | null> {
      return await of(name).state();
    },
    async enqueue(
      name: string,
      items: DeliveryItem[],
    ): Promise<Result<number, Problem<"not-found" | "too-many-requests">>> {
      return await of(name).enqueue(items);
    },
    async deadLetters(name: string, afterSeq: number, limit: number): Promise<DeadDelivery[]> {
      return await of(name).deadLetters(afterSeq, limit);
    },
    async redrive(name: string): Promise<number> {
      return await of(name).redrive();
    },
    /** Looks again whether there is something to deliver, as after the agent was held up. */
    async wake(name: string): Promise<void> {
      await of(name).wake();
    },
    /** To be called before an agent is let go on. */
    async expect(name: string): Promise<void> {
      await of(name).expect();
    },
    /** Ends an agent's own webhook: from here on its messages stay in the mailbox. */
    async end(agentId: string): Promise<void> {
      await env.AGENT.getByName(agentId).setDelivered(false);
      await of(agentId).close();
    },
    async close(name: string): Promise<void> {
      await of(name).close();
    },
  };
}
