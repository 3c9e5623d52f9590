import { inArray } from "drizzle-orm";
import type { UnitRef } from "#domain/units/publish.ts";
import type { Evidence } from "#domain/verification/model.ts";
import { grouped, IDS_PER_QUERY, inChunks, isNamedIn, type UnitsDb } from "#db/units/shards.ts";
import { evidence, type PackedCheck, unitVersion } from "#db/units/tables.ts";

export const packedChecks = (checks: readonly Evidence[]): PackedCheck[] =>
  checks.map(({ method, version, level, verdict, reasons, atMs }) => [
    method,
    version,
    level,
    verdict,
    reasons,
    atMs,
  ]);

function unpackedChecks(packed: readonly PackedCheck[]): Evidence[] {
  const checks = packed.map(([method, version, level, verdict, reasons, atMs]): Evidence => ({
    method,
    version,
    level,
    verdict,
    reasons,
    atMs,
  }));
  const keyOf = ({ level, method }: Evidence): string => `${level} ${method}`;
  return checks.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/**
 * All evidence of each version, in the order of levels and methods, by unit id. A version that was verified before
 * evidence was stored with it has its rows still; whatever records it again stores all of it with the version.
 */
export async function storedEvidence(
  databases: readonly UnitsDb[],
  refs: UnitRef[],
): Promise<Map<string, Evidence[]>> {
  const wanted = new Map(refs.map((ref) => [ref.unitId, ref.version]));
  const found = await Promise.all(
    grouped(databases, refs, (ref) => ref.unitId).map(
      async ([db, members]) =>
        await inChunks(members, IDS_PER_QUERY, async (chunk) => [
          ...(await evidenceIn(db, chunk, wanted)),
        ]),
    ),
  );
  return new Map(found.flat());
}

async function evidenceIn(
  db: UnitsDb,
  refs: UnitRef[],
  wanted: ReadonlyMap<string, number>,
): Promise<Map<string, Evidence[]>> {
  const { unitId, version, evidence: checks } = unitVersion;
  const isWanted = (row: UnitRef) => wanted.get(row.unitId) === row.version;
  const stored = (
    await db.select({ unitId, version, checks }).from(unitVersion).where(isNamedIn(refs))
  ).filter(isWanted);
  const inRows = stored.filter((row) => row.checks === null).map((row) => row.unitId);
  const rows = inRows.length === 0 ? [] : (await checkRows(db, inRows)).filter(isWanted);
  const byUnit = Map.groupBy(rows, (row) => row.unitId);
  return new Map(
    stored.map((row) => [
      row.unitId,
      unpackedChecks(
        row.checks ??
          (byUnit.get(row.unitId) ?? []).map((check): PackedCheck => [
            check.method,
            check.methodVersion,
            check.level,
            check.verdict,
            check.reasons,
            check.atMs,
          ]),
      ),
    ]),
  );
}

const checkRows = async (db: UnitsDb, ids: string[]) =>
  await db.select().from(evidence).where(inArray(evidence.unitId, ids));
