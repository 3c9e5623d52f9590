import { JOB_QUEUE } from "#domain/jobs/wakeup.ts";
import { buildAll } from "./build.ts";
import { DERIVED, deriveConfigs, type Face, readDeployFile } from "./launch/derive.ts";
import { executeFirstAccount } from "./launch/first-account.ts";
import { run } from "./launch/run.ts";
import { command, Refusal, say, step } from "./launch/say.ts";
import { openUnitShards, unitShardCount } from "./launch/unit-shards.ts";
import { readWranglerConfig } from "./launch/wrangler-config.ts";

// Databases first, then the proofs, the tail and the objects that others call, then the jobs, and the edge that users see;
// databases that are new to the units family take units once all three reach them. The first time, the objects come twice: before
// all others, without the edge and the tail, and once more when these are there.
await command(async () => {
  const dryRun = process.argv.includes("--dry-run");
  await buildAll();
  const config = await readWranglerConfig();
  unitShardCount(config);
  const configs = await deriveConfigs();
  if (process.argv.includes("--first-account")) return await makeFirstAccount(configs.edge, dryRun);
  if (!dryRun) await migrate(configs.edge);
  const isFirst = !dryRun && !(await isDeployed(`${config.name}-edge`));
  if (isFirst) await deploy("objects", configs.firstObjects, dryRun);
  for (const face of DERIVED)
    if (!isFirst || face !== "objects") await deploy(face, configs[face], dryRun);
  if (isFirst) await deploy("objects", configs.objects, dryRun);
  if (!dryRun) {
    await step("letting backends pull heavy jobs", () => letPull(configs.objects));
    await step("opening new databases for units", () =>
      openUnitShards(config, ["--remote", "--config", configs.edge]),
    );
  }
  if (dryRun) say("\nnothing was deployed (--dry-run); the configurations are in dist/deploy/");
});

async function deploy(face: Face, config: string, dryRun: boolean): Promise<void> {
  const args = ["deploy", "--config", config, ...(dryRun ? ["--dry-run"] : [])];
  const { code, output } = await step(`deploying ${face}`, () => run("wrangler", args));
  if (code !== 0) throw new Refusal(`wishub-${face} cannot be deployed:\n${output}`);
  say(`\nwishub-${face}\n${worthSaying(output)}`);
}

/** A pull consumer is no part of a configuration: it is added to its queue, once. */
async function letPull(config: string): Promise<void> {
  const ask = (...args: string[]) =>
    run("wrangler", ["queues", "consumer", "http", ...args, "--config", config]);
  const known = await ask("list", JOB_QUEUE, "--json");
  if (known.code === 0 && /"type":\s*"http_pull"/.test(known.output)) return;
  const { code, output } = await ask("add", JOB_QUEUE, "--message-retries", "100");
  if (code !== 0) throw new Refusal(`the queue ${JOB_QUEUE} cannot be pulled from:\n${output}`);
}

/** The edge and the objects ask each other, and a Worker can only be bound to one that is there. */
const isDeployed = async (name: string): Promise<boolean> =>
  (await run("wrangler", ["deployments", "list", "--name", name, "--json"])).code === 0;

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
