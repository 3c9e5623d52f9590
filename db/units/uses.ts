import { and, eq, inArray, or, type SQL, sql } from "drizzle-orm";
import { unitShardOf } from "#domain/units/id.ts";
import type { StoredUnit } from "#domain/units/record.ts";
import { DAY_MS, dayOf, type ShardUses, type UnitUse, USES } from "#domain/units/uses.ts";
import { atomically, type UnitsDb } from "#db/units/shards.ts";
import { unit, unitVersion } from "#db/units/tables.ts";
import { selectUnits } from "#db/units/versions.ts";

/** Rows that one telling takes away, so that it takes away more than it adds. */
const SWEPT_MAX = 1_000;
/** Units that one telling looks at for more readers than are kept. */
const TRIMMED_MAX = 4;
/** Units that link to one and are looked at, on each shard, for the newest of them. */
const LINKING_MAX = 1_000;

export type Users = {
  /** The account's own, who read it last first. */
  own: Pick<UnitUse, "principalId" | "reads" | "firstAtMs" | "lastAtMs">[];
  others: { accounts: number; reads: number };
  /** There were more reads, or readers, than are kept. */
  isPartial: boolean;
};

/** Who read a unit, on the shard of the unit, and which units link to it, on theirs. */
export function useStore(databases: readonly UnitsDb[]) {
  return {
    /** Not safe to do twice: who cannot tell whether it was done says that reads were missed. */
    async addUses({ shard, uses, missed }: ShardUses, nowMs: number): Promise<void> {
      const db = databases[shard];
      if (db === undefined) return;
      const rows = JSON.stringify(uses);
      await atomically(db, [
        ...(uses.length === 0 ? [] : [added(rows), movedToDay(rows), trimmed(rows)]),
        ...(missed === 0
          ? []
          : [
              sql`INSERT INTO unit_use_missed VALUES (${dayOf(nowMs)}, ${missed})
                ON CONFLICT DO UPDATE SET reads = reads + excluded.reads`,
            ]),
        sql`DELETE FROM unit_use WHERE (unit_id, account_id, principal_id) IN (
          SELECT unit_id, account_id, principal_id FROM unit_use WHERE last_day < ${firstDay(nowMs)} LIMIT ${SWEPT_MAX})`,
        sql`DELETE FROM unit_use_missed WHERE day < ${firstDay(nowMs)}`,
      ]);
    },

    async usersOf(unitId: string, accountId: string, nowMs: number): Promise<Users> {
      const db = databases[unitShardOf(unitId) ?? -1];
      const nobody = { own: [], others: { accounts: 0, reads: 0 }, isPartial: false };
      if (db === undefined) return nobody;
      const since = firstDay(nowMs);
      const [own, others, missed] = await atomically(db, [
        sql`SELECT principal_id AS principalId, reads, first_at_ms AS firstAtMs, last_at_ms AS lastAtMs FROM unit_use
          WHERE unit_id = ${unitId} AND account_id = ${accountId} AND last_day >= ${since}
          ORDER BY last_at_ms DESC, principal_id LIMIT ${USES.ofAccountMax}`,
        sql`SELECT count(DISTINCT account_id) AS accounts, coalesce(sum(reads), 0) AS reads, count(*) AS principals
          FROM unit_use WHERE unit_id = ${unitId} AND account_id <> ${accountId} AND last_day >= ${since}`,
        sql`SELECT coalesce(sum(reads), 0) AS reads FROM unit_use_missed WHERE day >= ${since}`,
      ]);
      const users = (own?.results ?? []) as Users["own"];
      const [{ accounts, reads, principals } = { accounts: 0, reads: 0, principals: 0 }] =
        (others?.results ?? []) as { accounts: number; reads: number; principals: number }[];
      const isFull =
        users.length >= USES.ofAccountMax || users.length + principals >= USES.ofUnitMax;
      const isPartial = isFull || Number(missed?.results[0]?.["reads"] ?? 0) > 0;
      return { own: users, others: { accounts, reads }, isPartial };
    },

    /** Versions of units that have linked to one and are not retracted, as an account may see them, newest first. */
    async linking(unitId: string, accountId: string, limit: number): Promise<StoredUnit[]> {
      const found = await Promise.all(
        databases.map(
          async (db) => await selectUnits(db, linksTo(unitId, accountId, limit), 2 * limit),
        ),
      );
      return found
        .flat()
        .sort(
          (a, b) =>
            b.head.createdAtMs - a.head.createdAtMs || b.version.version - a.version.version,
        );
    },
  };
}

