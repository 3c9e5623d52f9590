import { beforeAll, expect, it } from "vitest";
import { formOf, grantedTo, makeClient, registered, type Tokens } from "./oauth.ts";
import { newAccount, type TestAccount } from "./helpers.ts";

type Entry = {
  phase: string;
  action: string;
  actor: { id: string; credential?: string };
  resource: { type: string; id?: string };
  status?: number;
  detail?: Record<string, unknown>;
};

let account: TestAccount;
let clientId: string;
beforeAll(async () => {
  account = await newAccount();
  clientId = await registered();
});

const entries = async (action: string) => {
  const page = await account.call("GET", `/v1/audit?action=${action}&limit=100`);
  return (await page.json<{ items: Entry[] }>()).items;
};

it("records who let which application do what, before and after", async () => {
  await grantedTo(account, clientId);
  const found = await entries("grant.make");
  expect(found.map(({ phase }) => phase).toSorted((a, b) => a.localeCompare(b))).toEqual([
    "intent",
    "outcome",
  ]);
  expect(found.find(({ phase }) => phase === "outcome")).toMatchObject({
    status: 303,
    detail: { client: clientId, scopes: ["search", "units:read"], decision: "allow" },
  });
});

it("records that a client was made, and never its secret", async () => {
  const client = await makeClient(account, { scope: "search" });
  const found = await entries("client.make");
  expect(found.find(({ phase }) => phase === "outcome")?.detail).toMatchObject({
    client: client.id,
    scopes: ["search"],
  });
  expect(JSON.stringify(found)).not.toContain(client.secret.slice(-38));
});

it("records that a refresh token came back, once for the family that it ended", async () => {
  const first = await grantedTo(account, clientId);
  const refresh = (refresh_token: string) =>
    formOf("/oauth/token", { grant_type: "refresh_token", client_id: clientId, refresh_token });
  await (await refresh(first.refresh_token)).json<Tokens>();
  for (let again = 0; again < 3; again++)
    expect((await refresh(first.refresh_token)).status).toBe(400);
  const found = await entries("grant.replayed");
  expect(found).toMatchObject([
    { phase: "noted", actor: { id: "system" }, resource: { type: "grant" } },
  ]);
});
