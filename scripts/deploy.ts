import { buildAll } from "./build.ts";
import { DERIVED, deriveConfigs, readDeployFile } from "./launch/derive.ts";
import { executeFirstAccount } from "./launch/first-account.ts";
import { run } from "./launch/run.ts";
import { command, Refusal, say, step } from "./launch/say.ts";
import { openUnitShards, unitShardCount } from "./launch/unit-shards.ts";
import { readWranglerConfig } from "./launch/wrangler-config.ts";

// Databases first, then the proofs and the objects that others call, then the jobs, and the edge that users see; databases that are
// new to the units family take units once all three reach them.
await command(async () => {
  const dryRun = process.argv.includes("--dry-run");
  await buildAll();
  const config = await readWranglerConfig();
  unitShardCount(config);
  const configs = await deriveConfigs();
  if (process.argv.includes("--first-account")) return await makeFirstAccount(configs.edge, dryRun);
  if (!dryRun) await migrate(configs.edge);
  for (const face of DERIVED) {
    const args = ["deploy", "--config", configs[face], ...(dryRun ? ["--dry-run"] : [])];
    const { code, output } = await step(`deploying ${face}`, () => run("wrangler", args));
    if (code !== 0) throw new Refusal(`wishub-${face} cannot be deployed:\n${output}`);
    say(`\nwishub-${face}\n${worthSaying(output)}`);
  }
  if (!dryRun) {
    await step("opening new databases for units", () =>
      openUnitShards(config, ["--remote", "--config", configs.edge]),
    );
  }
  if (dryRun) say("\nnothing was deployed (--dry-run); the configurations are in dist/deploy/");
});

/** Once, after the first deploy: nobody can sign up before somebody is there to invite them. */
async function makeFirstAccount(config: string, dryRun: boolean): Promise<void> {
  const [catalog] = (await readWranglerConfig()).d1_databases;
  if (catalog === undefined) throw new Refusal("wrangler.toml names no database.");
  const name = catalog.database_name;
  if (dryRun) return say(`would make the first account in ${name}`);
  const { accountId, apiKey } = await step("making the first account", () =>
    executeFirstAccount(name, ["--remote", "--config", config]),
  );
  say(`account ${accountId}\nkey ${apiKey}\nThe key is shown this once.`);
}

async function migrate(config: string): Promise<void> {
  const { d1_databases: databases } = await readWranglerConfig();
  const { d1 = {}, publicUrl } = readDeployFile();
  if (publicUrl === undefined)
    throw new Refusal("deploy.json names no publicUrl, see docs/deploy.md.");
  for (const { database_name: name } of databases) {
    if (d1[name] === undefined)
      throw new Refusal(`deploy.json names no id for the database ${name}, see docs/deploy.md.`);
    const { code, output } = await step(`migrating ${name}`, () =>
      run("wrangler", ["d1", "migrations", "apply", name, "--remote", "--config", config]),
    );
    if (code !== 0) throw new Refusal(`${name} could not be migrated:\n${output}`);
  }
}

/** The sizes, bindings and addresses, without wrangler's greeting and goodbye. */
function worthSaying(output: string): string {
  const lines = output.split("\n").map((line) => line.trimEnd());
  return lines
    .filter((line) => line !== "" && !/wrangler|^─|--dry-run: exiting|Logs were written/.test(line))
    .join("\n");
}
