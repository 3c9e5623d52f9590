import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { expect, it } from "vitest";
import type { KeyView } from "#domain/accounts/keys.ts";
import { app } from "#workers/http/app.ts";
import { newAccount, ORIGIN, problemOf, unobserved } from "./helpers.ts";
import { formOf } from "./oauth.ts";

type Made = KeyView & { apiKey: string };
type Place = { peer?: string; forwarded?: string };
const PROXY = "10.0.0.2:40312";

/** A product that believes the proxies at 10.0.0.0/8. */
const behindProxy = { ...unobserved, WISHUB_TRUSTED_PROXY: "10.0.0.0/8" } as Env;

async function ask(
  apiKey: string,
  { peer = PROXY, forwarded = "" }: Place,
  [method, path, body]: [string, string, object?],
  bindings = behindProxy,
): Promise<Response> {
  const request = new Request(`${ORIGIN}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${apiKey}`,
      "Content-Type": "application/json",
      "X-Forwarded-For": forwarded,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    cf: { clientIp: peer } as RequestInitCfProperties,
  });
  const context = createExecutionContext();
  const response = await app.fetch(request, bindings, context);
  await waitOnExecutionContext(context);
  return response;
}

const anywhere = { forwarded: "198.51.100.1" };
async function make(apiKey: string, networks: string[] | undefined, from: Place = anywhere) {
  const body = { name: "Bound", scopes: ["keys", "search"], ...(networks && { networks }) };
  return await ask(apiKey, from, ["POST", "/v1/keys", body]);
}
const who: [string, string] = ["GET", "/v1/sessions/current"];

it("lets a key work from its networks and nowhere else, and says no more than to a stranger", async () => {
  const account = await newAccount();
  const made = await make(account.apiKey, ["192.0.2.0/24", "2001:db8::/48"]);
  expect(made.status).toBe(201);
  const { apiKey } = await made.json<Made>();
  const status = async (place: Place) => (await ask(apiKey, place, who)).status;
  expect(await status({ forwarded: "192.0.2.77" })).toBe(200);
  expect(await status({ forwarded: "2001:db8::1" })).toBe(200);
  expect(await status({ forwarded: "::ffff:192.0.2.1" })).toBe(200);
  for (const place of [
    { forwarded: "192.0.3.1" },
    { forwarded: "192.0.2.1, 192.0.3.1" },
    { forwarded: "" },
    { forwarded: "192.0.2.1", peer: "203.0.113.5:99" },
  ])
    expect(await status(place), JSON.stringify(place)).toBe(401);
  const refused = await problemOf(await ask(apiKey, { forwarded: "192.0.3.1" }, who));
  const stranger = await problemOf(await ask("wh0_x", { forwarded: "192.0.3.1" }, who));
  expect({ ...refused, instance: "" }).toEqual({ ...stranger, instance: "" });
});

it("opens no session with a key from elsewhere, and lets none of its sessions travel", async () => {
  const account = await newAccount();
  const { apiKey } = await (await make(account.apiKey, ["192.0.2.0/24"])).json<Made>();
  const signIn = async (forwarded: string) =>
    await app.fetch(
      new Request(`${ORIGIN}/v1/sessions`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Forwarded-For": forwarded },
        body: JSON.stringify({ apiKey }),
        cf: { clientIp: PROXY } as RequestInitCfProperties,
      }),
      behindProxy,
      createExecutionContext(),
    );
  expect((await signIn("192.0.3.1")).status).toBe(401);
  const session = await signIn("192.0.2.1");
  expect(session.status).toBe(201);
  const Cookie = session.headers.get("Set-Cookie")?.split(";")[0] ?? "";
  const use = async (forwarded: string) => {
    const request = new Request(`${ORIGIN}/v1/sessions/current`, {
      headers: { Cookie, "X-Forwarded-For": forwarded },
      cf: { clientIp: PROXY } as RequestInitCfProperties,
    });
    return (await app.fetch(request, behindProxy, createExecutionContext())).status;
  };
  expect([await use("192.0.2.9"), await use("192.0.3.1")]).toEqual([200, 401]);
});

it("binds what a bound key makes to the same networks or narrower ones", async () => {
  const account = await newAccount();
  const inside = { forwarded: "192.0.2.1" };
  const { apiKey } = await (await make(account.apiKey, ["192.0.2.0/24"])).json<Made>();
  const inherited = await (await make(apiKey, undefined, inside)).json<Made>();
  expect(inherited.networks).toEqual(["192.0.2.0/24"]);
  expect((await make(apiKey, ["192.0.2.128/25"], inside)).status).toBe(201);
  for (const networks of [["192.0.0.0/16"], ["0.0.0.0/0"], ["192.0.2.0/24", "::/0"]]) {
    const refused = await make(apiKey, networks, inside);
    expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("/networks");
  }
});

it("refuses networks where nobody who is believed tells addresses, and what is no network", async () => {
  const account = await newAccount();
  const body = { name: "Bound", scopes: ["search"], networks: ["192.0.2.0/24"] };
  const refused = await account.call("POST", "/v1/keys", { body });
  expect((await problemOf(refused)).errors?.[0]?.pointer).toBe("/networks");
  for (const network of ["10.0.0.1/8", "example.org", "10.0.0.0/33"]) {
    const wrong = await make(account.apiKey, [network]);
    expect((await problemOf(wrong)).errors?.[0]?.pointer, network).toBe("/networks/0");
  }
});

it("stops a bound key where addresses are not known any more", async () => {
  const account = await newAccount();
  const { apiKey } = await (await make(account.apiKey, ["192.0.2.0/24"])).json<Made>();
  const place = { forwarded: "192.0.2.1" };
  expect((await ask(apiKey, place, who)).status).toBe(200);
  const untold = { ...unobserved, WISHUB_TRUSTED_PROXY: "" } as Env;
  expect((await ask(apiKey, place, who, untold)).status).toBe(401);
});

it("gives no token in the name of a bound key: it would work anywhere", async () => {
  const account = await newAccount();
  const tokenBy = async (apiKey: string) => {
    const client = { grant_types: ["client_credentials"], scope: "search" };
    const place = { forwarded: "192.0.2.1" };
    const made = await ask(apiKey, place, ["POST", "/v1/oauth/clients", client]);
    expect(made.status).toBe(201);
    const { client_id, client_secret } = await made.json<Record<string, string>>();
    const header = { Authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` };
    return (await formOf("/oauth/token", { grant_type: "client_credentials" }, header)).status;
  };
  const bound = await (await make(account.apiKey, ["192.0.2.0/24"])).json<Made>();
  expect(await tokenBy(account.apiKey)).toBe(200);
  expect(await tokenBy(bound.apiKey)).toBe(401);
});
