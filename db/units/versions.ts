import { and, desc, eq, getTableColumns, inArray, lt, or, type SQL } from "drizzle-orm";
import {
  isVisible,
  SERVED_LEVELS,
  type Standing,
  type StoredUnit,
  type VersionKey,
} from "#domain/units/record.ts";
import type { Evidence } from "#domain/verification/model.ts";
import { storedEvidence } from "#db/units/evidence.ts";
import { unit, unitVersion } from "#db/units/tables.ts";
import type { UnitsDb } from "#db/units/shards.ts";

/** Rows read at once where nobody asks for a page: what is asked for by id is never more. */
const ROWS_MAX = 500;
/** A row without its content is about 200 bytes. */
const VERSION_KEYS_MAX = 10_000;

/** The versions of one unit and what was found out about them. Their contents are read a page at a time: a unit may have very many. */
export function versionStore(
  databases: readonly UnitsDb[],
  databaseOf: (unitId: string) => UnitsDb | null,
) {
  return {
    /** The versions that the account may see and that are older than `before`, newest first. */
    async versions(
      id: string,
      accountId: string,
      before: number,
      limit: number,
    ): Promise<StoredUnit[]> {
      const db = databaseOf(id);
      if (db === null) return [];
      const shownToOthers = and(
        eq(unitVersion.visibility, "public"),
        or(
          eq(unitVersion.status, "searchable"),
          and(eq(unitVersion.status, "superseded"), inArray(unitVersion.level, [...SERVED_LEVELS])),
        ),
      );
      const rows = await selectUnits(
        db,
        and(
          eq(unit.id, id),
          lt(unitVersion.version, before),
          or(eq(unit.accountId, accountId), shownToOthers),
        ),
        limit,
      );
      return rows.filter((row) => isVisible(row, accountId));
    },

    /** What names each version in a search, newest first. */
    async versionKeys(id: string): Promise<VersionKey[]> {
      const db = databaseOf(id);
      if (db === null) return [];
      return await db
        .select({
          accountId: unit.accountId,
          unitId: unitVersion.unitId,
          version: unitVersion.version,
          visibility: unitVersion.visibility,
          contentKey: unitVersion.contentKey,
        })
        .from(unit)
        .innerJoin(unitVersion, eq(unitVersion.unitId, unit.id))
        .where(eq(unit.id, id))
        .orderBy(desc(unitVersion.version))
        .limit(VERSION_KEYS_MAX);
    },

    evidence: async (id: string, version: number): Promise<Evidence[]> =>
      (await storedEvidence(databases, [{ unitId: id, version }])).get(id) ?? [],
  };
}

export const selectUnits = async (
  db: UnitsDb,
  where: SQL | undefined,
  limit = ROWS_MAX,
): Promise<StoredUnit[]> => await unitQuery(db, where, limit);

// Evidence is as much again and only asked for by itself.
const { evidence: _, ...shown } = getTableColumns(unitVersion);

export function unitQuery(db: UnitsDb, where: SQL | undefined, limit = ROWS_MAX) {
  return db
    .select({ head: unit, version: shown })
    .from(unit)
    .innerJoin(unitVersion, eq(unitVersion.unitId, unit.id))
    .where(where)
    .orderBy(desc(unit.createdAtMs), desc(unit.id), desc(unitVersion.version))
    .limit(limit);
}

/** Who may see these versions, without their contents: a link is checked against up to 64 of them a unit. */
export async function selectStandings(
  db: UnitsDb,
  where: SQL | undefined,
): Promise<(Standing & { id: string })[]> {
  const { accountId, status, visibility, withheldAtMs } = unit;
  const { visibility: shown, status: stands, level } = unitVersion;
  return await db
    .select({
      id: unit.id,
      head: { accountId, status, visibility, withheldAtMs },
      version: { visibility: shown, status: stands, level },
    })
    .from(unit)
    .innerJoin(unitVersion, eq(unitVersion.unitId, unit.id))
    .where(where);
}
