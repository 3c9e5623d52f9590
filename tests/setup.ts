import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";

const { TEST_MIGRATIONS: migrations } = env as unknown as {
  TEST_MIGRATIONS: { catalog: D1Migration[]; units: D1Migration[] };
};

await applyD1Migrations(env.CATALOG_0, migrations.catalog);
await applyD1Migrations(env.UNITS_0, migrations.units);
await applyD1Migrations(env.UNITS_1, migrations.units);
