import { and, asc, desc, eq, gt, lt, lte, sql } from "drizzle-orm";
import type { UnitRef } from "#domain/units/publish.ts";
import type { Indexed } from "#domain/units/index-units.ts";
import type { UnitVersion } from "#domain/units/record.ts";
import type { Verified } from "#domain/units/verify.ts";
import type { Evidence } from "#domain/verification/model.ts";
import { atomically, grouped, inChunks, type UnitsDb } from "#db/units/shards.ts";
import { packedChecks, storedEvidence } from "#db/units/evidence.ts";
import { deadLetter, outbox, unitCount, unitVersion } from "#db/units/tables.ts";
import { RESEND_AFTER_MS } from "#db/units/write.ts";

export type UnitQueue = "unit-verify" | "unit-index";
export type OutboxRow = UnitRef & { queue: UnitQueue; sends: number };

/** What the verification pipeline writes. Every write is guarded by the state it leaves, so a repetition does nothing. */
export function pipelineStore(databases: readonly UnitsDb[]) {
  return { ...reading(databases), ...outcomes(databases), ...leavingOutbox(databases) };
}

function reading(databases: readonly UnitsDb[]) {
  return {
    /** By unit id. */
    evidenceOf: async (refs: UnitRef[]): Promise<Map<string, Evidence[]>> =>
      await storedEvidence(databases, refs),

    async owed(refs: UnitRef[]): Promise<UnitRef[]> {
      const found: UnitRef[] = [];
      for (const [db, members] of grouped(databases, refs, (ref) => ref.unitId)) {
        const [rows] = await atomically(db, [
          sql`
          SELECT outbox.unit_id, outbox.version FROM json_each(${JSON.stringify(members)}) JOIN outbox
            ON queue = 'unit-index' AND outbox.unit_id = value->>'unitId' AND outbox.version = value->>'version'
          WHERE is_quiet IS NULL`,
        ]);
        found.push(...refsIn(rows));
      }
      return found;
    },

    async replaced({ unitId, version }: UnitRef): Promise<UnitVersion[]> {
      const [[db] = []] = grouped(databases, [unitId], (id) => id);
      if (db === undefined) return [];
      return await db
        .select()
        .from(unitVersion)
        .where(
          and(
            eq(unitVersion.unitId, unitId),
            lt(unitVersion.version, version),
            eq(unitVersion.status, "superseded"),
          ),
        )
        .orderBy(desc(unitVersion.version))
        .limit(REPLACED_TOLD);
    },
  };
}

/** Versions that were never served go on the way; more of them than this in a row are not told of one by one. */
const REPLACED_TOLD = 4;

const refsIn = (answer: D1Result<Record<string, unknown>> | undefined): UnitRef[] =>
  (answer?.results ?? []).map((row) => ({
    unitId: String(row["unit_id"]),
    version: Number(row["version"]),
  }));

/** What is found in as many, twenty reasons a rule, stays below the 2 MB that D1 takes as one parameter. */
const UNITS_PER_RECORD = 100;

