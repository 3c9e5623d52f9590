// Runs on any Node ≥ 20 with nothing installed: brings the dependencies in, then hands over to scripts/<command>.ts,
// which run on the Node 24 that is one of those dependencies. So this file may import nothing but Node's own modules.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, mkdirSync, writeFileSync, rmSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const installing = join(modules, ".wishub-installing");
const LOCK_CHANGED = "the lock file has changed";
const node24 = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
const [command = "", ...rest] = process.argv.slice(2);

try {
  await main();
} catch (error) {
  console.error(`wishub: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

async function main() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20)
    throw new Error(`Node ${process.versions.node} is too old, WisHub needs Node 20 or newer.`);
  const script = join(root, "scripts", `${command}.ts`);
  if (!/^[a-z0-9-]+$/.test(command) || !existsSync(script)) {
    throw new Error(`there is no command "${command}", see package.json for those there are.`);
  }
  const missing = whatIsMissing();
  if (missing !== undefined) await install(missing);

  // npm puts node_modules/.bin first on the PATH, so after the first start this process already is Node 24
  // and what is served needs no second one.
  if (major >= 24 && command === "start") {
    process.argv = [process.argv[0] ?? "node", script, ...rest];
    await import(pathToFileURL(script).href);
  } else await handOver(script);
}

/** Compares the tree with the lock file, package by package, so a half-installed tree is seen before it fails oddly. */
function whatIsMissing() {
  if (!existsSync(modules)) return "dependencies are not there yet";
  if (existsSync(installing)) return "the last installation was cut off";
  const wanted = readJson(join(root, "package-lock.json"));
  const present = readJson(join(modules, ".package-lock.json"));
  if (wanted === undefined)
    throw new Error("package-lock.json is missing or damaged, restore it from the repository.");
  if (present === undefined) return "the last installation was cut off";
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (!path.includes("node_modules/") || entry.link) continue;
    const there = present.packages[path];
    if (there === undefined && entry.optional) continue; // for another platform
    if (there?.version !== entry.version) return LOCK_CHANGED;
    if (!existsSync(join(root, path, "package.json"))) return `${path} is missing`;
  }
  // Written by install scripts, so a tree may have all packages and still lack them.
  if (!isFile(node24)) return "Node 24 is missing from node_modules";
  return undefined;
}

async function install(reason) {
  console.log(`installing dependencies (${reason}) …`);
  const startedMs = Date.now();
  const progress = setInterval(() => {
    console.log(`installing dependencies … ${Math.round((Date.now() - startedMs) / 1000)} s`);
  }, 5_000);
  try {
    // A package may be there in part, which npm would not notice; only a changed lock file leaves whole ones behind.
    if (reason !== LOCK_CHANGED) rmSync(modules, { recursive: true, force: true });
    mkdirSync(modules, { recursive: true });
    writeFileSync(installing, "");
    await runNpm();
  } finally {
    clearInterval(progress);
  }
  rmSync(installing, { force: true });
  const stillMissing = whatIsMissing();
  if (stillMissing !== undefined) {
    throw new Error(`npm finished but ${stillMissing}; delete node_modules and run this again.`);
  }
  console.log(`installed dependencies in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}

function runNpm() {
  // ONNX Runtime's install script downloads CUDA, which is neither needed nor reachable everywhere.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  // npm must not run on the very Node that it is about to replace.
  env.PATH = (env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.startsWith(modules))
    .join(delimiter);
  const cli = process.execPath.startsWith(modules) ? undefined : process.env.npm_execpath;
  // Not `npm ci`: that refuses a lock file without the optional packages of platforms that a registry does not have.
  const args = [
    "install",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--loglevel=error",
  ];
  const child = cli?.endsWith(".js")
    ? spawn(process.execPath, [cli, ...args], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] })
    : spawn("npm", args, {
        cwd: root,
        env,
        stdio: ["ignore", "pipe", "pipe"],
        shell: process.platform === "win32",
      });
  let tail = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (tail = (tail + text).slice(-4_000)));
  }
  return new Promise((done, failed) => {
    child.once("error", (error) =>
      failed(
        new Error(
          error.code === "ENOENT" ? "npm is not on the PATH, install it with Node." : error.message,
        ),
      ),
    );
    child.once("close", (code, signal) => {
      if (code === 0) return done(undefined);
      const lines = tail
        .split("\n")
        .filter((line) => /^npm (error|ERR!)/.test(line) && !line.includes("complete log"));
      const why = lines
        .slice(0, 3)
        .map((line) => line.replace(/^npm (error|ERR!)\s*/, "").trim())
        .filter(Boolean)
        .join("; ");
      failed(
        new Error(
          `npm could not install the dependencies (${why || `it ended with ${signal ?? code}`}); run this again when that is solved.`,
        ),
      );
    });
  });
}

async function handOver(script) {
  const child = spawn(node24, [script, ...rest], {
    cwd: process.cwd(),
    stdio: "inherit",
    env: {
      ...process.env,
      WISHUB_BOOTSTRAP_PID: String(process.pid),
      PATH: `${join(modules, ".bin")}${delimiter}${process.env.PATH ?? ""}`,
    },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((done, failed) => {
    child.once("error", failed);
    child.once("exit", (...outcome) => done(outcome));
  });
  process.exit(code ?? (signal === "SIGINT" ? 130 : 1));
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function isFile(path) {
  return existsSync(path) && statSync(path).isFile();
}
