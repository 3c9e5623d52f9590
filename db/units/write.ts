import { type SQL, sql } from "drizzle-orm";
import type { Carried } from "#domain/units/publish.ts";
import type { StoredUnit, UnitVersion } from "#domain/units/record.ts";
import { CHANGES_KEPT } from "#db/units/changes.ts";
import { atomically, type UnitsDb } from "#db/units/shards.ts";

/** A unit on its way into its rows, as JSON: whoever carries it on does not read it again. `bytes` is what it adds to a write. */
export type NewUnit = {
  id: string;
  head: string;
  version: string;
  bytes: number;
  trace?: Carried;
};

export function newUnitOf({ head, version }: StoredUnit): NewUnit {
  const [headJson, versionJson] = [JSON.stringify(head), JSON.stringify(version)];
  return { id: head.id, head: headJson, version: versionJson, bytes: versionJson.length };
}

export function storedUnitOf({ head, version }: NewUnit): StoredUnit {
  return {
    head: JSON.parse(head) as StoredUnit["head"],
    version: JSON.parse(version) as UnitVersion,
  };
}

/** What one write may hold: D1 bounds a parameter at 2 MB of UTF-8, and a character takes up to three of them. */
export const UNITS_PER_WRITE = { itemsMax: 500, bytesMax: 500_000 } as const;

/** The ids that were not there before, and the database's size in bytes. */
export type Inserted = { ids: string[]; bytes: number };

/** Many rows travel as one JSON parameter, so a batch is three statements whatever its size. */
export async function insertIn(db: UnitsDb, units: NewUnit[], nowMs: number): Promise<Inserted> {
  const heads = `[${units.map(({ head }) => head).join(",")}]`;
  const versions = `[${units.map(({ version }) => version).join(",")}]`;
  const ids = JSON.stringify(units.map(({ id }) => id));
  const results = await atomically(db, [
    sql`
      INSERT INTO unit (id, account_id, version, served_version, visibility, status, created_at_ms, updated_at_ms)
      SELECT value->>'id', value->>'accountId', value->>'version', NULL, value->>'visibility', 'pending',
             value->>'createdAtMs', value->>'updatedAtMs'
      FROM json_each(${heads}) WHERE true ON CONFLICT DO NOTHING RETURNING id`,
    insertVersions(versions),
    sql`
      INSERT INTO outbox (queue, unit_id, version, sends, due_at_ms)
      SELECT 'unit-verify', unit.id, 1, 1, ${nowMs + RESEND_AFTER_MS}
      FROM json_each(${ids}) JOIN unit ON unit.id = value
      WHERE unit.version = 1 AND unit.status = 'pending' ON CONFLICT DO NOTHING`,
  ]);
  return {
    ids: results[0]?.results.map((row) => String(row["id"])) ?? [],
    bytes: results.at(-1)?.meta.size_after ?? 0,
  };
}

/** How long a queue has to deliver before the relay sends again. */
export const RESEND_AFTER_MS = 5_000;

export async function addVersionIn(
  db: UnitsDb,
  version: UnitVersion,
  nowMs: number,
): Promise<boolean> {
  const ref = { unitId: version.unitId, version: version.version };
  const guard = sql`EXISTS (SELECT 1 FROM unit WHERE id = ${ref.unitId} AND version = ${ref.version - 1}
    AND status <> 'retracted')`;
  const leavesPublic = sql`visibility = 'public' AND ${version.visibility} = 'private'`;
  const [, , , , , moved] = await atomically(db, [
    insertVersions(JSON.stringify([version]), guard),
    sql`INSERT INTO outbox (queue, unit_id, version, sends, due_at_ms)
      SELECT 'unit-verify', ${ref.unitId}, ${ref.version}, 1, ${nowMs + RESEND_AFTER_MS} WHERE ${guard}
      ON CONFLICT DO NOTHING`,
    sql`UPDATE unit_version SET status = 'superseded'
      WHERE unit_id = ${ref.unitId} AND version < ${ref.version} AND ${guard} AND (
        status = 'pending' OR (status IN ('verifying', 'searchable') AND ${leavesPublic}))`,
    ...noteChange(sql`SELECT id FROM unit WHERE id = ${ref.unitId} AND ${guard}`),
    sql`UPDATE unit SET version = ${ref.version}, status = 'pending', updated_at_ms = ${nowMs},
        served_version = CASE WHEN EXISTS (SELECT 1 FROM unit_version v WHERE v.unit_id = unit.id
          AND v.version = unit.served_version AND v.status = 'searchable') THEN served_version END,
        visibility = ${version.visibility}
      WHERE id = ${ref.unitId} AND version = ${ref.version - 1} AND status <> 'retracted' RETURNING id`,
  ]);
  return moved?.results.length === 1;
}

/** False, and nothing done, when a version is expected and is not the newest. */
export async function retractIn(
  db: UnitsDb,
  unitId: string,
  expectedVersion: number | null,
  nowMs: number,
): Promise<boolean> {
  const isRetracted = sql`EXISTS (SELECT 1 FROM unit WHERE id = ${unitId} AND status = 'retracted')`;
  const [retracted] = await atomically(db, [
    sql`UPDATE unit SET status = 'retracted', served_version = NULL, updated_at_ms = ${nowMs}
      WHERE id = ${unitId} AND version = coalesce(${expectedVersion}, version) RETURNING id`,
    sql`UPDATE unit_version SET status = 'retracted', updated_at_ms = ${nowMs}
      WHERE unit_id = ${unitId} AND ${isRetracted} AND (status IN ('pending', 'verifying', 'searchable')
        OR version = (SELECT version FROM unit WHERE id = ${unitId}))`,
    sql`INSERT INTO outbox (queue, unit_id, version, sends, due_at_ms)
      SELECT 'unit-index', id, version, 1, ${nowMs + RESEND_AFTER_MS} FROM unit
      WHERE id = ${unitId} AND status = 'retracted'
      ON CONFLICT DO NOTHING`,
    ...noteChange(sql`SELECT id FROM unit WHERE id = ${unitId} AND ${isRetracted}`),
  ]);
  return retracted?.results.length === 1;
}

/** Tells the isolates that keep these units (db/units/changes.ts). */
export const noteChange = (ids: SQL) => [
  sql`INSERT INTO unit_change (unit_id) ${ids}`,
  sql`DELETE FROM unit_change WHERE seq <= (SELECT max(seq) FROM unit_change) - ${CHANGES_KEPT}`,
];

function insertVersions(versions: string, guard = sql`true`) {
  return sql`
    INSERT INTO unit_version (unit_id, version, cid, content_key, visibility, content, salt, vector, status, level,
      principal_id, operation_id, created_at_ms, updated_at_ms)
    SELECT value->>'unitId', value->>'version', value->>'cid', value->>'contentKey', value->>'visibility',
           json(value->'content'), value->>'salt', value->>'vector', 'pending', 'L0', value->>'principalId', value->>'operationId',
           value->>'createdAtMs', value->>'updatedAtMs'
    FROM json_each(${versions}) WHERE ${guard} ON CONFLICT DO NOTHING`;
}
