import { env } from "cloudflare:workers";
import { unitShardsIn } from "#db/units/shards.ts";

const { TEST_SCHEMAS: schemas } = env as unknown as {
  TEST_SCHEMAS: { catalog: string[]; units: string[] };
};

const make = (database: D1Database, schema: string[]) =>
  database.batch(schema.map((statement) => database.prepare(statement)));

await Promise.all([
  make(env.CATALOG_0, schemas.catalog),
  ...unitShardsIn(env).map(({ database }) => make(database, schemas.units)),
]);
