import { openShardsSql } from "#db/catalog/open-shards.ts";
import { unitShardNames } from "#domain/units/shard-map.ts";
import { run } from "./run.ts";
import { Refusal } from "./say.ts";
import type { WranglerConfig } from "./wrangler-config.ts";

type Databases = Pick<WranglerConfig, "d1_databases">;

/** How many databases wrangler.toml binds to the units family; refused where the numbers have a gap, for ids name them. */
export function unitShardCount({ d1_databases: databases }: Databases): number {
  const names = unitShardNames(databases.map(({ binding }) => binding));
  if (names.ok) return names.value.length;
  throw new Refusal(
    `${names.error} in wrangler.toml, where they are numbered from 0 without a gap.`,
  );
}

/**
 * Lets new databases of the units family take new units; `where` says which catalog: `--remote`, or `--local` and its
 * folder. Last of all steps, so that no process meets a unit on a database that it does not reach.
 */
export async function openUnitShards(config: Databases, where: string[]): Promise<void> {
  const catalog = config.d1_databases.find(({ binding }) => binding === "CATALOG_0");
  if (catalog === undefined) throw new Refusal("wrangler.toml binds no database as CATALOG_0.");
  const sql = openShardsSql(unitShardCount(config), Date.now());
  const args = ["d1", "execute", catalog.database_name, "--yes", "--command", sql, ...where];
  const { code, output } = await run("wrangler", args);
  if (code !== 0) throw new Refusal(`the new databases were not opened for units:\n${output}`);
}
