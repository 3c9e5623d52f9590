import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { readFileSync, writeFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { inOnePiece, PIECES } from "./tests/one-piece.ts";
import { schemaAfter } from "./tests/schema.ts";
import { NOT_PUBLIC } from "./domain/egress/address.ts";

/** An index that the contract of Vectorize is to run against too; it wants a wrangler that is logged in. */
const contractIndex = process.env["VECTORIZE_CONTRACT"];
if (contractIndex !== undefined) {
  const binding = { binding: "VECTORIZE_CONTRACT", index_name: contractIndex, remote: true };
  const lines = Object.entries(binding).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  const config = [readFileSync("./wrangler.toml", "utf8"), "[[vectorize]]", ...lines, ""];
  writeFileSync("./wrangler.contract.toml", config.join("\n"));
}

/** What waits for whole products, while another file's have their part of the machine, waits longer than vitest does. */
const SERVED = {
  setupFiles: ["./tests/node/patience.ts"],
  testTimeout: 60_000,
  expect: { poll: { timeout: 20_000 } },
};
const CONSOLE = "tests/node/console*.test.ts";

export default defineConfig({
  test: {
    fsModuleCache: true,
    projects: [
      { test: { ...SERVED, name: "console", include: [CONSOLE] } },
      {
        test: {
          ...SERVED,
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
          exclude: ["**/node_modules/**", "dist/**", CONSOLE],
        },
        resolve: {
          alias: [
            { find: /^#domain\/(.*)$/, replacement: `${import.meta.dirname}/domain/$1` },
            { find: /^#gpu-backend\/(.*)$/, replacement: `${import.meta.dirname}/gpu-backend/$1` },
          ],
        },
      },
      {
        plugins: [
          inOnePiece(`${import.meta.dirname}/workers/index.ts`),
          cloudflareTest({
            wrangler: {
              configPath:
                contractIndex === undefined ? "./wrangler.toml" : "./wrangler.contract.toml",
            },
            remoteBindings: contractIndex !== undefined,
            miniflare: {
              modulesRules: [PIECES],
              // Bound and not yet open: what tests of the shard map add.
              d1Databases: { UNITS_2: "units-2" },
              // As `npm start` has it (scripts/launch/services.ts).
              serviceBindings: {
                EGRESS: { network: { allow: ["public"], deny: ["private", ...NOT_PUBLIC] } },
              },
              bindings: {
                // Fixed, so that tests may hand it to an isolate of their own.
                WISHUB_KEY_RING: JSON.stringify({
                  id: "testtesttesttest",
                  current: "testroottestroot",
                  keys: { testroottestroot: Buffer.alloc(32, 7).toString("base64") },
                }),
                // Traced is what a test asks for.
                WISHUB_TRACE_SAMPLE: "0",
                WISHUB_JOBS_TOKEN: "token-of-the-backends-in-tests",
                TEST_SCHEMAS: {
                  catalog: schemaAfter("migrations/catalog"),
                  units: schemaAfter("migrations/units"),
                },
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          include: [
            "tests/*.test.ts",
            "adapters/**/*.test.ts",
            "durable-objects/**/*.test.ts",
            "workers/**/*.test.ts",
          ],
          globalSetup: ["./tests/outside.ts"],
          setupFiles: ["./tests/setup.ts"],
          testTimeout: 30_000,
        },
      },
    ],
  },
});
