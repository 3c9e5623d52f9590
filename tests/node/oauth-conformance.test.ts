import { spawn } from "node:child_process";
import { join } from "node:path";
import {
  Client,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { application, person, REDIRECT } from "./oauth-person.ts";
import { type OwnerKey, ownerOf } from "./owner.ts";

// The public suite of the Model Context Protocol, as far as it tests an authorization server; and what it tests of clients,
// played by the official one against us: discovery, registration, consent, the token's resource, and stepping up.

const SUITE = join(
  import.meta.dirname,
  "../../node_modules/@modelcontextprotocol/conformance/dist/index.js",
);
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

/** An outside application as the official client runs it: it discovers, registers, sends its person to a page and comes back. */
function outsider(url: string) {
  let information: StoredOAuthClientInformation | undefined;
  let tokens: StoredOAuthTokens | undefined;
  let discovered: OAuthDiscoveryState | undefined;
  let verifier = "";
  let asked: URL | undefined;
  const provider: OAuthClientProvider = {
    redirectUrl: REDIRECT,
    clientMetadata: {
      client_name: "Outside notebook",
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
    },
    clientInformation: () => information,
    saveClientInformation: (given) => void (information = given),
    tokens: () => tokens,
    saveTokens: (given) => void (tokens = given),
    redirectToAuthorization: (address) => void (asked = address),
    saveCodeVerifier: (given) => void (verifier = given),
    codeVerifier: () => verifier,
    discoveryState: () => discovered,
    saveDiscoveryState: (given) => void (discovered = given),
  };
  const transport = () =>
    new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { authProvider: provider });
  return {
    transport,
    client: () =>
      new Client({ name: "notebook", version: "1" }, { versionNegotiation: { mode: "auto" } }),
    /** What it asks its person for, and where. */
    asked: () => asked?.searchParams,
    async consents(): Promise<void> {
      const answered = await (await person(owner)).answers(asked ?? "");
      await transport().finishAuth(answered.searchParams);
    },
  };
}

it("lets an outside MCP client in by its person's consent, who publishes and finds a unit, and steps up", async () => {
  const app = outsider(owner.url);
  await expect(app.client().connect(app.transport())).rejects.toThrow(UnauthorizedError);
  expect(app.asked()?.get("resource")).toBe(`${owner.url}/mcp`);
  expect(app.asked()?.get("scope")).toBe("search units:read units:write agents");
  await app.consents();

  const client = app.client();
  await client.connect(app.transport());
  const made = await client.callTool({
    name: "publish_unit",
    arguments: {
      title: "Otters carry a favourite stone",
      body: "They keep it in a pouch of skin.",
    },
  });
  const { id } = made.structuredContent as { id: string };
  await vi.waitFor(
    async () => {
      const found = await client.callTool({
        name: "search",
        arguments: { query: "which tool do otters keep on them" },
      });
      const { hits } = found.structuredContent as { hits: { unitId: string }[] };
      expect(hits.map(({ unitId }) => unitId)).toContain(id);
    },
    { timeout: 30_000, interval: 500 },
  );

  const verify = { name: "get_audit_verify", arguments: {} };
  await expect(client.callTool(verify)).rejects.toThrow();
  expect(app.asked()?.get("scope")?.split(" ")).toContain("audit");
  await app.consents();
  const stepped = app.client();
  await stepped.connect(app.transport());
  expect((await stepped.callTool(verify)).structuredContent).toMatchObject({ valid: true });
}, 90_000);
