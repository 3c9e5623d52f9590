import { createServer, type Server } from "node:http";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { person, REDIRECT } from "./oauth-person.ts";
import { type OwnerKey, ownerOf } from "./owner.ts";

// An application that nobody registered: it names itself by the address where it describes itself.

const VERIFIER = "otters-hold-hands-while-they-sleep-so-that-none-drifts";
const state = temporaryState();
let product: Launched;
let owner: OwnerKey;
let somebody: Awaited<ReturnType<typeof person>>;
let application: Server;
let origin: string;
const asked: string[] = [];

beforeAll(async () => {
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  application = createServer((request, response) => {
    const address = request.url ?? "";
    asked.push(address);
    if (address === "/moved.json") return response.writeHead(302, { Location: "/good.json" }).end();
    const named = address === "/other.json" ? `${origin}/good.json` : `${origin}${address}`;
    return response.setHeader("Content-Type", "application/json").end(
      JSON.stringify({
        client_id: named,
        client_name: "Otter's notebook",
        redirect_uris: [REDIRECT],
        grant_types: ["authorization_code", "refresh_token"],
        padding: address === "/long.json" ? "x".repeat(20_000) : "",
      }),
    );
  });
  await new Promise<void>((done) => application.listen(port, "127.0.0.1", done));
  product = launch({
    state: state.path,
    port: await freePort(),
    env: { WISHUB_EGRESS_ALLOW: origin },
  });
  await product.ready();
  owner = ownerOf(state.path);
  somebody = await person(owner);
}, 120_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  application.close();
  state.remove();
});

function requestOf(clientId: string): string {
  const fields = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: REDIRECT,
    scope: "search",
    code_challenge: createHash("sha256").update(VERIFIER).digest("base64url"),
    code_challenge_method: "S256",
  };
  return `${owner.url}/oauth/authorize?${new URLSearchParams(fields).toString()}`;
}
const token = async (fields: Record<string, string>) =>
  await fetch(`${owner.url}/oauth/token`, { method: "POST", body: new URLSearchParams(fields) });

it("acts for a person who says yes, without a registration", async () => {
  const client_id = `${origin}/good.json`;
  const code = (await somebody.answers(requestOf(client_id))).searchParams.get("code") ?? "";
  const redeemed = await token({
    grant_type: "authorization_code",
    client_id,
    code,
    code_verifier: VERIFIER,
  });
  const tokens = (await redeemed.json()) as { access_token: string; refresh_token: string };
  const bearer = { headers: { Authorization: `Bearer ${tokens.access_token}` } };
  expect((await fetch(`${owner.url}/v1/sessions/current`, bearer)).status).toBe(200);
  const { refresh_token } = tokens;
  const refreshed = await token({ grant_type: "refresh_token", client_id, refresh_token });
  expect(refreshed.status).toBe(200);
  // Read once for all of it.
  expect(asked.filter((address) => address === "/good.json").length).toBe(1);
});

it("is nobody where its description is about another, leads elsewhere or has no end", async () => {
  for (const name of ["other.json", "moved.json", "long.json"]) {
    await expect(somebody.answers(requestOf(`${origin}/${name}`)), name).rejects.toThrow(
      "not known here",
    );
    expect(asked).toContain(`/${name}`);
  }
  // A private address that the operator has not opened is never asked.
  const closed = requestOf("http://127.0.0.1:1/client.json");
  await expect(somebody.answers(closed)).rejects.toThrow("not known here");
});

it("is not asked for by somebody who is not signed in", async () => {
  const page = await fetch(requestOf(`${origin}/unseen.json`));
  expect(await page.text()).toContain("One moment");
  expect(asked).not.toContain("/unseen.json");
});
