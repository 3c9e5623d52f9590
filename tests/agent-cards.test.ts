import { env } from "cloudflare:workers";
import { verifyAgentCardSignature } from "@a2a-js/sdk";
import { base64url, createLocalJWKSet, flattenedVerify, type JSONWebKeySet } from "jose";
import { expect, it } from "vitest";
import type { AgentCard } from "#domain/a2a/card.ts";
import { canonicalCard, cardStanding } from "#domain/a2a/card-signature.ts";
import { servicesOf } from "#adapters/index.ts";
import { call, newAccount, ORIGIN, type TestAccount } from "./helpers.ts";

const otter = {
  name: "Otter",
  type: "query",
  description: "Finds otters by the sounds they make.",
  capabilities: ["find-otters", "audio/listen"],
  visibility: "listed",
};
const registered = async (account: TestAccount, body: object = otter) => {
  const made = await account.call("POST", "/v1/agents", { body });
  expect(made.status).toBe(201);
  return (await made.json<{ id: string }>()).id;
};
const cardAt = (id: string) => `/a2a/${id}/.well-known/agent-card.json`;
const keys = async () => await (await call("GET", "/.well-known/jwks.json")).json<JSONWebKeySet>();
const keyNamed = async (kid: string) => (await keys()).keys.find((key) => key.kid === kid) ?? null;

it("shows a listed agent's card to everybody, signed so that the official SDK believes it", async () => {
  const account = await newAccount();
  const id = await registered(account);
  const answer = await call("GET", cardAt(id));
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Cache-Control")).toBe("public, max-age=60");
  const card = await answer.json<AgentCard>();
  expect(card).toMatchObject({
    name: "Otter",
    description: otter.description,
    version: "1",
    provider: { organization: account.accountId, url: ORIGIN },
    supportedInterfaces: [
      { url: `${ORIGIN}/a2a/${id}`, protocolBinding: "JSONRPC", protocolVersion: "1.0" },
      { url: `${ORIGIN}/a2a/${id}/rest`, protocolBinding: "HTTP+JSON", protocolVersion: "1.0" },
    ],
  });
  expect(card.skills.map((skill) => skill.id)).toEqual(otter.capabilities);
  const find = async (kid: string) => {
    const key = await keyNamed(kid);
    if (key === null) throw new Error("not among the keys shown");
    return key;
  };
  // Their type says that everything optional is there; what travels is the JSON form.
  const verify = verifyAgentCardSignature(find) as (card: unknown) => Promise<void>;
  await expect(verify(card)).resolves.toBeUndefined();
  await expect(verify({ ...card, description: "Sells otters." })).rejects.toThrow();
  expect(await cardStanding(card, keyNamed)).toBe("signed");
});

it("says where the key of a card is, by an address of its own", async () => {
  const account = await newAccount();
  const card = await (await call("GET", cardAt(await registered(account)))).json<AgentCard>();
  const { protected: header = "" } = card.signatures?.[0] ?? {};
  const { jku, alg, typ } = JSON.parse(
    atob(header.replaceAll("-", "+").replaceAll("_", "/")),
  ) as Record<string, string>;
  expect([jku, alg, typ]).toEqual([`${ORIGIN}/.well-known/jwks.json`, "ES256", "JOSE"]);
});

it("gives a card another version and tag with every change, and 304 to who has it", async () => {
  const account = await newAccount();
  const id = await registered(account);
  const first = await call("GET", cardAt(id));
  const tag = first.headers.get("ETag") ?? "";
  const again = () => call("GET", cardAt(id), { headers: { "If-None-Match": tag } });
  expect((await again()).status).toBe(304);
  const changed = await account.call("PATCH", `/v1/agents/${id}`, {
    body: { description: "Hears otters." },
    headers: { "If-Match": "*" },
  });
  expect(changed.status).toBe(200);
  const second = await again();
  expect(second.status).toBe(200);
  expect(second.headers.get("ETag")).not.toBe(tag);
  expect(await second.json()).toMatchObject({ version: "2", description: "Hears otters." });
});

