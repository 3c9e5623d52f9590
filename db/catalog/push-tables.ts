import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Browsers that show somebody's notifications. */
export const pushSubscription = sqliteTable(
  "push_subscription",
  {
    /** Follows from principal and endpoint: the same browser is one row. */
    id: text().primaryKey(),
    accountId: text().notNull(),
    principalId: text().notNull(),
    /** The origin of its push service. */
    service: text().notNull(),
    /** Endpoint and keys, sealed under the principal's own key. */
    subscription: text().notNull(),
    createdAtMs: integer().notNull(),
  },
  (t) => [index("push_subscription_by_principal").on(t.principalId, t.createdAtMs)],
);
