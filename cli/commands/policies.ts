import type { PolicyInput } from "#sdk/client.ts";
import { UsageError, type Command } from "#cli/command.ts";
import { jsonFrom } from "#cli/json-file.ts";
import { harmless, padEnd, type Style, type Terminal } from "#cli/terminal.ts";

type Rule = PolicyInput["rules"][number];

export const showPolicy: Command = {
  name: "policies show",
  summary: "Show the account's policy: what narrows what its principals may do.",
  takes: [],
  flags: {
    version: { type: "integer", help: "an older version (default: the one in force)", min: 1 },
  },
  examples: ["wishub policies show --json > policy.json"],
  async run({ flags, client, terminal, json, style }) {
    const policy = await client().policy(flags.integer("version"));
    if (json) {
      await terminal.out(`${JSON.stringify(policy)}\n`);
      return 0;
    }
    const otherwise = policy.otherwise === "allow" ? "scope and role decide" : "nothing is allowed";
    const head = `version ${policy.version}; where no rule applies, ${otherwise}`;
    await terminal.out([head, ...policy.rules.map((rule) => shown(rule, style)), ""].join("\n"));
    return 0;
  },
};

function shown({ id, effect, actions, when, reason }: Rule, style: Style): string {
  const condition = when === undefined ? "" : `\n        when ${harmless(when)}`;
  const because = reason === undefined ? "" : `\n        ${harmless(reason)}`;
  return `${style(effect, "bold").padEnd(6)}  ${style(id, "cyan")}  ${actions.join(" ")}${condition}${because}`;
}

export const setPolicy: Command = {
  name: "policies set",
  summary:
    "Put another policy in force. FILE holds { rules, otherwise? } as JSON; - is standard input.",
  takes: ["FILE"],
  flags: {},
  examples: ["wishub policies set policy.json"],
  async run({ args, client, terminal, json }) {
    const { rules, otherwise } = await policyFrom(args[0] ?? "-", terminal);
    const api = client();
    const { version } = await api.policy();
    const policy = await api.putPolicy(version, { rules, ...(otherwise && { otherwise }) });
    await terminal.out(
      json
        ? `${JSON.stringify(policy)}\n`
        : `version ${policy.version} is in force, with ${policy.rules.length} rules\n`,
    );
    return 0;
  },
};

/** What `policies show --json` prints can be changed and set again. The server says what is wrong with it. */
async function policyFrom(file: string, terminal: Terminal): Promise<PolicyInput> {
  const policy = await jsonFrom(file, terminal);
  if (!("rules" in policy)) throw new UsageError(`${file} holds no { rules }`);
  return policy as PolicyInput;
}

export const explainPolicy: Command = {
  name: "policies explain",
  summary: "Tell whether you may do something, and which rule decides. Nothing is done.",
  takes: ["ACTION", "[ID]"],
  flags: {
    as: { type: "text", value: "KEY-ID", help: "ask about another key of the account" },
    member: { type: "text", value: "MEMBER-ID", help: "ask about a person of the account" },
  },
  examples: [
    "wishub policies explain unit.publish",
    "wishub policies explain unit.read u0_… --as k0_…",
  ],
  async run({ args, flags, client, terminal, json, style }) {
    const api = client();
    const [name = "", id] = args;
    const { items } = await api.policyActions();
    const known = items.find(({ action }) => action === name);
    if (known === undefined)
      throw new UsageError(`there is no action "${name}"; \`wishub policies actions\` lists them`);
    const [keyId, memberId] = [flags.text("as"), flags.text("member")];
    const who = {
      ...(keyId !== undefined && { keyId }),
      ...(memberId !== undefined && { memberId }),
    };
    const resource = { type: known.resource, ...(id !== undefined && { id }) };
    // The list of actions is the server's own, so the name is one of them.
    const action = name as Parameters<typeof api.explain>[0]["action"];
    const said = await api.explain({ action, resource, ...who });
    await terminal.out(
      json
        ? `${JSON.stringify(said)}\n`
        : `${style(said.decision, "bold")}  ${harmless(said.reason)}  (${harmless(said.rule)})\n`,
    );
    return 0;
  },
};

export const listActions: Command = {
  name: "policies actions",
  summary: "List every action with the scope and the role it needs.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const { items } = await client().policyActions();
    if (json) {
      await terminal.out(`${JSON.stringify({ items })}\n`);
      return 0;
    }
    const left = Math.max(...items.map(({ action }) => action.length));
    const lines = items.map(
      ({ action, scope, role, secondFactor }) =>
        `${style(padEnd(action, left), "cyan")}  ${padEnd(scope ?? "-", 12)} ${role}${secondFactor ? ", second factor" : ""}`,
    );
    await terminal.out(`${lines.join("\n")}\n`);
    return 0;
  },
};
