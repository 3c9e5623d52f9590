import { UsageError, type Command } from "#cli/command.ts";
import { folded } from "#cli/terminal.ts";

/** An erasure goes on for some seconds with each call; of a very large member's units for many of them. */
const CALLS_MAX = 1_000;

export const eraseMember: Command = {
  name: "members erase",
  summary:
    "Erase a member for good: what is theirs in every store, with a signed certificate (scope admin).",
  takes: ["ID"],
  flags: {
    units: {
      type: "text",
      help: "what becomes of the units they began: the account keeps them, or they go too",
      choices: ["keep", "erase"],
    },
  },
  examples: ["wishub members erase p0_1a2b3c4d5e6f7g8h --units keep --json > certificate.json"],
  async run({ args, flags, client, terminal, json }) {
    const units = flags.text("units");
    if (units !== "keep" && units !== "erase")
      throw new UsageError("say --units keep or --units erase");
    const id = args[0] ?? "";
    let erasure = await client().eraseMember(id, units);
    for (let call = 1; erasure.status === "running" && call < CALLS_MAX; call++) {
      if (terminal.signal.aborted) return 130;
      terminal.err(`erasing ${erasure.id} …\n`);
      erasure = await client().eraseMember(id, units);
    }
    const { certificate } = erasure;
    if (json) await terminal.out(`${JSON.stringify(certificate ?? erasure)}\n`);
    else if (certificate === null) await terminal.out(`${erasure.id} is still running\n`);
    else {
      const removed = certificate.stores.filter((store) => store.removed > 0);
      const lines = removed.map((store) =>
        folded([`  ${store.store}: ${store.removed}`, store.note], terminal.columns),
      );
      const head = `${id} is erased\ncertificate ${certificate.id}, signed ${certificate.finishedAt}`;
      await terminal.out(`${[head, ...lines].join("\n")}\n`);
    }
    return certificate === null ? 1 : 0;
  },
};
