import { WisHub } from "#sdk/client.ts";
import { UsageError, type Command, type Context, type Flag } from "#cli/command.ts";
import type { Terminal } from "#cli/terminal.ts";

const FACTOR: Record<string, Flag> = {
  otp: { type: "text", value: "CODE", help: "what your authenticator app shows now" },
  "recovery-code": { type: "text", value: "CODE", help: "one of your recovery codes, instead" },
};

/** A password from the terminal, not shown, or from the first line of standard input. It is in no argument and no history. */
export async function passwordFrom(terminal: Terminal, what = "password"): Promise<string> {
  if (terminal.secret !== undefined) return await terminal.secret(`${what}: `);
  let text = "";
  const utf8 = new TextDecoder();
  for await (const chunk of terminal.stdin) {
    text += utf8.decode(chunk, { stream: true });
    if (text.includes("\n") || text.length > 4_096) break;
  }
  const line = text.split(/\r?\n/)[0] ?? "";
  if (line === "") throw new UsageError(`give the ${what} on standard input`);
  return line;
}

function factorOf({ flags }: Context): { otp?: string; recoveryCode?: string } {
  const [otp, recoveryCode] = [flags.text("otp"), flags.text("recovery-code")];
  if (otp !== undefined && recoveryCode !== undefined)
    throw new UsageError("give either --otp or --recovery-code");
  return {
    ...(otp !== undefined && { otp }),
    ...(recoveryCode !== undefined && { recoveryCode }),
  };
}

export const signUp: Command = {
  name: "sign-up",
  summary:
    "Sign up where anybody may: a link is mailed to you. With --token, finish with the link's secret; the password comes from standard input.",
  takes: ["EMAIL"],
  flags: {
    token: { type: "text", value: "TOKEN", help: "what the mail holds" },
    name: { type: "text", value: "NAME", help: "what you are called, with --token" },
    "account-name": { type: "text", value: "NAME", help: "what your account is called" },
  },
  examples: ["wishub sign-up grete@example.org"],
  async run({ args, flags, session, terminal, json }) {
    const api = new WisHub(session.anybody());
    const token = flags.text("token");
    if (token === undefined) {
      const answer = await api.operation("POST /v1/sign-up", { body: { email: args[0] ?? "" } });
      await terminal.out(json ? `${JSON.stringify(answer)}\n` : "a mail is on its way\n");
      return 0;
    }
    const name = flags.text("name");
    if (name === undefined) throw new UsageError("give --name too");
    const accountName = flags.text("account-name");
    const made = await api.operation("POST /v1/sign-up/complete", {
      body: {
        token,
        name,
        password: await passwordFrom(terminal),
        ...(accountName !== undefined && { accountName }),
      },
    });
    await terminal.out(
      json ? `${JSON.stringify(made)}\n` : `account ${made.accountId}: sign in next\n`,
    );
    return 0;
  },
};

export const signIn: Command = {
  name: "sign-in",
  summary:
    "Sign in with e-mail and password (from standard input); commands act as you until you sign out.",
  takes: ["EMAIL"],
  flags: {
    ...FACTOR,
    account: { type: "text", value: "ID", help: "which of your accounts to be in" },
  },
  examples: ["wishub sign-in grete@example.org --otp 123456"],
  async run(context) {
    const { args, flags, session, terminal, json } = context;
    const accountId = flags.text("account");
    const signedIn = await new WisHub(session.anybody()).operation("POST /v1/sessions", {
      body: {
        email: args[0] ?? "",
        password: await passwordFrom(terminal),
        ...factorOf(context),
        ...(accountId !== undefined && { accountId }),
      },
    });
    await terminal.out(
      json
        ? `${JSON.stringify(signedIn)}\n`
        : `signed in to ${signedIn.accountId} as ${signedIn.role}\n`,
    );
    return 0;
  },
};

export const signOut: Command = {
  name: "sign-out",
  summary: "Sign out.",
  takes: [],
  flags: {},
  examples: [],
  async run({ session, terminal, json }) {
    const options = session.options();
    if (options !== null) await new WisHub(options).endSession();
    session.forget();
    await terminal.out(json ? `${JSON.stringify({ signedOut: true })}\n` : "signed out\n");
    return 0;
  },
};

