import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { exports } from "cloudflare:workers";
import { ORIGIN } from "./helpers.ts";

/** The revisions that clients speak: the one of today, and the last that shook hands. */
export const REVISIONS = ["2026-07-28", "2025-11-25"] as const;
export type Revision = (typeof REVISIONS)[number];

/** The official client, connected to the product with a key or a token. */
export async function connected(credential: string, revision: Revision): Promise<Client> {
  const client = new Client(
    { name: "otter", version: "1" },
    {
      versionNegotiation:
        revision === "2025-11-25" ? { mode: "legacy" } : { mode: { pin: revision } },
    },
  );
  const transport = new StreamableHTTPClientTransport(new URL(`${ORIGIN}/mcp`), {
    requestInit: { headers: { Authorization: `Bearer ${credential}` } },
    fetch: async (url, init) => await exports.default.fetch(new Request(url, init)),
  });
  await client.connect(transport);
  return client;
}
