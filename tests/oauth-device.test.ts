import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { browserOf, formOf, registered, type Tokens } from "./oauth.ts";
import { call, misspelt, newAccount, ORIGIN, problemOf, type TestAccount } from "./helpers.ts";

const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
type Started = { device_code: string; user_code: string; interval: number };

let account: TestAccount;
let browser: Record<string, string>;
let clientId: string;
beforeAll(async () => {
  account = await newAccount();
  browser = await browserOf(account);
  clientId = await registered({ grant_types: [DEVICE, "refresh_token"], redirect_uris: [] });
});

async function started(more: Record<string, string> = {}): Promise<Started> {
  const fields = { client_id: clientId, scope: "search units:read", ...more };
  const answer = await formOf("/oauth/device_authorization", fields);
  expect(answer.status).toBe(200);
  return await answer.json<Started>();
}
const poll = (device_code: string, client_id = clientId) =>
  formOf("/oauth/token", { grant_type: DEVICE, client_id, device_code });
const errorOf = async (response: Response) => (await response.json<{ error: string }>()).error;
const answered = (user_code: string, decision: string, headers = browser) =>
  formOf("/oauth/device", { user_code, decision }, headers);
/** As if the device had not asked for a while. */
const later = () => env.CATALOG_0.prepare("UPDATE oauth_device SET polled_at_ms = NULL").run();

it("shows a code, waits for a person elsewhere, and then acts for them", async () => {
  const device = await started();
  expect(device).toMatchObject({
    verification_uri: `${ORIGIN}/oauth/device`,
    verification_uri_complete: `${ORIGIN}/oauth/device?user_code=${device.user_code}`,
    expires_in: 600,
    interval: 5,
  });
  expect(await errorOf(await poll(device.device_code))).toBe("authorization_pending");
  const page = await call("GET", `/oauth/device?user_code=${device.user_code}`, {
    headers: browser,
  });
  const text = await page.text();
  expect(text).toContain("Otter&#39;s notebook");
  expect(text).toContain("units:read");
  expect((await answered(device.user_code.toLowerCase().replace("-", ""), "allow")).status).toBe(
    200,
  );
  const tokens = await (await poll(device.device_code)).json<Tokens>();
  expect(tokens.scope).toBe("search units:read");
  const headers = { Authorization: `Bearer ${tokens.access_token}` };
  const who = await call("GET", "/v1/sessions/current", { headers });
  expect(await who.json()).toMatchObject({ accountId: account.accountId, kind: "token" });
});

it("makes a device that asks too often wait longer each time", async () => {
  const { device_code } = await started();
  expect(await errorOf(await poll(device_code))).toBe("authorization_pending");
  expect(await errorOf(await poll(device_code))).toBe("slow_down");
  const again = await poll(device_code);
  expect(await again.json()).toMatchObject({
    error: "slow_down",
    error_description: "ask every 15 seconds",
  });
  await later();
  expect(await errorOf(await poll(device_code))).toBe("authorization_pending");
});

it("takes a no, and a code that nobody answers", async () => {
  const refused = await started();
  await answered(refused.user_code, "deny");
  expect(await errorOf(await poll(refused.device_code))).toBe("access_denied");
  const late = await started();
  await env.CATALOG_0.prepare("UPDATE oauth_device SET expires_at_ms = ?").bind(Date.now()).run();
  expect(await errorOf(await poll(late.device_code))).toBe("expired_token");
  expect((await answered(late.user_code, "allow")).status).toBe(404);
});

it("is answered once, by somebody who is signed in here, with an answer", async () => {
  const { user_code } = await started();
  const { Cookie = "" } = browser;
  expect((await answered(user_code, "allow", {})).status).toBe(401);
  expect((await answered(user_code, "allow", { Cookie })).status).toBe(403);
  const evil = { Cookie, Origin: "https://evil.example" };
  expect((await answered(user_code, "allow", evil)).status).toBe(403);
  const neither = await answered("X", "perhaps");
  expect((await problemOf(neither)).errors?.map(({ pointer }) => pointer)).toEqual([
    "/user_code",
    "/decision",
  ]);
  expect((await answered("BBBB-BBBB", "allow")).status).toBe(404);
  expect((await answered(user_code, "allow")).status).toBe(200);
  expect((await answered(user_code, "deny")).status).toBe(404);
});

it("gives tokens once, to the client that asked, for the code it was given", async () => {
  const { user_code, device_code } = await started();
  await answered(user_code, "allow");
  const other = await registered({ grant_types: [DEVICE], redirect_uris: [] });
  expect(await errorOf(await poll(device_code, other))).toBe("invalid_grant");
  expect(await errorOf(await poll(misspelt(device_code)))).toBe("invalid_grant");
  const tokens = await (await poll(device_code)).json<Tokens>();
  expect(await errorOf(await poll(device_code))).toBe("invalid_grant");
  // A code that comes back was seen by somebody else: what it gave ends.
  const headers = { Authorization: `Bearer ${tokens.access_token}` };
  expect((await call("GET", "/v1/sessions/current", { headers })).status).toBe(401);
});

it("knows the command line without a registration, and takes a yes by API key", async () => {
  const device = await started({ client_id: "wishub-cli" });
  const headers = { Authorization: `Bearer ${account.apiKey}` };
  expect((await answered(device.user_code, "allow", headers)).status).toBe(200);
  const tokens = await (await poll(device.device_code, "wishub-cli")).json<Tokens>();
  const bearer = { headers: { Authorization: `Bearer ${tokens.access_token}` } };
  expect((await call("GET", "/v1/units", bearer)).status).toBe(200);
  const { items } = await (
    await account.call("GET", "/v1/oauth/grants")
  ).json<{ items: { clientName: string }[] }>();
  expect(items.map(({ clientName }) => clientName)).toContain("WisHub command line");
});

it("asks to sign in, and for a code where none was given", async () => {
  expect(await (await call("GET", "/oauth/device?again=1")).text()).toContain("Sign in first");
  const entry = await call("GET", "/oauth/device", { headers: browser });
  expect(await entry.text()).toContain('name="user_code"');
  const wrong = await call("GET", "/oauth/device?user_code=BBBB-BBBB", { headers: browser });
  expect(await wrong.text()).toContain("No device waits");
});

it("lets nobody try one code after the other until a device of somebody else is theirs", async () => {
  const guesser = await browserOf(await newAccount());
  const look = (user_code: string) =>
    call("GET", `/oauth/device?user_code=${user_code}`, { headers: guesser });
  const tried = await Promise.all(Array.from({ length: 40 }, () => look("BBBB-BBBB")));
  expect(new Set(tried.map(({ status }) => status))).toEqual(new Set([200]));
  const { user_code } = await started();
  expect((await problemOf(await look(user_code))).code).toBe("too-many-requests");
  expect((await answered(user_code, "allow", guesser)).status).toBe(429);
  expect((await answered(user_code, "deny")).status).toBe(200);
});