export const whoAmI: Command = {
  name: "whoami",
  summary: "Tell whom commands act as.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json }) {
    const who = await client().operation("GET /v1/sessions/current");
    const text = `${who.kind} of ${who.principalId}, ${who.role} of ${who.accountId}\n`;
    await terminal.out(json ? `${JSON.stringify(who)}\n` : text);
    return 0;
  },
};

export const proveFactor: Command = {
  name: "prove",
  summary: "Prove your second factor once more, for ten minutes of what is privileged.",
  takes: [],
  flags: FACTOR,
  examples: ["wishub prove --otp 123456"],
  async run(context) {
    const body = factorOf(context);
    if (Object.keys(body).length === 0) throw new UsageError("give --otp or --recovery-code");
    const who = await context.client().operation("POST /v1/sessions/second-factor", { body });
    await context.terminal.out(context.json ? `${JSON.stringify(who)}\n` : "proven\n");
    return 0;
  },
};

export const beginTotp: Command = {
  name: "totp begin",
  summary:
    "Begin to use an authenticator app; the password comes from standard input, unless you have a second factor.",
  takes: [],
  flags: { proven: { type: "switch", help: "you have a second factor and have just proven it" } },
  examples: [],
  async run({ client, flags, terminal, json }) {
    const body = flags.on("proven") ? {} : { password: await passwordFrom(terminal) };
    const made = await client().operation("POST /v1/people/me/totp", { body });
    await terminal.out(
      json
        ? `${JSON.stringify(made)}\n`
        : `${made.uri}\nsecret ${made.secret}\nscan or type it, then \`wishub totp confirm CODE\`\n`,
    );
    return 0;
  },
};

export const confirmTotp: Command = {
  name: "totp confirm",
  summary: "Confirm the authenticator app with a code it shows. Prints recovery codes, once.",
  takes: ["CODE"],
  flags: {},
  examples: [],
  async run({ args, client, terminal, json }) {
    const body = { otp: args[0] ?? "" };
    const made = await client().operation("POST /v1/people/me/totp/confirm", { body });
    await terminal.out(json ? `${JSON.stringify(made)}\n` : `${made.recoveryCodes.join("\n")}\n`);
    if (!json) terminal.err("keep these recovery codes: they are not shown again\n");
    return 0;
  },
};

export const resetPassword: Command = {
  name: "password reset",
  summary:
    "Have a link mailed that sets a new password; with --token, set it (from standard input).",
  takes: ["EMAIL"],
  flags: { token: { type: "text", value: "TOKEN", help: "what the mail holds" } },
  examples: [],
  async run({ args, flags, session, terminal, json }) {
    const api = new WisHub(session.anybody());
    const token = flags.text("token");
    if (token === undefined) {
      await api.operation("POST /v1/password-resets", { body: { email: args[0] ?? "" } });
      await terminal.out(
        json ? `${JSON.stringify({ status: "accepted" })}\n` : "a mail is on its way\n",
      );
      return 0;
    }
    const password = await passwordFrom(terminal, "new password");
    await api.operation("POST /v1/password-resets/complete", { body: { token, password } });
    await terminal.out(json ? `${JSON.stringify({ set: true })}\n` : "it is set: sign in next\n");
    return 0;
  },
};

export const knownDevice: Command = {
  name: "known-device",
  summary:
    "Have a link mailed for when others' guesses at your password make you wait; with --token, make this machine known.",
  takes: ["EMAIL"],
  flags: { token: { type: "text", value: "TOKEN", help: "what the mail holds" } },
  examples: [],
  async run({ args, flags, session, terminal, json }) {
    const api = new WisHub(session.anybody());
    const token = flags.text("token");
    if (token === undefined)
      await api.operation("POST /v1/known-devices", { body: { email: args[0] ?? "" } });
    else await api.operation("POST /v1/known-devices/complete", { body: { token } });
    const said =
      token === undefined ? "a mail is on its way" : "this machine is known: sign in next";
    await terminal.out(json ? `${JSON.stringify({ known: token !== undefined })}\n` : `${said}\n`);
    return 0;
  },
};