const firstDay = (nowMs: number): number => dayOf(nowMs) - USES.keptDays;

/** What was erased meanwhile gets no row. */
const added = (rows: string): SQL => sql`
  INSERT INTO unit_use (unit_id, account_id, principal_id, reads, first_at_ms, last_at_ms, last_day)
  SELECT unit.id, item.value->>'accountId', item.value->>'principalId', item.value->>'reads',
         item.value->>'firstAtMs', item.value->>'lastAtMs', ${dayIn("item.value->>'lastAtMs'")}
  FROM json_each(${rows}) AS item JOIN unit ON unit.id = item.value->>'unitId'
  WHERE true ON CONFLICT DO UPDATE SET reads = reads + excluded.reads, last_at_ms = max(last_at_ms, excluded.last_at_ms)`;

/** By itself, because an update writes each index that it names, whether or not its value is another one. */
const movedToDay = (rows: string): SQL => sql`
  UPDATE unit_use SET last_day = ${dayIn("unit_use.last_at_ms")} FROM json_each(${rows}) AS item
  WHERE unit_id = item.value->>'unitId' AND account_id = item.value->>'accountId'
    AND principal_id = item.value->>'principalId' AND last_day < ${dayIn("last_at_ms")}`;

/**
 * A row that was just added has the reads that were told and no others. The units that gained most of them, and of equal
 * ones any: looking at all of hundreds of much used units would take a tenth of a second of the database.
 */
const gainedMost = (rows: string): SQL => sql`
  SELECT unit_use.unit_id FROM json_each(${rows}) AS item JOIN unit_use ON unit_use.unit_id = item.value->>'unitId'
    AND unit_use.account_id = item.value->>'accountId' AND unit_use.principal_id = item.value->>'principalId'
    AND unit_use.reads = item.value->>'reads'
  GROUP BY unit_use.unit_id ORDER BY count(*) DESC, random() LIMIT ${TRIMMED_MAX}`;

const trimmed = (rows: string): SQL => sql`
  DELETE FROM unit_use WHERE (unit_id, account_id, principal_id) IN (
    SELECT unit_id, account_id, principal_id FROM (
      SELECT u.unit_id, u.account_id, u.principal_id,
        row_number() OVER (PARTITION BY u.unit_id, u.account_id ORDER BY u.last_at_ms DESC) AS of_account,
        row_number() OVER (PARTITION BY u.unit_id ORDER BY u.account_id = unit.account_id DESC, u.last_at_ms DESC) AS of_unit
      FROM unit_use AS u JOIN unit ON unit.id = u.unit_id
      WHERE u.unit_id IN (SELECT unit_id FROM (${gainedMost(rows)})))
    WHERE of_account > ${USES.ofAccountMax} OR of_unit > ${USES.ofUnitMax})`;

const dayIn = (atMs: string): SQL => sql.raw(`CAST(${atMs} AS INTEGER) / ${DAY_MS}`);

function linksTo(unitId: string, accountId: string, limit: number): SQL | undefined {
  const ids = sql`(SELECT id FROM (
      SELECT linking.id, linking.created_at_ms FROM unit_link AS link JOIN unit AS linking ON linking.id = link.unit_id
      WHERE link.target_id = ${unitId} AND link.owner IN (${accountId}, 'public') AND linking.status <> 'retracted'
        AND (linking.account_id = ${accountId} OR linking.served_version IS NOT NULL) LIMIT ${LINKING_MAX})
    ORDER BY created_at_ms DESC LIMIT ${limit})`;
  return and(
    inArray(unit.id, ids),
    or(
      and(eq(unit.accountId, accountId), eq(unitVersion.version, unit.version)),
      eq(unitVersion.version, unit.servedVersion),
    ),
  );
}
