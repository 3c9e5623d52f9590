import { WEBHOOK_SECRET_BYTES, webhookSecretOf } from "#domain/delivery/webhook.ts";

/** A secret for signing what is sent, for whoever names none. */
export const newWebhookSecret = (): string =>
  webhookSecretOf(crypto.getRandomValues(new Uint8Array(WEBHOOK_SECRET_BYTES)));
