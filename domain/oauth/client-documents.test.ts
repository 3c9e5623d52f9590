import { expect, it } from "vitest";
import { clientOfDocument, isDocumentId } from "#domain/oauth/client-documents.ts";

const ID = "https://app.example/client.json";
const good = { client_id: ID, client_name: "App", redirect_uris: ["https://app.example/cb"] };
const read = (value: object, id = ID) =>
  clientOfDocument(id, new TextEncoder().encode(JSON.stringify(value)));

it("knows an address that is a name by its one spelling", () => {
  expect(isDocumentId(ID)).toBe(true);
  expect(isDocumentId("https://app.example/a?version=2")).toBe(true);
  for (const id of [
    "https://app.example",
    "https://app.example/",
    "https://app.example/a#b",
    "https://app.example/a/../b",
    "https://APP.example/a",
    "https://app.example:443/a",
    "https://user@app.example/a",
    "https://user:x@app.example/a",
    "ftp://app.example/a",
    "javascript://app.example/a",
    "o0_0000000000000000",
    `https://app.example/${"a".repeat(300)}`,
    "",
  ])
    expect(isDocumentId(id), id).toBe(false);
});

it("reads a client that has no secret and acts only for people who say so", () => {
  expect(read({ ...good, logo_uri: "https://app.example/l.png" })).toMatchObject({
    id: ID,
    name: "App",
    authMethod: "none",
    secretHash: null,
    accountId: null,
    grantTypes: ["authorization_code"],
  });
});

it("refuses a document about somebody else, with a secret, or for what needs an account", () => {
  const wrong = [
    { ...good, client_id: "https://elsewhere.example/client.json" },
    { ...good, client_id: undefined },
    { ...good, token_endpoint_auth_method: "client_secret_basic" },
    { ...good, token_endpoint_auth_method: "private_key_jwt" },
    { ...good, grant_types: ["client_credentials"] },
    { ...good, redirect_uris: [] },
    { ...good, redirect_uris: ["javascript:alert(1)"] },
    { ...good, scope: "everything" },
    [],
  ];
  for (const one of wrong) expect(read(one), JSON.stringify(one)).toBeNull();
  expect(clientOfDocument(ID, new TextEncoder().encode("{"))).toBeNull();
});
