import { type DeadDelivery, SECRET_FIELD } from "#domain/delivery/model.ts";
import type { WebhookRecord } from "#domain/webhooks/model.ts";
import { laneText, pingText, placeOf } from "#domain/webhooks/events.ts";
import { webhookStore } from "#db/catalog/webhooks.ts";
import { mayBeReached } from "#adapters/egress.ts";
import type { keyRing } from "#adapters/key-ring.ts";

/** Webhooks of accounts: rows of the catalog, each with a `Delivery` object of its name that sends. */
export function webhookPort(env: Env, ring: ReturnType<typeof keyRing>) {
  const store = webhookStore([env.CATALOG_0]);
  const of = (id: string) => env.DELIVERY.getByName(id);
  const seal = (accountId: string, secret: string) =>
    ring.seal({ account: accountId }, SECRET_FIELD, secret);
  return {
    ...store,
    refusalOf: (url: string) => mayBeReached(env, url),

    async prepare(record: WebhookRecord, secret: string): Promise<void> {
      await of(record.id).prepareHook(record, await seal(record.accountId, secret));
    },

    /** The catalog's row was changed. */
    async changed(id: string): Promise<void> {
      await of(id).refreshHook();
    },

    async rotate({ id, accountId }: WebhookRecord, secret: string): Promise<void> {
      await of(id).refreshHook(await seal(accountId, secret));
    },

    async end(id: string): Promise<void> {
      await of(id).close();
    },

    /** Nothing is sent once the first is done; the row goes last, so that whoever finds it can end it again. */
    async remove(record: WebhookRecord): Promise<void> {
      await of(record.id).close();
      await store.removeWebhook(record);
    },

    /** The id of a ping that is on its way; null where too much waits. */
    async ping({ id }: WebhookRecord, operationId: string, nowMs: number): Promise<string | null> {
      const pingId = `ping_${operationId}`;
      const source = `${env.WISHUB_PUBLIC_URL}/v1/webhooks/${id}`;
      const isTaken = await of(id).pingHook(pingId, pingText(source, pingId, id, nowMs));
      return isTaken ? pingId : null;
    },

    /** From a time, or the `webhook-id` of a delivery; false where that event is not in the log. */
    async replay({ id }: WebhookRecord, from: string): Promise<boolean> {
      const timeMs = Date.parse(from);
      const place = placeOf(from);
      if (place === null) return await of(id).replayHook({ timeMs });
      return await of(id).replayHook({ lane: laneText(place), offset: place.offset });
    },

    status: async (id: string) => await of(id).hookStatus(),
    tried: async (id: string, before: number, limit: number) =>
      await of(id).hookTried(before, limit),
    dead: async (id: string, after: number, limit: number): Promise<DeadDelivery[]> =>
      await of(id).deadLetters(after, limit),
    redriveDead: async (id: string) => await of(id).redrive(),
  };
}