function outcomes(databases: readonly UnitsDb[]) {
  return {
    async recordVerified(verified: Verified[], nowMs: number): Promise<UnitRef[]> {
      const moved: UnitRef[] = [];
      for (const [db, all] of grouped(databases, verified, (each) => each.unitId)) {
        await inChunks(all, UNITS_PER_RECORD, async (members) => {
          const rows = JSON.stringify(
            members.map((each) => ({ ...stateOf(each), status: each.status })),
          );
          const known = JSON.stringify(members.map((each) => [...checkedOf(each), each.status]));
          const [done] = await atomically(db, [
            sql`
            UPDATE unit_version SET status = value->>4, level = value->>2, evidence = value->>3, updated_at_ms = ${nowMs}
            FROM json_each(${known})
            WHERE unit_id = value->>0 AND unit_version.version = value->>1 AND status = 'pending'
            RETURNING unit_id, version`,
            sql`
            UPDATE unit SET status = value->>'status', updated_at_ms = ${nowMs},
              served_version = CASE value->>'status' WHEN 'searchable' THEN unit.version ELSE served_version END
            FROM json_each(${rows})
            WHERE unit.id = value->>'unitId' AND unit.version = value->>'version' AND status = 'pending'`,
            sql`
            INSERT INTO outbox (queue, unit_id, version, sends, due_at_ms)
            SELECT 'unit-index', v.unit_id, v.version, 1, ${nowMs + RESEND_AFTER_MS}
            FROM json_each(${rows}) JOIN unit_version v
              ON v.unit_id = value->>'unitId' AND v.version = value->>'version'
            WHERE v.status = 'verifying' OR (value->>'status' = 'searchable' AND v.status <> 'searchable')
            ON CONFLICT DO NOTHING`,
          ]);
          moved.push(...refsIn(done));
          return [];
        });
      }
      return moved;
    },

    async recordIndexed(indexed: Indexed[], nowMs: number): Promise<UnitRef[]> {
      const searchable: UnitRef[] = [];
      for (const [db, members] of grouped(databases, indexed, (each) => each.unitId)) {
        const rows = JSON.stringify(members.map(stateOf));
        const known = JSON.stringify(members.map(checkedOf));
        const [done] = await atomically(db, [
          sql`
            UPDATE unit_version SET level = value->>2, evidence = value->>3, status = 'searchable',
              updated_at_ms = CASE status WHEN 'verifying' THEN ${nowMs} ELSE updated_at_ms END
            FROM json_each(${known})
            WHERE unit_id = value->>0 AND unit_version.version = value->>1 AND status IN ('verifying', 'searchable')
            RETURNING unit_id, version`,
          sql`
            UPDATE unit_version SET status = 'superseded' FROM json_each(${rows})
            WHERE unit_id = value->>'unitId' AND unit_version.version < value->>'version'
              AND status IN ('verifying', 'searchable')
              AND EXISTS (SELECT 1 FROM unit_version newer WHERE newer.unit_id = unit_version.unit_id
                AND newer.version = value->>'version' AND newer.status = 'searchable')`,
          sql`
            UPDATE unit SET served_version = value->>'version',
              status = CASE WHEN unit.version = value->>'version' THEN 'searchable' ELSE status END,
              updated_at_ms = ${nowMs}
            FROM json_each(${rows})
            WHERE unit.id = value->>'unitId' AND status <> 'retracted' AND coalesce(served_version, 0) < value->>'version'
              AND EXISTS (SELECT 1 FROM unit_version v WHERE v.unit_id = unit.id
                AND v.version = value->>'version' AND v.status = 'searchable')`,
        ]);
        searchable.push(...refsIn(done));
      }
      return searchable;
    },
  };
}

function leavingOutbox(databases: readonly UnitsDb[]) {
  return {
    async done(queue: UnitQueue, refs: UnitRef[]): Promise<void> {
      for (const [db, members] of grouped(databases, refs, (ref) => ref.unitId)) {
        await db.run(deleteOutbox(queue, JSON.stringify(members)));
      }
    },

    /** Gives up on work that failed too often: it leaves the outbox and waits for a redrive. */
    async bury(
      dead: (UnitRef & { queue: UnitQueue; reason: string })[],
      nowMs: number,
    ): Promise<void> {
      for (const [db, members] of grouped(databases, dead, (each) => each.unitId)) {
        const rows = JSON.stringify(members);
        await atomically(db, [
          sql`
            INSERT INTO dead_letter (queue, unit_id, version, account_id, reason, at_ms)
            SELECT o.queue, o.unit_id, o.version, unit.account_id, value->>'reason', ${nowMs}
            FROM json_each(${rows})
            JOIN outbox o ON o.queue = value->>'queue' AND o.unit_id = value->>'unitId'
              AND o.version = value->>'version'
            JOIN unit ON unit.id = o.unit_id
            WHERE true ON CONFLICT DO NOTHING`,
          sql`
            DELETE FROM outbox WHERE (queue, unit_id, version) IN (
              SELECT value->>'queue', value->>'unitId', CAST(value->>'version' AS INTEGER) FROM json_each(${rows}))`,
        ]);
      }
    },
  };
}

