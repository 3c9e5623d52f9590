import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { TopicName } from "#domain/topics/topics.ts";
import type { WebhookReason, WebhookState } from "#domain/webhooks/model.ts";

/** Where an account's events are sent (domain/webhooks). Secrets, retries and positions are in its `Delivery` object. */
export const webhook = sqliteTable(
  "webhook",
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    principalId: text().notNull(),
    url: text().notNull(),
    events: text({ mode: "json" }).$type<string[]>().notNull(),
    topics: text({ mode: "json" }).$type<TopicName[]>().notNull(),
    ordered: integer({ mode: "boolean" }).notNull(),
    description: text().notNull(),
    state: text().$type<WebhookState>().notNull(),
    reason: text().$type<WebhookReason>(),
    version: integer().notNull(),
    createdAtMs: integer().notNull(),
    updatedAtMs: integer().notNull(),
  },
  (t) => [index("webhook_by_account").on(t.accountId, t.createdAtMs, t.id)],
);
