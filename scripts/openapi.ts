import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { format } from "oxfmt";
import { inRoot } from "./launch/paths.ts";
import { command, isCommand, say } from "./launch/say.ts";
import { typesOf } from "./openapi-types.ts";

/** What the document does not depend on, so that the app loads in Node: the runtime's own modules and compiled kernels. */
const STAND_INS =
  "export class DurableObject {} export class WorkerEntrypoint {} export class RpcTarget {} export const env = {}; export default undefined;";

registerHooks({
  resolve: (specifier, context, next) =>
    isForeign(specifier)
      ? { url: `stand-in:${specifier}`, shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url.startsWith("stand-in:")
      ? { format: "module", source: STAND_INS, shortCircuit: true }
      : next(url, context),
});

const isForeign = (specifier: string) =>
  specifier.startsWith("cloudflare:") || specifier.endsWith(".wasm");

/** The product's own OpenAPI document, asked of the app without a server. */
export async function openApiDocument(): Promise<unknown> {
  const { app } = (await import("#workers/http/app.ts")) as {
    app: { request(path: string, init: object, env: object): Promise<Response> };
  };
  const response = await app.request(
    "/openapi.json",
    {},
    {
      WISHUB_PUBLIC_URL: "http://127.0.0.1:8787",
      WISHUB_SIGNUP: "invite",
      WISHUB_EGRESS_ALLOW: "",
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
