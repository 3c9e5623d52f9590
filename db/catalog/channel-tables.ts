import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { ChannelType } from "#domain/channels/kinds.ts";
import type { Config } from "#domain/channels/model.ts";

/** What an account has connected (domain/channels). What is on its way lies in the channel's object. */
export const channel = sqliteTable(
  "channel",
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    type: text().$type<ChannelType>().notNull(),
    name: text().notNull(),
    agentId: text().notNull(),
    state: text().$type<"active" | "paused">().notNull(),
    /** What of its configuration is no secret. */
    config: text({ mode: "json" }).$type<Config>().notNull(),
    /** The rest, sealed under the account's key. */
    sealedSecrets: text().notNull(),
    outboundPerMinute: integer().notNull(),
    inboundPerMinute: integer().notNull(),
    version: integer().notNull(),
    createdAtMs: integer().notNull(),
  },
  (t) => [index("channel_by_account").on(t.accountId, t.createdAtMs, t.id)],
);
