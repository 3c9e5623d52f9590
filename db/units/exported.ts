import type { UnitsDb } from "#db/units/shards.ts";

const VERSIONS_PER_PAGE = 100;

type Exported = {
  id: string;
  version: number;
  cid: string;
  visibility: string;
  status: string;
  level: string;
  content: unknown;
  evidence: unknown;
  createdAtMs: number;
};

/** All versions of an account's units with what was found out about them, or of those that one principal wrote. */
export function exportedUnits(
  databases: readonly UnitsDb[],
  accountId: string,
  principalId?: string,
) {
  let shard = 0;
  let after = { id: "", version: 0 };
  /** The pages in order, each once. */
  return async (): Promise<Exported[]> => {
    for (; shard < databases.length; shard++, after = { id: "", version: 0 }) {
      const { results } = (await databases[shard]?.$client
        .prepare(
          `SELECT v.unit_id AS id, v.version, v.cid, v.visibility, v.status, v.level, v.content, v.evidence,
                  v.created_at_ms AS createdAtMs
             FROM unit JOIN unit_version AS v ON v.unit_id = unit.id
             WHERE unit.account_id = ?1 AND (?2 IS NULL OR v.principal_id = ?2)
               AND (v.unit_id > ?3 OR (v.unit_id = ?3 AND v.version > ?4))
             ORDER BY v.unit_id, v.version LIMIT ${VERSIONS_PER_PAGE}`,
        )
        .bind(accountId, principalId ?? null, after.id, after.version)
        .all<Record<keyof Exported, never>>()) ?? { results: [] };
      const last = results.at(-1);
      if (last === undefined) continue;
      after = { id: last["id"], version: last["version"] };
      return results.map((row) => ({
        ...row,
        content: JSON.parse(row["content"]) as unknown,
        evidence: row["evidence"] === null ? null : (JSON.parse(row["evidence"]) as unknown),
      }));
    }
    return [];
  };
}
