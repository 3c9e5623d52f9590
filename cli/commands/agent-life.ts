import type { Operations } from "#sdk/types.ts";
import { type Command, type Context, type Flag, pathOf } from "#cli/command.ts";
import { harmless } from "#cli/terminal.ts";

type Agent = Operations["POST /v1/agents/{id}/pause"]["answer"];
type Verb = "start" | "pause" | "resume" | "retire" | "release";

const led = (verb: Verb, summary: string): Command =>
  lifeCommand(
    verb,
    summary,
    {},
    async ({ args, client }) =>
      await client().operation(`POST /v1/agents/{id}/${verb}`, { path: pathOf({ args }) }),
  );

/** The verbs of an agent's life; each done twice is done once. */
export const agentLife: readonly Command[] = [
  led("start", "Start an agent that was registered to wait."),
  led("pause", "Pause an agent: its messages are kept, and it gets nothing to do."),
  led("resume", "Let a paused agent go on."),
  led("retire", "Retire an agent for good. What it published stays."),
  lifeCommand(
    "quarantine",
    "Stop an agent at once: its keys, its work and its units.",
    { why: { type: "text", help: "what its account reads about it (default: by hand)" } },
    async ({ args, flags, client }) =>
      await client().operation("POST /v1/agents/{id}/quarantine", {
        path: pathOf({ args }),
        body: { reason: flags.text("why") ?? "by hand" },
      }),
  ),
  led("release", "Let an agent out of quarantine: all of it comes back."),
];

function lifeCommand(
  verb: string,
  summary: string,
  flags: Record<string, Flag>,
  lead: (context: Context) => Promise<Agent>,
): Command {
  return {
    name: `agents ${verb}`,
    summary,
    takes: ["ID"],
    flags,
    examples: verb === "quarantine" ? ['wishub agents quarantine n0_… --why "floods others"'] : [],
    async run(context) {
      const agent = await lead(context);
      const { terminal, json, style } = context;
      const line = `${style(agent.id, "cyan")}  ${harmless(agent.name)}  ${agent.state}`;
      await terminal.out(json ? `${JSON.stringify(agent)}\n` : `${line}\n`);
      return 0;
    },
  };
}
