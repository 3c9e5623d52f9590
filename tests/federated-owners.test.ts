import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import { servicesOf } from "#adapters/index.ts";
import { type Identity, signInByProvider } from "#domain/federation/identity.ts";
import { call, isolate, newAccount, problemOf } from "./helpers.ts";
import { signedIn } from "./people.ts";
import { joined } from "./people-invited.ts";
import { directoryOf, putUser } from "./scim.ts";

const outside = inject("outside");
const at = isolate({ WISHUB_EGRESS_ALLOW: outside });
const OIDC = { protocol: "oidc", name: "Corp", issuer: outside, clientId: "wishub" };

it("lets nobody become an owner by what a directory calls them", async () => {
  const account = await newAccount();
  const input = { ...OIDC, provisioning: "scim", defaultRole: "member", linkAttribute: "email" };
  const made = await at(account, "POST", "/v1/identity-providers", input);
  const { id } = await made.json<{ id: string }>();
  const directory = await directoryOf(account);
  const [owner, member] = [
    await putUser(directory, "owner@corp.example"),
    await putUser(directory, "member@corp.example"),
  ];
  await account.call("PATCH", `/v1/members/${owner.id}`, { body: { role: "owner" } });
  const { federation } = servicesOf(env);
  const provider = await federation.provider(id);
  if (provider === null) throw new Error("no provider");
  const vouched = (email: string): Identity => ({
    subject: `subject of ${email}`,
    attributes: new Map([["email", [email]]]),
    name: "",
    email,
    secondFactor: true,
  });
  const signIn = (email: string) =>
    signInByProvider(federation, provider, vouched(email), Date.now());
  expect(await signIn("owner@corp.example")).toMatchObject({
    ok: false,
    error: { code: "sign-in-refused" },
  });
  expect(await signIn("member@corp.example")).toMatchObject({
    ok: true,
    value: { principal: { principalId: member.id, role: "member" } },
  });
});

it("lets no administrator connect or change a provider, by which they could sign in as an owner", async () => {
  const account = await newAccount();
  const { id } = await (
    await at(account, "POST", "/v1/identity-providers", OIDC)
  ).json<{ id: string }>();
  const admin = await joined(account, "admin");
  const { headers } = await signedIn(admin);
  await env.CATALOG_0.prepare("UPDATE session SET factor_at_ms = ? WHERE person_id = ?")
    .bind(Date.now(), admin.personId)
    .run();
  const patch = { body: { enabled: false }, headers: { ...headers, "If-Match": "*" } };
  for (const answer of [
    await call("POST", "/v1/identity-providers", { body: OIDC, headers }),
    await call("PATCH", `/v1/identity-providers/${id}`, patch),
    await call("DELETE", `/v1/identity-providers/${id}`, { headers }),
  ])
    expect((await problemOf(answer)).code).toBe("forbidden");
  expect((await call("GET", "/v1/identity-providers", { headers })).status).toBe(200);
});
