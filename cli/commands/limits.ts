import type { Command } from "#cli/command.ts";
import { padEnd } from "#cli/terminal.ts";

export const showLimits: Command = {
  name: "limits",
  summary: "Show your plan and what is left of its limits.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json, style }) {
    const found = await client().limits();
    const lines = found.limits.map(
      ({ name, requests, periodSeconds, remaining }) =>
        `${padEnd(name, 8)} ${style(`${remaining} left`, "cyan")} of ${requests} in ${periodOf(periodSeconds)}`,
    );
    const said = lines.length > 0 ? lines : ["no request limits: only overload stops you"];
    said.push(`the audit log is kept for ${found.auditDays} days`);
    await terminal.out(
      json ? `${JSON.stringify(found)}\n` : `plan ${found.plan}\n${said.join("\n")}\n`,
    );
    return 0;
  },
};

export const setPlan: Command = {
  name: "limits plan",
  summary: "Give another account a plan; for the first account's owner (scope admin).",
  takes: ["ACCOUNT", "PLAN"],
  flags: {},
  examples: ["wishub limits plan a0_0123456789abcdef fleet"],
  async run({ args, client, terminal, json }) {
    const [account = "", plan = ""] = args;
    // The server says which plans there are.
    const set = await client().setPlan(
      account,
      plan as Parameters<ReturnType<typeof client>["setPlan"]>[1],
    );
    await terminal.out(
      json ? `${JSON.stringify(set)}\n` : `${set.accountId} is on the plan ${set.plan}\n`,
    );
    return 0;
  },
};

function periodOf(seconds: number): string {
  if (seconds === 60) return "a minute";
  return seconds === 86_400 ? "a day" : `${seconds} seconds`;
}
