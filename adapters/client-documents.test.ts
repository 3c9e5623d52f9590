import { expect, it } from "vitest";
import { ok } from "#domain/shared/result.ts";
import type { Egress } from "#adapters/egress.ts";
import { clientDocuments } from "#adapters/client-documents.ts";

/** Every address describes the client of its own name. */
const web: Egress = async (url) => {
  const described = { client_id: String(url), redirect_uris: ["https://app.example/back"] };
  const body = new TextEncoder().encode(JSON.stringify(described));
  return ok({ status: 200, headers: new Headers(), body });
};
const OURS = "https://app.example/client.json";

it("reads a client that holds a grant, however many others were named before", async () => {
  const client = clientDocuments(web, async (id) => id === OURS);
  let read = 0;
  for (let i = 0; i < 200; i++)
    if ((await client(`https://h${i}.example/x.json`, 1_000_000)) !== null) read++;
  expect(read).toBe(60);
  expect((await client(OURS, 1_000_000))?.id).toBe(OURS);
});

it("asks one host so often a minute, and others as before", async () => {
  const client = clientDocuments(web, async () => false);
  let read = 0;
  for (let i = 0; i < 50; i++)
    if ((await client(`https://one.example/${i}.json`, 1_000_000)) !== null) read++;
  expect(read).toBe(20);
  expect(await client("https://two.example/x.json", 1_000_000)).not.toBeNull();
});