/** What a shard's relay does: finds what a queue has not seen to, and hands it over once more. */
export function outboxOf(db: UnitsDb) {
  return {
    async due(nowMs: number, limit: number): Promise<OutboxRow[]> {
      return await db
        .select({
          queue: outbox.queue,
          unitId: outbox.unitId,
          version: outbox.version,
          sends: outbox.sends,
        })
        .from(outbox)
        .where(lte(outbox.dueAtMs, nowMs))
        .orderBy(asc(outbox.dueAtMs))
        .limit(limit);
    },

    async isEmpty(): Promise<boolean> {
      return (await db.select({ queue: outbox.queue }).from(outbox).limit(1)).length === 0;
    },

    /** Each send waits twice as long as the one before it, so a long backlog is not sent again and again. */
    async sent(rows: OutboxRow[], nowMs: number): Promise<void> {
      const json = JSON.stringify(rows);
      await db.run(sql`
        UPDATE outbox SET sends = outbox.sends + 1,
          due_at_ms = ${nowMs} + ${RESEND_AFTER_MS} * (1 << min(outbox.sends, ${SENDS_DOUBLED_MAX}))
        FROM json_each(${json})
        WHERE outbox.queue = value->>'queue' AND unit_id = value->>'unitId' AND outbox.version = value->>'version'`);
    },
  };
}

const SENDS_DOUBLED_MAX = 6;

export type DeadLetter = UnitRef & { queue: UnitQueue; reason: string; atMs: number };

/** One account's dead letters, over all shards. */
export function deadLetterStore(databases: readonly UnitsDb[]) {
  return {
    async list(accountId: string, limit: number): Promise<DeadLetter[]> {
      const pages = await Promise.all(
        databases.map(
          async (db) =>
            await db
              .select({
                queue: deadLetter.queue,
                unitId: deadLetter.unitId,
                version: deadLetter.version,
                reason: deadLetter.reason,
                atMs: deadLetter.atMs,
              })
              .from(deadLetter)
              .where(eq(deadLetter.accountId, accountId))
              .orderBy(asc(deadLetter.atMs))
              .limit(limit),
        ),
      );
      return pages
        .flat()
        .sort((a, b) => a.atMs - b.atMs)
        .slice(0, limit);
    },

    /** Puts an account's dead letters back to work; answers what was put back. */
    async redrive(accountId: string, letters: DeadLetter[], nowMs: number): Promise<void> {
      for (const [db, members] of grouped(databases, letters, (each) => each.unitId)) {
        const rows = JSON.stringify(members);
        const named = sql`(queue, unit_id, version) IN (
          SELECT value->>'queue', value->>'unitId', CAST(value->>'version' AS INTEGER) FROM json_each(${rows}))`;
        await atomically(db, [
          sql`
            INSERT INTO outbox (queue, unit_id, version, sends, due_at_ms)
            SELECT queue, unit_id, version, 1, ${nowMs + RESEND_AFTER_MS} FROM dead_letter
            WHERE account_id = ${accountId} AND ${named} ON CONFLICT DO NOTHING`,
          sql`DELETE FROM dead_letter WHERE account_id = ${accountId} AND ${named}`,
        ]);
      }
    },
  };
}

/** How many of an account's units stand in each status, by visibility. */
export async function countUnits(databases: readonly UnitsDb[], accountId: string) {
  const rows = await Promise.all(
    databases.map(
      async (db) =>
        await db
          .select({
            visibility: unitCount.visibility,
            status: unitCount.status,
            units: unitCount.units,
          })
          .from(unitCount)
          .where(and(eq(unitCount.accountId, accountId), gt(unitCount.units, 0))),
    ),
  );
  return rows.flat();
}

/** Each statement parses its parameter anew, so what only one of them needs is in none of the others. */
const stateOf = ({ unitId, version, level }: Indexed) => ({ unitId, version, level });

/** The same with all evidence, by place. */
const checkedOf = ({ unitId, version, level, evidence }: Indexed) => [
  unitId,
  version,
  level,
  packedChecks(evidence),
];

function deleteOutbox(queue: UnitQueue, rows: string) {
  return sql`
    DELETE FROM outbox WHERE queue = ${queue} AND (unit_id, version) IN (
      SELECT value->>'unitId', CAST(value->>'version' AS INTEGER) FROM json_each(${rows}))`;
}
