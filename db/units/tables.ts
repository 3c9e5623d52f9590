import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { UnitContent } from "#domain/units/model.ts";
import type { Evidence, Reason } from "#domain/verification/model.ts";

/** One check as it is stored with its version: method, its version, level, verdict, reasons, time. */
export type PackedCheck = [
  Evidence["method"],
  Evidence["version"],
  Evidence["level"],
  Evidence["verdict"],
  Evidence["reasons"],
  Evidence["atMs"],
];

/** One row a unit: who owns it and where its newest version stands. */
export const unit = sqliteTable(
  "unit",
  {
    id: text().primaryKey(),
    accountId: text().notNull(),
    /** The newest version; what the ETag says. */
    version: integer().notNull(),
    /** The version a search serves, if any. */
    servedVersion: integer(),
    visibility: text({ enum: ["private", "public"] }).notNull(),
    status: text({
      enum: ["pending", "verifying", "searchable", "rejected", "superseded", "retracted"],
    }).notNull(),
    createdAtMs: integer().notNull(),
    updatedAtMs: integer().notNull(),
    /** Since when it is in no search, because an agent that wrote it is in quarantine. */
    withheldAtMs: integer(),
    /** When that ended last: what was taken out of search before may come back. */
    releasedAtMs: integer(),
  },
  (table) => [index("unit_by_account").on(table.accountId, table.createdAtMs, table.id)],
);

/** How many units an account has, kept by triggers of `unit`: counting them would take longer the more there are. */
export const unitCount = sqliteTable(
  "unit_count",
  {
    accountId: text().notNull(),
    visibility: text({ enum: ["private", "public"] }).notNull(),
    status: text({
      enum: ["pending", "verifying", "searchable", "rejected", "superseded", "retracted"],
    }).notNull(),
    units: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.visibility, table.status] })],
);

/** What was said in each version. Content never changes; status and level follow the evidence. */
export const unitVersion = sqliteTable(
  "unit_version",
  {
    unitId: text().notNull(),
    version: integer().notNull(),
    cid: text().notNull(),
    /** Names this content inside its collection (domain/units/content-id.ts). */
    contentKey: text().notNull(),
    visibility: text({ enum: ["private", "public"] }).notNull(),
    content: text({ mode: "json" }).$type<UnitContent>().notNull(),
    salt: text(),
    /** The caller's own vector of the whole unit (domain/units/vector.ts). */
    vector: text(),
    status: text({
      enum: ["pending", "verifying", "searchable", "rejected", "superseded", "retracted"],
    }).notNull(),
    level: text({ enum: ["L0", "L1", "L2", "L3", "L4", "L4.5", "L5"] }).notNull(),
    principalId: text().notNull(),
    /** What made it: a repetition of the same operation finds its own version. */
    operationId: text(),
    createdAtMs: integer().notNull(),
    updatedAtMs: integer().notNull(),
    /** All evidence, the newest run of each method (db/units/evidence.ts); null until there is some. */
    evidence: text({ mode: "json" }).$type<PackedCheck[]>(),
  },
  (table) => [
    primaryKey({ columns: [table.unitId, table.version] }),
    // Agents' ids alone, so that what people write costs no row here.
    index("unit_version_by_agent")
      .on(table.principalId, table.unitId)
      .where(sql`principal_id >= 'n' AND principal_id < 'o'`),
  ],
);

/** The evidence of versions that were verified before it was stored with them, a row a check. Nothing writes here. */
export const evidence = sqliteTable(
  "evidence",
  {
    unitId: text().notNull(),
    version: integer().notNull(),
    method: text().notNull(),
    methodVersion: text().notNull(),
    level: text({ enum: ["L0", "L1", "L2", "L3", "L4", "L4.5", "L5"] }).notNull(),
    verdict: text({ enum: ["pass", "fail", "note"] }).notNull(),
    reasons: text({ mode: "json" }).$type<Reason[]>().notNull(),
    atMs: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.unitId, table.version, table.method] })],
);

/**
 * Which units changed after they had settled (searchable, rejected or retracted), in order and without gaps, so that
 * every isolate drops what it keeps of them. The newest rows only; whoever changes a settled unit adds one in its batch.
 */
export const unitChange = sqliteTable("unit_change", {
  seq: integer().primaryKey(),
  unitId: text().notNull(),
});

/** Who read a unit whole, and how often; bounded a unit, and forgotten some time after the last read (domain/units/uses.ts). */
export const unitUse = sqliteTable(
  "unit_use",
  {
    unitId: text().notNull(),
    accountId: text().notNull(),
    principalId: text().notNull(),
    reads: integer().notNull(),
    firstAtMs: integer().notNull(),
    lastAtMs: integer().notNull(),
    /** Of `lastAtMs`, written when it changes only: a read of the same day costs no row of the index. */
    lastDay: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.unitId, table.accountId, table.principalId] }),
    index("unit_use_by_principal").on(table.accountId, table.principalId),
    index("unit_use_by_day").on(table.lastDay),
  ],
);

/** Reads that were not counted for want of room, a row a day. */
export const unitUseMissed = sqliteTable("unit_use_missed", {
  day: integer().primaryKey(),
  reads: integer().notNull(),
});

/**
 * Which units some version of which has linked to a unit, by the collection of that version; written by a trigger of
 * `unit_version`. Whether one still does, its content says.
 */
export const unitLink = sqliteTable(
  "unit_link",
  {
    targetId: text().notNull(),
    /** The account of a private version, or `public`. */
    owner: text().notNull(),
    unitId: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.targetId, table.owner, table.unitId] })],
);

/** Work that a queue must hear of; gone once its consumer has done it (ARCHITECTURE.md, rule 1). */
export const outbox = sqliteTable(
  "outbox",
  {
    queue: text({ enum: ["unit-verify", "unit-index"] }).notNull(),
    unitId: text().notNull(),
    version: integer().notNull(),
    sends: integer().notNull(),
    dueAtMs: integer().notNull(),
    /** Nothing happens to the unit that anybody is told of: it is only embedded anew. */
    isQuiet: integer({ mode: "boolean" }),
  },
  (table) => [
    primaryKey({ columns: [table.queue, table.unitId, table.version] }),
    index("outbox_due").on(table.dueAtMs),
  ],
);

/** Work that failed too often, kept until somebody redrives it. */
export const deadLetter = sqliteTable(
  "dead_letter",
  {
    queue: text({ enum: ["unit-verify", "unit-index"] }).notNull(),
    unitId: text().notNull(),
    version: integer().notNull(),
    accountId: text().notNull(),
    reason: text().notNull(),
    atMs: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.queue, table.unitId, table.version] }),
    index("dead_letter_by_account").on(table.accountId, table.atMs),
  ],
);
