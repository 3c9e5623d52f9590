import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: [
            "domain/**/*.test.ts",
            "scripts/**/*.test.ts",
            "cli/**/*.test.ts",
            "sdk/**/*.test.ts",
            "web/**/*.test.ts",
            "gpu-backend/**/*.test.ts",
            "tests/node/**/*.test.ts",
            "bench/**/*.test.ts",
          ],
          exclude: ["**/node_modules/**", "dist/**"],
          testTimeout: 30_000,
        },
        resolve: {
          alias: [{ find: /^#domain\/(.*)$/, replacement: `${import.meta.dirname}/domain/$1` }],
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.toml" },
            remoteBindings: false,
            miniflare: {
              // Bound and not yet open: what tests of the shard map add.
              d1Databases: { UNITS_2: "units-2" },
              bindings: {
                TEST_MIGRATIONS: {
                  catalog: await readD1Migrations("migrations/catalog"),
                  units: await readD1Migrations("migrations/units"),
                },
              },
            },
          })),
        ],
        test: {
          name: "workerd",
          include: [
            "tests/*.test.ts",
            "adapters/**/*.test.ts",
            "durable-objects/**/*.test.ts",
            "workers/**/*.test.ts",
          ],
          setupFiles: ["./tests/setup.ts"],
          testTimeout: 30_000,
        },
      },
    ],
  },
});
