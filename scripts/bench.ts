import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { inRoot } from "./launch/paths.ts";
import { buildAll } from "./build.ts";

/** What `npm run bench` prints when no name is given, in this order. */
const EVERYDAY = [
  "retrieval",
  "search",
  "publish",
  "beside-embedding",
  "embed",
  "gpu",
  "search-memory",
  "rules",
];

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const flags = process.argv.slice(2).filter((argument) => argument.startsWith("--"));
const known = readdirSync(inRoot("bench"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => file.slice(0, -3));

const unknown = names.find((name) => !known.includes(name));
if (unknown !== undefined) {
  process.stderr.write(
    `wishub: there is no benchmark "${unknown}"; there are ${known.join(", ")}\n`,
  );
  process.exit(1);
}

await buildAll();
let failed = 0;
for (const name of names.length > 0 ? names : EVERYDAY.filter((each) => known.includes(each))) {
  process.stdout.write(`\n# ${name}\n`);
  const child = spawn(process.execPath, [inRoot("bench", `${name}.ts`), ...flags], {
    stdio: "inherit",
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) failed++;
}
process.exit(failed > 0 ? 1 : 0);
