import { UsageError, type Command } from "#cli/command.ts";
import { harmless, padEnd, widthOf } from "#cli/terminal.ts";

const KEYS_MAX = 1_000;

export const createKey: Command = {
  name: "keys create",
  summary: "Make an API key. It is shown this one time.",
  takes: ["NAME"],
  flags: {
    scopes: {
      type: "text",
      value: "A,B",
      help: "what it may do: search, units:read, units:write, keys, admin, … (default: search,units:read)",
    },
    expires: {
      type: "text",
      value: "TIME",
      help: "when it ends, for example 2027-01-31T00:00:00Z (default: never)",
    },
    networks: {
      type: "text",
      value: "A,B",
      help: "where it may be used from, for example 192.0.2.0/24 (default: anywhere)",
    },
  },
  examples: ["wishub keys create reader --scopes search,units:read"],
  async run({ args, flags, client, terminal, json }) {
    const expiresAt = flags.text("expires");
    if (expiresAt !== undefined && Number.isNaN(Date.parse(expiresAt)))
      throw new UsageError(`"${expiresAt}" is not a time`);
    const networks = flags.list("networks");
    const key = await client().createKey({
      name: args[0] ?? "",
      // The server says which scopes there are.
      scopes: (flags.list("scopes") ?? ["search", "units:read"]) as Parameters<
        ReturnType<typeof client>["createKey"]
      >[0]["scopes"],
      ...(expiresAt !== undefined && { expiresAt }),
      ...(networks !== undefined && { networks }),
    });
    await terminal.out(json ? `${JSON.stringify(key)}\n` : `${key.apiKey}\n`);
    if (!json) terminal.err(`key ${key.id}: keep it now, it is not shown again\n`);
    return 0;
  },
};

export const listKeys: Command = {
  name: "keys list",
  summary: "List the account's API keys.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const api = client();
    const first = await api.keys({ limit: 100 });
    const items = first.items;
    for (let cursor = first.nextCursor; cursor && items.length < KEYS_MAX;) {
      const next = await api.keys({ limit: 100, cursor });
      items.push(...next.items);
      cursor = next.nextCursor;
    }
    if (json) {
      await terminal.out(`${JSON.stringify({ items })}\n`);
      return 0;
    }
    const left = Math.max(0, ...items.map((key) => widthOf(harmless(key.name))));
    const lines = items.map(
      (key) =>
        `${style(key.id, "cyan")}  ${padEnd(harmless(key.name), left)}  ${key.scopes.join(" ")}`,
    );
    await terminal.out(`${lines.join("\n") || "no keys"}\n`);
    return 0;
  },
};

export const rotateKey: Command = {
  name: "keys rotate",
  summary: "Replace an API key by a new one with the same rights. It is shown this one time.",
  takes: ["ID"],
  flags: {
    overlap: {
      type: "integer",
      value: "SECONDS",
      help: "how long the old key goes on working (default: 86400, a day)",
      max: 2_592_000,
    },
  },
  examples: ["wishub keys rotate k0_… --overlap 3600"],
  async run({ args, flags, client, terminal, json }) {
    const overlapSeconds = flags.integer("overlap");
    const key = await client().rotateKey(args[0] ?? "", {
      ...(overlapSeconds !== undefined && { overlapSeconds }),
    });
    await terminal.out(json ? `${JSON.stringify(key)}\n` : `${key.apiKey}\n`);
    if (!json)
      terminal.err(`key ${key.id} replaces ${args[0]}: keep it now, it is not shown again\n`);
    return 0;
  },
};

export const revokeKey: Command = {
  name: "keys revoke",
  summary: "End an API key at once, and the keys made with it.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json }) {
    const id = args[0] ?? "";
    await client().revokeKey(id);
    await terminal.out(json ? `${JSON.stringify({ id, revoked: true })}\n` : `${id} is revoked\n`);
    return 0;
  },
};
