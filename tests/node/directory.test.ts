import { afterAll, beforeAll, expect, it } from "vitest";
import { browser } from "./browser.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { launch, type Launched, temporaryState } from "./launched.ts";
import { openIdProvider, signInAt } from "./openid-provider.ts";
import { ownerOf } from "./owner.ts";

// An organisation connects its provider and its directory; one of its people comes, changes groups and goes.

const CLIENT = {
  client_id: "wishub",
  client_secret: "a secret of at least 32 characters, kept by both",
};
const state = temporaryState();
type Provider = { id: string; signInUrl: string; redirectUri: string };
type Resource = { id: string };

let product: Launched;
let idp: Awaited<ReturnType<typeof openIdProvider>>;
let provider: Provider;
let ownersKey: string;
let directorysKey: string;

const send = async (key: string, method: string, path: string, body?: unknown) =>
  await fetch(`${product.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const directory = async (method: string, path: string, body?: unknown) =>
  await send(directorysKey, method, `/scim/v2${path}`, body);

beforeAll(async () => {
  const alice = { name: "Alice", email: "alice@corp.example", groups: [] };
  idp = await openIdProvider({ alice, mallory: { ...alice, groups: ["Engineering"] } });
  product = launch({
    state: state.path,
    port: await freePort(),
    env: { WISHUB_EGRESS_ALLOW: idp.issuer },
  });
  await product.ready();
  ownersKey = ownerOf(state.path).apiKey;
  const made = await send(ownersKey, "POST", "/v1/identity-providers", {
    protocol: "oidc",
    name: "Corp",
    issuer: idp.issuer,
    clientId: CLIENT.client_id,
    clientSecret: CLIENT.client_secret,
    scopes: ["profile", "email", "groups"],
    provisioning: "scim",
    roles: [{ attribute: "groups", value: "Engineering", role: "member" }],
  });
  expect(made.status).toBe(201);
  provider = (await made.json()) as Provider;
  idp.register({ ...CLIENT, redirect_uris: [provider.redirectUri] });
  const key = await send(ownersKey, "POST", "/v1/keys", { name: "Directory", scopes: ["scim"] });
  directorysKey = ((await key.json()) as { apiKey: string }).apiKey;
}, 120_000);
afterAll(async () => {
  product.process.kill("SIGTERM");
  await product.ended;
  await idp.stop();
  state.remove();
});

async function signIn(login: string) {
  const one = browser();
  const isBack = (url: string) => url.startsWith(`${product.url}/`);
  const answer = await one.ask(await signInAt(one, provider.signInUrl, login, isBack));
  const current = await one.ask(`${product.url}/v1/sessions/current`);
  return {
    one,
    status: answer.status,
    who: (await current.json()) as { role?: string; principalId?: string },
  };
}
const patch = (path: string, ...Operations: object[]) => directory("PATCH", path, { Operations });

it("lets in whom the directory has put here, as what their groups make them, until it takes them out", async () => {
  const alice = (await (
    await directory("POST", "/Users", { userName: "alice@corp.example", externalId: "alice" })
  ).json()) as Resource;
  expect((await signIn("alice")).status, "she is in no group yet").toBe(403);

  const group = (await (
    await directory("POST", "/Groups", {
      displayName: "Engineering",
      members: [{ value: alice.id }],
    })
  ).json()) as Resource;
  const first = await signIn("alice");
  expect([first.status, first.who]).toMatchObject([303, { role: "member", principalId: alice.id }]);
  // The provider vouches for her, and says that she is in the group; the directory does not know her.
  expect((await signIn("mallory")).status).toBe(403);

  await patch(`/Users/${alice.id}`, { op: "Replace", path: "active", value: "False" });
  const session = () => first.one.ask(`${product.url}/v1/sessions/current`);
  expect((await session()).status).toBe(401);
  expect((await signIn("alice")).status).toBe(403);

  await patch(`/Users/${alice.id}`, { op: "replace", path: "active", value: true });
  expect((await session()).status, "her old session stays ended").toBe(401);
  const second = await signIn("alice");
  expect(second.who.principalId).toBe(alice.id);

  await patch(`/Groups/${group.id}`, { op: "remove", path: `members[value eq "${alice.id}"]` });
  const demoted = await second.one.ask(`${product.url}/v1/sessions/current`);
  expect(await demoted.json()).toMatchObject({ role: "viewer" });

  expect((await directory("DELETE", `/Users/${alice.id}`)).status).toBe(204);
  expect((await second.one.ask(`${product.url}/v1/sessions/current`)).status).toBe(401);
  expect((await signIn("alice")).status).toBe(403);
});

it("leaves what the directory did in the account's audit log, without a name", async () => {
  const text = await (await send(ownersKey, "GET", "/v1/audit?limit=100")).text();
  expect(text).toContain("directory.change");
  expect(text).not.toContain("alice");
  const verified = await (await send(ownersKey, "GET", "/v1/audit/verify")).json();
  expect(verified).toMatchObject({ valid: true });
});
