import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./launch/paths.ts";
import { command, isCommand, Refusal, say } from "./launch/say.ts";
import { run } from "./launch/run.ts";
import { readWranglerConfig, type WranglerConfig } from "./launch/wrangler-config.ts";

export type Migration = { name: string; statements: string[] };
export type Migrated = { applied: string[]; unknown: string[] };

/**
 * Brings every database of wrangler.toml to its family's newest schema: each family's folder goes to each of its
 * shards. Refuses state that a newer release has written.
 */
export async function migrateAll(
  config: WranglerConfig,
  apply: (binding: string, migrations: Migration[]) => Promise<Migrated>,
): Promise<void> {
  await Promise.all(
    config.d1_databases.map(async ({ binding, migrations_dir: folder }) => {
      const { unknown } = await apply(binding, folder === undefined ? [] : readMigrations(folder));
      if (unknown.length > 0) {
        throw new Refusal(
          `this state was written by a newer release of WisHub (it has ${unknown.join(", ")}), start that one.`,
        );
      }
    }),
  );
}

/** drizzle-kit's files in their order, cut where it marks the end of a statement. */
export function readMigrations(folder: string): Migration[] {
  const path = inRoot(folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((file) => file.endsWith(".sql"))
    .toSorted()
    .map((file) => ({
      name: file,
      statements: readFileSync(join(path, file), "utf8")
        .split("--> statement-breakpoint")
        .map((statement) => statement.trim())
        .filter((statement) => statement !== ""),
    }));
}

/** `--local` for `npm run dev`, `--remote` for what is deployed; wrangler keeps the same table of what is applied. */
export async function migrateByWrangler(
  where: "--local" | "--remote",
  more: string[] = [],
): Promise<void> {
  const config = await readWranglerConfig();
  for (const { database_name: name, migrations_dir: folder } of config.d1_databases) {
    if (folder === undefined || readMigrations(folder).length === 0) continue;
    const { code, output } = await run("wrangler", [
      "d1",
      "migrations",
      "apply",
      name,
      where,
      ...more,
    ]);
    if (code !== 0) throw new Refusal(`${name} could not be migrated:\n${output}`);
    say(`${name} is up to date`);
  }
}

if (isCommand(import.meta)) {
  await command(() =>
    migrateByWrangler(process.argv.includes("--remote") ? "--remote" : "--local"),
  );
}
