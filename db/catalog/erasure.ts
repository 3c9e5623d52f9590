import type { Certificate, ErasureRecord, UnitsOfErased } from "#domain/protection/erasure.ts";
import { ERASED_ROWS, type ErasedRows } from "#db/catalog/erased-rows.ts";

type Row = {
  id: string;
  account_id: string;
  principal_id: string;
  person_id: string | null;
  pseudonym: string;
  asked_by: string;
  units: UnitsOfErased;
  removed: string;
  started_at_ms: number;
  finished_at_ms: number | null;
  certificate: string | null;
};

export type Beginning = Pick<
  ErasureRecord,
  "id" | "accountId" | "principalId" | "pseudonym" | "askedBy" | "units" | "startedAtMs"
>;

/** An account's other owners: one must stay. */
const HAS_ANOTHER_OWNER = `(SELECT count(*) FROM principal AS other WHERE other.account_id = principal.account_id
  AND other.id <> principal.id AND other.role = 'owner' AND other.status = 'active') > 0`;
/** The person, where this is the last account they are in. */
const WHOLE_PERSON = `(SELECT person_id FROM principal AS p WHERE p.account_id = principal.account_id AND p.id = principal.id
  AND NOT EXISTS (SELECT 1 FROM principal AS o WHERE o.person_id = p.person_id AND o.account_id <> p.account_id AND o.status <> 'erased'))`;

/** Erasures of the catalog's first shard, where people and the accounts they are in lie. */
export function erasureStore(shard: D1Database) {
  return { ...beginning(shard), ...reading(shard), ...ending(shard) };
}

function reading(shard: D1Database) {
  const rowOf = async (where: string, ...values: string[]): Promise<ErasureRecord | null> => {
    const row = await shard
      .prepare(`SELECT * FROM erasure WHERE ${where} ORDER BY started_at_ms DESC LIMIT 1`)
      .bind(...values)
      .first<Row>();
    return row === null ? null : recordOf(row);
  };
  return {
    erasure: (accountId: string, id: string) => rowOf("account_id = ? AND id = ?", accountId, id),
    erasureOf: (accountId: string, principalId: string) =>
      rowOf("account_id = ? AND principal_id = ?", accountId, principalId),

    /** Newest first. */
    async erasures(accountId: string, before: string | null, limit: number) {
      const { results } = await shard
        .prepare(
          "SELECT * FROM erasure WHERE account_id = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
        )
        .bind(accountId, before, limit)
        .all<Row>();
      return results.map(recordOf);
    },

    /** Of all accounts, in the order of their ids: for the key ring, and for whoever goes on with what was cut off. */
    async erasuresAfter(id: string, limit: number): Promise<ErasureRecord[]> {
      const { results } = await shard
        .prepare("SELECT * FROM erasure WHERE id > ? ORDER BY id LIMIT ?")
        .bind(id, limit)
        .all<Row>();
      return results.map(recordOf);
    },

    async erasuresSince(accountId: string, sinceMs: number): Promise<number> {
      const row = await shard
        .prepare("SELECT count(*) AS n FROM erasure WHERE account_id = ? AND started_at_ms >= ?")
        .bind(accountId, sinceMs)
        .first<{ n: number }>();
      return row?.n ?? 0;
    },
  };
}