it("shows a private agent's card to its account alone", async () => {
  const [account, stranger] = [await newAccount(), await newAccount()];
  const id = await registered(account, { ...otter, visibility: "private" });
  expect((await call("GET", cardAt(id))).status).toBe(404);
  expect((await stranger.call("GET", `/v1/agents/${id}/card`)).status).toBe(404);
  const own = await account.call("GET", `/v1/agents/${id}/card`);
  expect(own.status).toBe(200);
  expect(own.headers.get("Cache-Control")).toBe("private, no-cache");
  expect(await cardStanding(await own.json(), keyNamed)).toBe("signed");
});

it("shows no card of an agent that is retired or in quarantine", async () => {
  const account = await newAccount();
  for (const verb of ["retire", "quarantine"]) {
    const id = await registered(account, { ...otter, name: `To ${verb}` });
    expect((await call("GET", cardAt(id))).status).toBe(200);
    const body = verb === "quarantine" ? { reason: "Test" } : undefined;
    expect((await account.call("POST", `/v1/agents/${id}/${verb}`, { body })).status).toBe(200);
    expect((await call("GET", cardAt(id))).status, verb).toBe(404);
  }
});

it("has a card of its own, signed, with the four skills of the platform", async () => {
  const answer = await call("GET", "/.well-known/agent-card.json");
  const card = await answer.json<AgentCard>();
  expect(card.name).toBe("WisHub");
  expect(new Set(card.skills.map(({ id }) => id))).toEqual(
    new Set(["publish", "search", "verify", "match"]),
  );
  expect(card.supportedInterfaces.map(({ url }) => url)).toEqual([
    `${ORIGIN}/a2a`,
    `${ORIGIN}/a2a/rest`,
  ]);
  expect(await cardStanding(card, keyNamed)).toBe("signed");
});

it("signs cards with the keys of tokens, so that no card is a token and no token a card", async () => {
  const card = await (await call("GET", "/.well-known/agent-card.json")).json<AgentCard>();
  const [signature] = card.signatures ?? [];
  const payload = base64url.encode(canonicalCard(card));
  const jws = {
    protected: signature?.protected ?? "",
    signature: signature?.signature ?? "",
    payload,
  };
  await flattenedVerify(jws, createLocalJWKSet(await keys())); // it is a good JWS
  const compact = [jws.protected, jws.payload, jws.signature].join(".");
  expect(await servicesOf(env).oauth.verified(compact, Date.now())).toBeNull();
});

it("names itself and its listed agents in the manifest, under both names", async () => {
  const account = await newAccount();
  const [listed, hidden] = [
    await registered(account, { ...otter, name: "In the manifest" }),
    await registered(account, { ...otter, name: "Hidden", visibility: "private" }),
  ];
  const { listedAgents } = servicesOf(env).agents;
  const named = await listedAgents(1_000);
  expect(named.map(({ id }) => id)).toContain(listed);
  expect(named.map(({ id }) => id)).not.toContain(hidden);
  const texts = await Promise.all(
    ["ard", "ai-catalog"].map(async (name) => {
      const answer = await call("GET", `/.well-known/${name}.json`);
      expect([answer.status, answer.headers.get("Access-Control-Allow-Origin")]).toEqual([
        200,
        "*",
      ]);
      return await answer.text();
    }),
  );
  expect(texts[0]).toBe(texts[1]);
  const { entries } = JSON.parse(texts[0] ?? "") as {
    entries: { identifier: string; url?: string; data?: object; type: string }[];
  };
  // Either the document or where it is, never both (section 4.3).
  for (const { url, data } of entries) expect([url, data]).toContain(undefined);
  for (const { url, data } of entries) expect(url ?? data).toBeDefined();
  for (const { identifier } of entries)
    expect(identifier).toMatch(/^urn:air:[a-zA-Z0-9.-]+(:[a-zA-Z0-9._-]+)+$/);
  expect(entries[0]?.url).toBe(`${ORIGIN}/.well-known/agent-card.json`);
});
