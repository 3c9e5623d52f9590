import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { unitShardsIn } from "#db/units/shards.ts";

const { TEST_MIGRATIONS: migrations } = env as unknown as {
  TEST_MIGRATIONS: { catalog: D1Migration[]; units: D1Migration[] };
};

await applyD1Migrations(env.CATALOG_0, migrations.catalog);
for (const { database } of unitShardsIn(env)) await applyD1Migrations(database, migrations.units);
