import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildAll } from "./build.ts";
import { inRoot, ROOT } from "./launch/paths.ts";
import { executeFirstAccount } from "./launch/first-account.ts";
import { keyRing, secretOf } from "./launch/key-ring.ts";
import { QUIET } from "./launch/run.ts";
import { command, say, step } from "./launch/say.ts";
import { openUnitShards } from "./launch/unit-shards.ts";
import { readWranglerConfig } from "./launch/wrangler-config.ts";
import { migrateByWrangler } from "./migrate.ts";

// `wrangler dev`: reload on change and breakpoints, on a state of its own, so that `npm start` may run beside it.
await command(async () => {
  await buildAll();
  const state = join(resolve(process.env["WISHUB_STATE"] || ".wishub"), "dev");
  await step("migrating", () => migrateByWrangler("--local", ["--persist-to", state]));
  await openUnitShards(await readWranglerConfig(), ["--local", "--persist-to", state]);
  const port = process.env["WISHUB_PORT"] || "8787";
  const secrets = secretsIn(state);
  await firstAccountIn(state, `http://127.0.0.1:${port}`);
  const args = [
    "dev",
    "--persist-to",
    state,
    "--port",
    port,
    "--var",
    `WISHUB_PUBLIC_URL:http://127.0.0.1:${port}`,
    "--env-file",
    secrets,
  ];
  const child = spawn(
    process.execPath,
    [inRoot("node_modules", "wrangler", "bin", "wrangler.js"), ...args, ...process.argv.slice(2)],
    {
      cwd: ROOT,
      stdio: "inherit",
      env: { ...process.env, ...QUIET },
    },
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return new Promise<number>((done, failed) => {
    child.once("error", failed);
    child.once("exit", (code) => done(code ?? 0));
  });
});

/** What would be a secret when deployed, in a file that `wrangler dev` reads: a command line can be read by everybody. */
function secretsIn(state: string): string {
  const file = join(state, "secrets.env");
  mkdirSync(state, { recursive: true });
  const ring = keyRing({
    stateDir: state,
    keyRing: { file: `${state}.keyring.json`, text: undefined },
  });
  writeFileSync(file, `WISHUB_KEY_RING='${secretOf(ring)}'\n`, { mode: 0o600 });
  return file;
}

/** A key to develop with, in the state's dev folder: made once, like the one of `npm start`. */
async function firstAccountIn(state: string, url: string): Promise<void> {
  const file = join(state, "credentials.json");
  if (existsSync(file)) return;
  const [catalog] = (await readWranglerConfig()).d1_databases;
  if (catalog === undefined) return;
  const made = await step("making the first account", () =>
    executeFirstAccount(catalog.database_name, ["--local", "--persist-to", state]),
  );
  writeFileSync(file, `${JSON.stringify({ url, ...made })}\n`, { mode: 0o600 });
  say(`credentials in ${file}`);
}
