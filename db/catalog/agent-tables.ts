import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { AgentHappened } from "#domain/agents/happenings.ts";
import type { Observed } from "#domain/agents/quality.ts";
import type { Accepts, AgentState, AgentType, AgentVisibility } from "#domain/agents/model.ts";
import type { Outside } from "#domain/agents/outside.ts";
import type { EnvelopeKey } from "#domain/envelope/keys.ts";
import type { Held } from "#domain/agents/record.ts";

/** Who is registered (domain/agents). An agent's mailbox and sessions are in its object, which needs no row here. */
export const agent = sqliteTable(
  "agent",
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    principalId: text().notNull(),
    name: text().notNull(),
    nameKey: text().notNull(),
    type: text().$type<AgentType>().notNull(),
    description: text().notNull(),
    capabilities: text({ mode: "json" }).$type<string[]>().notNull(),
    visibility: text().$type<AgentVisibility>().notNull(),
    accepts: text({ mode: "json" }).$type<Accepts>().notNull(),
    state: text().$type<AgentState>().notNull(),
    /** In quarantine: why, by whom, and what it was before. */
    held: text({ mode: "json" }).$type<Held>(),
    /** Of one that runs elsewhere: its card's address, and what is known by it (domain/agents/outside.ts). */
    outside: text({ mode: "json" }).$type<Outside>(),
    envelopeKeys: text({ mode: "json" }).$type<EnvelopeKey[]>().notNull().default([]),
    version: integer().notNull(),
    createdAtMs: integer().notNull(),
    updatedAtMs: integer().notNull(),
  },
  (t) => [
    uniqueIndex("agent_by_name").on(t.accountId, t.nameKey),
    index("agent_by_account").on(t.accountId, t.createdAtMs, t.id),
    index("agent_listed")
      .on(t.createdAtMs, t.id)
      .where(sql`visibility = 'listed' AND state = 'active'`),
  ],
);

/**
 * Changes of agents that the search over their cards has not taken in yet. Triggers write it (the migration that made
 * it), so no change of an agent can leave it out. `seq` orders an agent's changes and never comes again.
 */
export const agentChange = sqliteTable(
  "agent_change",
  {
    seq: integer().primaryKey({ autoIncrement: true }),
    agentId: text().notNull(),
    accountId: text().notNull(),
    /** Among whose cards it was before; null where it was nowhere. */
    was: text().$type<AgentVisibility>(),
    dueAtMs: integer().notNull(),
    sends: integer().notNull(),
    /** What happened, for the topic `agent.events`; null of what an earlier release noted. */
    what: text().$type<AgentHappened["what"]>(),
    stateBefore: text().$type<AgentState>(),
    state: text().$type<AgentState>(),
    visibility: text().$type<AgentVisibility>(),
    atMs: integer(),
    /** The topic has it, and the search over cards has not. */
    isTold: integer({ mode: "boolean" }),
  },
  (t) => [index("agent_change_by_agent").on(t.agentId), index("agent_change_due").on(t.dueAtMs)],
);

/** What an agent did, as its object tells it now and then; a row for each that was ever given a task. */
export const agentQuality = sqliteTable("agent_quality", {
  agentId: text().primaryKey(),
  observed: text({ mode: "json" }).$type<Observed>().notNull(),
  /** It has stopped answering: its card is out of search. */
  isOut: integer({ mode: "boolean" }).notNull(),
  lastAnsweredAtMs: integer(),
  toldAtMs: integer().notNull(),
});
