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
  },
  examples: ["wishub keys create reader --scopes search,units:read"],
  async run({ args, flags, client, terminal, json }) {
    const expiresAt = flags.text("expires");
    if (expiresAt !== undefined && Number.isNaN(Date.parse(expiresAt)))
      throw new UsageError(`"${expiresAt}" is not a time`);
    const key = await client().createKey({
      name: args[0] ?? "",
      // The server says which scopes there are.
      scopes: (flags.list("scopes") ?? ["search", "units:read"]) as Parameters<
        ReturnType<typeof client>["createKey"]
      >[0]["scopes"],
      ...(expiresAt !== undefined && { expiresAt }),
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

export const revokeKey: Command = {
  name: "keys revoke",
  summary: "End an API key at once.",
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
