import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * What all migrations of a family make of an empty database, in as few statements as there are things in it: each file
 * of tests begins with several such databases. Products that tests start apply the migrations themselves.
 */
export function schemaAfter(folder: string): string[] {
  const database = new DatabaseSync(":memory:");
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort())
    database.exec(readFileSync(join(folder, file), "utf8"));
  const made = database
    .prepare(
      "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    )
    .all() as { type: string; name: string; sql: string }[];
  const tables = made.filter(({ type }) => type === "table");
  const rows = tables.flatMap(({ name }) =>
    (
      database.prepare(`SELECT * FROM "${name}"`).all() as Record<string, string | number | null>[]
    ).map(
      (row) =>
        `INSERT INTO "${name}" (${Object.keys(row).join(", ")}) VALUES (${Object.values(row).map(literal).join(", ")})`,
    ),
  );
  // Triggers last: what migrations wrote has been through them.
  const isTrigger = ({ type }: { type: string }): boolean => type === "trigger";
  const before = made.filter((each) => !isTrigger(each)).map(({ sql }) => sql);
  return [...before, ...rows, ...made.filter(isTrigger).map(({ sql }) => sql)];
}

function literal(value: string | number | null): string {
  if (value === null) return "NULL";
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
