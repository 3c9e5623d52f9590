import { type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { SQLiteAsyncDialect } from "drizzle-orm/sqlite-core";
import { unitShardOf } from "#domain/units/id.ts";
import type { UnitRef } from "#domain/units/publish.ts";
import { unitVersion } from "#db/units/tables.ts";

export const unitsDb = (shard: D1Database) => drizzle(shard, { casing: "snake_case" });
export type UnitsDb = ReturnType<typeof unitsDb>;

/** The nearest copy of a shard that has at least what the bookmark is of. A session has all that Drizzle's reads use. */
export const copyOf = ({ $client }: UnitsDb, bookmark: string): UnitsDb =>
  unitsDb($client.withSession(bookmark) as unknown as D1Database);

/** The family's databases in the order that ids name. A gap in their numbers is refused where the product is started. */
export function unitShardsIn(env: object): { name: string; database: D1Database }[] {
  const shards: { name: string; database: D1Database }[] = [];
  for (let name = "UNITS_0"; name in env; name = `UNITS_${shards.length}`)
    shards.push({ name, database: (env as Record<string, D1Database>)[name] as D1Database });
  return shards;
}

/** D1 binds at most 100 parameters a statement. */
export const IDS_PER_QUERY = 80;

/** Items by the shard their unit id names; an id that names none is left out. */
export function grouped<T>(
  databases: readonly UnitsDb[],
  items: T[],
  idOf: (item: T) => string,
): [UnitsDb, T[]][] {
  return [...Map.groupBy(items, (item) => unitShardOf(idOf(item)))].flatMap(([shard, members]) => {
    const db = databases[shard ?? -1];
    return db === undefined ? [] : [[db, members] as [UnitsDb, T[]]];
  });
}

export async function inChunks<T, R>(
  items: T[],
  size: number,
  read: (chunk: T[]) => Promise<R[]>,
): Promise<R[]> {
  const found: R[] = [];
  for (let start = 0; start < items.length; start += size) {
    found.push(...(await read(items.slice(start, start + size))));
  }
  return found;
}

/** One row a reference at most, however many versions a unit has. */
export const isNamedIn = (
  refs: UnitRef[],
): SQL => sql`(${unitVersion.unitId}, ${unitVersion.version}) IN (
  SELECT value->>'unitId', CAST(value->>'version' AS INTEGER) FROM json_each(${JSON.stringify(refs)}))`;

const dialect = new SQLiteAsyncDialect({ casing: "snake_case" });

/** Statements in one transaction, in order. Drizzle's own batch takes no raw SQL with parameters. */
export async function atomically(
  db: UnitsDb,
  statements: SQL[],
): Promise<D1Result<Record<string, unknown>>[]> {
  return await db.$client.batch(
    statements.map((statement) => {
      const query = dialect.sqlToQuery(statement);
      return db.$client.prepare(query.sql).bind(...query.params);
    }),
  );
}
