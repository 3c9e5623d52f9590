import { WisHub } from "#sdk/client.ts";
import {
  COMMON_FLAGS,
  commandHelp,
  mainHelp,
  parseCommand,
  UsageError,
  type Command,
} from "./command.ts";
import {
  deleteAgent,
  listAgents,
  makeAgentKey,
  registerAgent,
  showAgent,
  updateAgent,
} from "./commands/agents.ts";
import { exportAudit, listAudit, verifyAudit } from "./commands/audit.ts";
import { alertCommands } from "./commands/alerts.ts";
import { exportAccount } from "./commands/account.ts";
import { eraseMember } from "./commands/erase.ts";
import { cluster } from "./commands/cluster.ts";
import { importUnits } from "./commands/import.ts";
import { login, logout } from "./commands/login.ts";
import { createKey, listKeys, revokeKey, rotateKey } from "./commands/keys.ts";
import { setPlan, showLimits } from "./commands/limits.ts";
import { explainPolicy, listActions, setPolicy, showPolicy } from "./commands/policies.ts";
import { connectProvider, disconnectProvider, listProviders } from "./commands/providers.ts";
import {
  acceptInvitation,
  invite,
  listAccounts,
  listInvitations,
  listMembers,
  removeMember,
  setRole,
  showOutbox,
  switchAccount,
} from "./commands/members.ts";
import {
  beginTotp,
  confirmTotp,
  knownDevice,
  proveFactor,
  resetPassword,
  signIn,
  signOut,
  signUp,
  whoAmI,
} from "./commands/people.ts";
import { agentLife } from "./commands/agent-life.ts";
import { agentsElsewhere } from "./commands/elsewhere.ts";
import { channelCommands } from "./commands/channels.ts";
import { eventCommands } from "./commands/events.ts";
import { chat, listModels, showSpending } from "./commands/inference.ts";
import { match } from "./commands/match.ts";
import { sendMessage, takeMessages } from "./commands/messages.ts";
import { observingCommands } from "./commands/observing.ts";
import { usageCommands } from "./commands/usage.ts";
import { listPools } from "./commands/pools.ts";
import { listDead, redrive } from "./commands/queue.ts";
import { queueCommands } from "./commands/queues.ts";
import { tellingCommands } from "./commands/telling.ts";
import { topicCommands } from "./commands/topics.ts";
import { search } from "./commands/search.ts";
import { webhooks } from "./commands/webhooks.ts";
import { eventWebhooks } from "./commands/event-webhooks.ts";
import { taskCommands } from "./commands/tasks.ts";
import { evidence, exportUnits, publish, show, uses } from "./commands/units.ts";
import { credentials } from "./credentials.ts";
import { explain } from "./failures.ts";
import { readSecret } from "./secret.ts";
import { sessionOf } from "./session.ts";
import { styler, type Terminal } from "./terminal.ts";

const COMMANDS: Command[] = [
  login,
  logout,
  publish,
  importUnits,
  search,
  match,
  registerAgent,
  listAgents,
  showAgent,
  updateAgent,
  ...agentsElsewhere,
  ...agentLife,
  ...webhooks,
  ...channelCommands,
  ...eventWebhooks,
  deleteAgent,
  makeAgentKey,
  sendMessage,
  takeMessages,
  chat,
  listModels,
  showSpending,
  cluster,
  ...taskCommands,
  ...queueCommands,
  ...topicCommands,
  ...alertCommands,
  ...tellingCommands,
  ...eventCommands,
  show,
  evidence,
  uses,
  exportUnits,
  createKey,
  listKeys,
  rotateKey,
  revokeKey,
  showLimits,
  setPlan,
  listPools,
  showPolicy,
  setPolicy,
  explainPolicy,
  listActions,
  listProviders,
  connectProvider,
  disconnectProvider,
  listDead,
  redrive,
  listAudit,
  verifyAudit,
  exportAudit,
  ...observingCommands,
  ...usageCommands,
  eraseMember,
  exportAccount,
  signUp,
  signIn,
  signOut,
  whoAmI,
  proveFactor,
  beginTotp,
  confirmTotp,
  resetPassword,
  knownDevice,
  listAccounts,
  switchAccount,
  listMembers,
  setRole,
  removeMember,
  invite,
  listInvitations,
  acceptInvitation,
  showOutbox,
];

/** Runs one command line and answers its exit code: 0 done, 1 refused or failed, 2 not understood, 130 interrupted. */
export async function main(argv: string[], terminal: Terminal): Promise<number> {
  const words = commandFirst(argv);
  const asked = commandOf(words);
  try {
    if (asked === undefined) return await withoutCommand(words, terminal);
    const { command, rest } = asked;
    const { args, flags } = parseCommand(command, rest);
    if (flags.on("help")) {
      await terminal.out(commandHelp(command, terminal));
      return 0;
    }
    const session = sessionOf(flags, terminal);
    const client = () =>
      new WisHub(session.options() ?? credentials(flags, terminal.env, terminal.cwd));
    return await command.run({
      terminal,
      args,
      flags,
      client,
      session,
      json: flags.on("json"),
      style: styler(terminal.outColour),
    });
  } catch (error) {
    return explain(error, asked?.command, terminal);
  }
}

async function withoutCommand(words: string[], terminal: Terminal): Promise<number> {
  const [first] = words;
  if (words.includes("--help") || first === "help") {
    await terminal.out(mainHelp(COMMANDS, terminal));
    return 0;
  }
  const family = COMMANDS.filter((command) => command.name.startsWith(`${first ?? ""} `));
  if (first === undefined) terminal.err(mainHelp(COMMANDS, terminal));
  else if (family.length > 0) terminal.err(mainHelp(family, terminal));
  else throw new UsageError(`there is no command "${first}"`);
  return 2;
}

/** `wishub --json search …` means `wishub search … --json`. */
function commandFirst(argv: string[]): string[] {
  let at = 0;
  for (let flag = argv[at]; flag?.startsWith("--"); flag = argv[at]) {
    const name = flag.slice(2);
    at += COMMON_FLAGS[name]?.type === "text" ? 2 : 1;
  }
  return [...argv.slice(at), ...argv.slice(0, at)];
}

/** The command whose words begin the line; the longest name wins. */
function commandOf(words: string[]): { command: Command; rest: string[] } | undefined {
  for (const command of COMMANDS.toSorted((a, b) => b.name.length - a.name.length)) {
    const name = command.name.split(" ");
    if (name.every((word, index) => words[index] === word))
      return { command, rest: words.slice(name.length) };
  }
  return undefined;
}

/** The process's own terminal around `main`; cli/bin.mjs calls it. */
export async function run(): Promise<void> {
  const interrupt = new AbortController();
  process.once("SIGINT", () => interrupt.abort());
  // `wishub export | head` is not a failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? 0 : 1),
  );
  const { env } = process;
  const coloured = (stream: NodeJS.WriteStream) =>
    stream.isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const terminal: Terminal = {
    out: (text) => new Promise((resolve) => process.stdout.write(text, () => resolve())),
    err: (text) => void process.stderr.write(text),
    outColour: coloured(process.stdout),
    errLive: process.stderr.isTTY && env["TERM"] !== "dumb",
    columns: Math.min(process.stdout.columns || 80, 100),
    env,
    stdin: process.stdin,
    stdinTty: process.stdin.isTTY,
    ...(process.stdin.isTTY && { secret: readSecret }),
    cwd: process.cwd(),
    signal: interrupt.signal,
  };
  try {
    process.exitCode = await main(process.argv.slice(2), terminal);
  } catch (error) {
    process.stderr.write(`wishub: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