function beginning(shard: D1Database) {
  return {
    /**
     * Begins an erasure, and takes everything from the catalog that is the member's, all or nothing. `force` is for what
     * was erased before and came back with a backup: then no owner has to stay.
     */
    async begin(beginning: Beginning, force = false): Promise<"begun" | "absent" | "last-owner"> {
      const { id, accountId, principalId, pseudonym, askedBy, units, startedAtMs } = beginning;
      const person = await shard
        .prepare("SELECT person_id FROM principal WHERE account_id = ? AND id = ?")
        .bind(accountId, principalId)
        .first<{ person_id: string | null }>();
      const begin = shard
        .prepare(
          `INSERT INTO erasure (id, account_id, principal_id, person_id, pseudonym, asked_by, units, removed, started_at_ms)
             SELECT ?1, account_id, id, ${WHOLE_PERSON}, ?4, ?5, ?6, '{}', ?7 FROM principal
             WHERE account_id = ?2 AND id = ?3 AND status <> 'erased' AND kind = 'person'
               AND (?8 OR role <> 'owner' OR status <> 'active' OR ${HAS_ANOTHER_OWNER})`,
        )
        .bind(id, accountId, principalId, pseudonym, askedBy, units, startedAtMs, force ? 1 : 0);
      const values = [id, accountId, principalId, person?.person_id ?? null];
      const steps = ERASED_ROWS.map((rows) => shard.prepare(sqlOf(rows)).bind(...values));
      const [begun, ...results] = await shard.batch([begin, ...steps]);
      if ((begun?.meta.changes ?? 0) === 0) {
        const isThere = await shard
          .prepare(
            "SELECT 1 FROM principal WHERE account_id = ? AND id = ? AND status <> 'erased' AND kind = 'person'",
          )
          .bind(accountId, principalId)
          .first();
        return isThere === null ? "absent" : "last-owner";
      }
      const removed: Record<string, number> = {};
      for (const [i, { table }] of ERASED_ROWS.entries()) {
        const rows = results[i]?.meta.changes ?? 0;
        if (rows > 0) removed[`catalog/${table}`] = (removed[`catalog/${table}`] ?? 0) + rows;
      }
      await noteProgress(shard, id, removed);
      return "begun";
    },
  };
}

function ending(shard: D1Database) {
  return {
    progress: (id: string, removed: Record<string, number>) => noteProgress(shard, id, removed),

    async finish(id: string, certificate: Certificate, finishedAtMs: number): Promise<void> {
      await shard
        .prepare(
          "UPDATE erasure SET certificate = ?, finished_at_ms = ? WHERE id = ? AND finished_at_ms IS NULL",
        )
        .bind(JSON.stringify(certificate), finishedAtMs, id)
        .run();
    },

    /** Rows that are still somebody's, by looking for each kind anew. */
    async residue({ accountId, principalId, personId }: ErasureRecord): Promise<number> {
      const looks = ERASED_ROWS.filter(({ by }) => by !== "person" || personId !== null).map(
        ({ table, column, by, set }) =>
          shard
            .prepare(
              `SELECT count(*) AS n FROM ${table} WHERE ${set === undefined ? "1" : set.isLeft}
                 AND ${column} = ?1 ${by === "principal" ? "AND account_id = ?2" : "AND ?2 <> ''"}`,
            )
            .bind(by === "principal" ? principalId : personId, accountId),
      );
      const results = await shard.batch<{ n: number }>(looks);
      return results.reduce((sum, { results: [row] }) => sum + (row?.n ?? 0), 0);
    },
  };
}

async function noteProgress(
  shard: D1Database,
  id: string,
  removed: Record<string, number>,
): Promise<void> {
  await shard
    .prepare("UPDATE erasure SET removed = ? WHERE id = ? AND finished_at_ms IS NULL")
    .bind(JSON.stringify(removed), id)
    .run();
}

/** Does nothing unless the erasure ?1 has begun; ?2 is the account, ?3 the principal, ?4 the person. */
function sqlOf({ table, column, by, set }: ErasedRows): string {
  const where =
    by === "principal"
      ? `${column} = ?3 AND account_id = ?2 AND ?4 IS ?4`
      : `${column} = ?4 AND ?2 <> '' AND ?3 <> ''`;
  const begun = `EXISTS (SELECT 1 FROM erasure WHERE id = ?1${by === "person" ? " AND person_id IS NOT NULL" : ""})`;
  return set === undefined
    ? `DELETE FROM ${table} WHERE ${where} AND ${begun}`
    : `UPDATE ${table} SET ${set.to} WHERE ${where} AND ${begun}`;
}

const recordOf = (row: Row): ErasureRecord => ({
  id: row.id,
  accountId: row.account_id,
  principalId: row.principal_id,
  personId: row.person_id,
  pseudonym: row.pseudonym,
  askedBy: row.asked_by,
  units: row.units,
  removed: JSON.parse(row.removed) as Record<string, number>,
  startedAtMs: row.started_at_ms,
  finishedAtMs: row.finished_at_ms,
  certificate: row.certificate === null ? null : (JSON.parse(row.certificate) as Certificate),
});
