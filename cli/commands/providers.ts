import type { ProviderInput } from "#sdk/client.ts";
import { type Command } from "#cli/command.ts";
import { jsonFrom } from "#cli/json-file.ts";
import { harmless } from "#cli/terminal.ts";

export const listProviders: Command = {
  name: "providers list",
  summary: "List the identity providers that sign people in to the account.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const { items } = await client().providers({ limit: 100 });
    if (json) {
      await terminal.out(`${JSON.stringify({ items })}\n`);
      return 0;
    }
    const lines = items.map(({ id, protocol, name, enabled, signInUrl }) => {
      const state = enabled ? "" : "  switched off";
      return `${style(id, "cyan")}  ${protocol}  ${harmless(name)}${state}\n    sign in at ${signInUrl}\n`;
    });
    await terminal.out(lines.length > 0 ? lines.join("") : "no identity provider is connected\n");
    return 0;
  },
};

export const connectProvider: Command = {
  name: "providers connect",
  summary:
    "Connect an identity provider. FILE holds its settings as JSON, as the API takes them; - is standard input.",
  takes: ["FILE"],
  flags: {},
  examples: [
    `echo '{"protocol":"oidc","name":"Corp","issuer":"https://idp.example","clientId":"wishub"}' | wishub providers connect -`,
  ],
  async run({ args, client, terminal, json }) {
    const settings = (await jsonFrom(args[0] ?? "-", terminal)) as ProviderInput;
    const provider = await client().connectProvider(settings);
    await terminal.out(
      json
        ? `${JSON.stringify(provider)}\n`
        : `${provider.id} is connected\n  register with it: ${provider.redirectUri}\n  people sign in at: ${provider.signInUrl}\n`,
    );
    return 0;
  },
};

export const disconnectProvider: Command = {
  name: "providers disconnect",
  summary: "Disconnect an identity provider. Whom it brought stay, and sign in by it no more.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json }) {
    const id = args[0] ?? "";
    await client().disconnectProvider(id);
    await terminal.out(json ? `${JSON.stringify({ id })}\n` : `${id} is disconnected\n`);
    return 0;
  },
};
