import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort, launch, type Launched, temporaryState } from "./launched.ts";
import { application, type OwnerKey, ownerOf, person } from "./oauth-person.ts";

// The public suite of the Model Context Protocol, as far as it tests an authorization server.

const SUITE = join(import.meta.dirname, "../../node_modules/.bin/conformance");
const state = temporaryState();
let product: Launched;
let owner: OwnerKey;

beforeAll(async () => {
  product = launch({ state: state.path, port: await freePort() });
  await product.ready();
  owner = ownerOf(state.path);
}, 120_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  state.remove();
});

/** Runs the suite; whatever it asks a person to open in a browser is opened and answered with yes. */
async function suite(args: string[]): Promise<{ code: number | null; output: string }> {
  const somebody = await person(owner);
  const child = spawn(process.execPath, [SUITE, "authorization", ...args]);
  let output = "";
  let asked: Promise<unknown> | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const address = /^(http\S+\/oauth\/authorize\?\S+)$/m.exec(output)?.[1];
      if (address === undefined) return;
      asked ??= somebody.answers(address).then((to) => fetch(to));
    });
  }
  const code = await new Promise<number | null>((done) => child.once("close", done));
  await asked;
  return { code, output };
}

it("passes every scenario for authorization servers", async () => {
  const port = await freePort();
  const redirect = `http://127.0.0.1:${port}/callback`;
  const { client_id } = await application(owner, ["authorization_code"], redirect);
  const { code, output } = await suite([
    `--url=${owner.url}`,
    `--client-id=${client_id}`,
    `--resource=${owner.url}/mcp`,
    `--port=${port}`,
  ]);
  expect(code, output).toBe(0);
  expect(output).toContain("✓ authorization-server-metadata-endpoint: 2 passed, 0 failed");
  expect(output).toContain("✓ authorization-code-grant: 1 passed, 0 failed");
  expect(output).toContain("Total: 3 passed, 0 failed");
}, 60_000);
