#!/usr/bin/env node
// Runs cli/main.ts, which needs a Node that reads TypeScript: this one, or the one that npm installed beside us.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  const { run } = await import("./main.ts");
  await run();
} else {
  const node = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
  if (existsSync(node)) {
    const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: "inherit",
    });
    // The terminal signals the child itself; it decides when to end, and we end with it.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
      process.on(signal, () => process.stdin.isTTY || child.kill(signal));
    child.on("exit", (code, signal) =>
      signal === null ? process.exit(code ?? 1) : process.exit(130),
    );
  } else {
    process.stderr.write(
      "wishub: the dependencies are not installed yet. Run `npm start` once, or `npm ci`.\n",
    );
    process.exitCode = 1;
  }
}
