/**
 * SQL that opens every shard up to `count` for new units, in the catalog's first shard; those that were open or are full
 * stay as they are. Run once every process reaches the new database: the last step of a start and of a deployment.
 */
export function openShardsSql(count: number, nowMs: number): string {
  const rows = Array.from({ length: count }, (_, shard) => `(${shard})`).join();
  return `INSERT INTO unit_shard (shard, opened_at_ms, version)
    SELECT added.column1, ${Math.floor(nowMs)}, (SELECT coalesce(max(version), 0) + 1 FROM unit_shard)
    FROM (VALUES ${rows}) AS added WHERE added.column1 NOT IN (SELECT shard FROM unit_shard)
    ON CONFLICT DO NOTHING`;
}
