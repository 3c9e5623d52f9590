import { WisHub } from "#sdk/client.ts";
import { UsageError, type Command } from "#cli/command.ts";
import { passwordFrom } from "#cli/commands/people.ts";
import { folded, harmless, padEnd, widthOf } from "#cli/terminal.ts";

const ROLES = ["owner", "admin", "member", "auditor", "viewer"] as const;
type Role = (typeof ROLES)[number];
const ROWS_MAX = 1_000;

const roleOf = (text: string | undefined): Role =>
  ROLES.find((role) => role === text) ??
  (() => {
    throw new UsageError(`a role is one of ${ROLES.join(", ")}`);
  })();

export const listMembers: Command = {
  name: "members",
  summary: "List who belongs to your account.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const api = client();
    const page = (cursor?: string) =>
      api.operation("GET /v1/members", {
        query: { limit: 100, ...(cursor !== undefined && { cursor }) },
      });
    const first = await page();
    const { items } = first;
    for (let next = first.nextCursor; next && items.length < ROWS_MAX;) {
      const more = await page(next);
      items.push(...more.items);
      next = more.nextCursor;
    }
    if (json) {
      await terminal.out(`${JSON.stringify({ items })}\n`);
      return 0;
    }
    const left = Math.max(0, ...items.map(({ name }) => widthOf(harmless(name))));
    const lines = items.map(({ id, name, role, email }) =>
      folded(
        [style(id, "cyan"), padEnd(harmless(name), left), padEnd(role, 7), harmless(email ?? "")],
        terminal.columns,
      ),
    );
    await terminal.out(`${lines.join("\n")}\n`);
    return 0;
  },
};

export const setRole: Command = {
  name: "members role",
  summary: "Give a member another role.",
  takes: ["ID", "ROLE"],
  flags: {},
  examples: ["wishub members role p0_1a2b3c4d5e6f7g8h auditor"],
  async run({ args, client, terminal, json }) {
    const [id = "", role] = args;
    const member = await client().operation("PATCH /v1/members/{id}", {
      path: { id },
      body: { role: roleOf(role) },
    });
    await terminal.out(json ? `${JSON.stringify(member)}\n` : `${id} is ${member.role}\n`);
    return 0;
  },
};

export const removeMember: Command = {
  name: "members remove",
  summary: "Remove a member, with their sessions and keys.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json }) {
    const id = args[0] ?? "";
    await client().operation("DELETE /v1/members/{id}", { path: { id } });
    await terminal.out(json ? `${JSON.stringify({ id, removed: true })}\n` : `${id} is removed\n`);
    return 0;
  },
};

export const invite: Command = {
  name: "invite",
  summary: "Invite somebody by e-mail into your account, or to begin one of their own.",
  takes: ["EMAIL"],
  flags: {
    role: { type: "text", help: "what they will be (default: member)", choices: ROLES },
    "new-account": { type: "switch", help: "to begin an account (from the first account)" },
  },
  examples: ["wishub invite otto@example.org --role auditor"],
  async run({ args, flags, client, terminal, json }) {
    const email = args[0] ?? "";
    const body = flags.on("new-account")
      ? { email, newAccount: true as const }
      : { email, role: roleOf(flags.text("role") ?? "member") };
    const made = await client().operation("POST /v1/invitations", { body });
    await terminal.out(
      json ? `${JSON.stringify(made)}\n` : `${made.id}: a mail is on its way to ${email}\n`,
    );
    return 0;
  },
};

export const listInvitations: Command = {
  name: "invitations",
  summary: "List invitations that nobody has accepted yet.",
  takes: [],
  flags: { withdraw: { type: "text", value: "ID", help: "end this one instead" } },
  examples: [],
  async run({ client, flags, terminal, json, style }) {
    const id = flags.text("withdraw");
    if (id !== undefined) {
      await client().operation("DELETE /v1/invitations/{id}", { path: { id } });
      await terminal.out(
        json ? `${JSON.stringify({ id, withdrawn: true })}\n` : `${id} works no more\n`,
      );
      return 0;
    }
    const { items } = await client().operation("GET /v1/invitations");
    const lines = items.map((one) =>
      folded(
        [
          style(one.id, "cyan"),
          harmless(one.email),
          one.role ?? "an account of their own",
          `until ${one.expiresAt}`,
        ],
        terminal.columns,
      ),
    );
    await terminal.out(
      json ? `${JSON.stringify({ items })}\n` : `${lines.join("\n") || "no invitations"}\n`,
    );
    return 0;
  },
};

export const acceptInvitation: Command = {
  name: "accept",
  summary:
    "Accept an invitation with the secret its mail holds; your password, or a new one, comes from standard input.",
  takes: ["TOKEN"],
  flags: {
    name: { type: "text", value: "NAME", help: "what you are called, if you are new here" },
    "account-name": { type: "text", value: "NAME", help: "what a new account is called" },
  },
  examples: [],
  async run({ args, flags, session, terminal, json }) {
    const [name, accountName] = [flags.text("name"), flags.text("account-name")];
    const api = new WisHub(session.anybody());
    const made = await api.operation("POST /v1/invitations/accept", {
      body: {
        token: args[0] ?? "",
        password: await passwordFrom(terminal),
        ...(name !== undefined && { name }),
        ...(accountName !== undefined && { accountName }),
      },
    });
    await terminal.out(
      json ? `${JSON.stringify(made)}\n` : `you belong to ${made.accountId}: sign in next\n`,
    );
    return 0;
  },
};

export const listAccounts: Command = {
  name: "accounts",
  summary: "List the accounts you belong to.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const { items } = await client().operation("GET /v1/accounts");
    const lines = items.map(
      (one) =>
        `${one.current ? "*" : " "} ${style(one.accountId, "cyan")}  ${one.role}  ${harmless(one.name)}`,
    );
    await terminal.out(json ? `${JSON.stringify({ items })}\n` : `${lines.join("\n")}\n`);
    return 0;
  },
};

export const switchAccount: Command = {
  name: "accounts switch",
  summary: "Go on in another of your accounts.",
  takes: ["ID"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json }) {
    const body = { accountId: args[0] ?? "" };
    const who = await client().operation("POST /v1/sessions/switch", { body });
    await terminal.out(json ? `${JSON.stringify(who)}\n` : `in ${who.accountId} as ${who.role}\n`);
    return 0;
  },
};

export const showOutbox: Command = {
  name: "outbox",
  summary: "Show mails that no sender has taken, newest first (first account's owner).",
  takes: [],
  flags: { limit: { type: "integer", help: "how many (default: 20)", min: 1, max: 100 } },
  examples: [],
  async run({ client, flags, terminal, json }) {
    const limit = flags.integer("limit") ?? 20;
    const { items } = await client().operation("GET /v1/outbox", { query: { limit } });
    const texts = items.map(
      (mail) =>
        `${mail.createdAt}  to ${harmless(mail.to)}\n${mail.subject}\n\n${harmless(mail.text)}`,
    );
    await terminal.out(
      json ? `${JSON.stringify({ items })}\n` : `${texts.join("\n") || "no mails\n"}`,
    );
    return 0;
  },
};
