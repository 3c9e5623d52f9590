import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { format } from "oxfmt";
import { inRoot } from "./launch/paths.ts";
import { command, isCommand, say } from "./launch/say.ts";
import { typesOf } from "./openapi-types.ts";

const isForeign = (specifier: string) =>
  specifier.startsWith("cloudflare:") || specifier.endsWith(".wasm");

// The runtime's own modules and the compiled kernels have no part in the document, so that the app loads in Node with
// an empty class for each name that a file imports from them.
registerHooks({
  resolve: (specifier, context, next) => {
    if (!isForeign(specifier)) return next(specifier, context);
    const names = importedNames(context.parentURL, specifier).join(",");
    return { url: `stand-in:${encodeURIComponent(specifier)}?${names}`, shortCircuit: true };
  },
  load: (url, context, next) => {
    if (!url.startsWith("stand-in:")) return next(url, context);
    const names = (url.split("?")[1] ?? "").split(",").filter((name) => name !== "");
    const source = names.map((name) => `export class ${name} {}`).join("\n");
    return { format: "module", source: `${source}\nexport default undefined;`, shortCircuit: true };
  },
});

function importedNames(parentUrl: string | undefined, specifier: string): string[] {
  if (parentUrl?.startsWith("file:") !== true) return [];
  const source = readFileSync(new URL(parentUrl), "utf8");
  const imports = source.matchAll(/import \{([^}]*)\} from "([^"]+)"/g);
  return [...imports]
    .filter(([, , from]) => from === specifier)
    .flatMap(([, names = ""]) => names.split(","))
    .map((name) => name.trim().split(" as ")[0] ?? "")
    .filter((name) => name !== "" && !name.startsWith("type "));
}

/** The product's own OpenAPI document, asked of the app without a server. */
export async function openApiDocument(): Promise<unknown> {
  // Named by a variable: the Worker is checked with the Worker's own types, not with Node's.
  const module: string = "#workers/http/app.ts";
  const { app } = (await import(module)) as {
    app: { request(path: string, init: object, env: object): Promise<Response> };
  };
  const response = await app.request(
    "/openapi.json",
    {},
    {
      WISHUB_PUBLIC_URL: "http://127.0.0.1:8787",
      WISHUB_SIGNUP: "invite",
      WISHUB_EGRESS_ALLOW: "",
      WISHUB_OBSERVING: "0",
    },
  );
  if (!response.ok)
    throw new Error(`/openapi.json answers ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Writes openapi.json and sdk/types.ts; with `check` only says whether they are as they should be. */
export async function generate(check: boolean): Promise<boolean> {
  const document = await openApiDocument();
  const files = {
    "openapi.json": `${JSON.stringify(document, null, 2)}\n`,
    "sdk/types.ts": typesOf(document),
  };
  let same = true;
  for (const [name, text] of Object.entries(files)) {
    const { code } = await format(name, text);
    if (existsSync(inRoot(name)) && readFileSync(inRoot(name), "utf8") === code) continue;
    same = false;
    if (!check) writeFileSync(inRoot(name), code);
    say(
      check ? `${name} is not what the routes say: run node scripts/openapi.ts` : `${name} written`,
    );
  }
  return same;
}

if (isCommand(import.meta)) {
  await command(async () => {
    const check = process.argv.includes("--check");
    if (!(await generate(check)) && check) process.exitCode = 1;
  });
}
