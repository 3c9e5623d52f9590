import type { AuditEntry } from "#sdk/client.ts";
import { UsageError, type Command } from "#cli/command.ts";
import { folded, harmless, type Style } from "#cli/terminal.ts";

const ENTRIES_MAX = 1_000;
const PAGE = 100;

export const listAudit: Command = {
  name: "audit",
  summary: "Show the account's audit log, newest first (scope audit).",
  takes: [],
  flags: {
    action: { type: "text", value: "ACTION", help: "only this, for example key.revoke" },
    actor: { type: "text", value: "ID", help: "only by this principal, pseudonym or credential" },
    resource: { type: "text", value: "ID", help: "only on this" },
    phase: {
      type: "text",
      help: "only these",
      choices: ["intent", "outcome", "refused", "noted"],
    },
    since: { type: "text", value: "TIME", help: "for example 2027-01-31T00:00:00Z" },
    limit: { type: "integer", help: "how many (default: 50)", min: 1, max: ENTRIES_MAX },
  },
  examples: ["wishub audit --phase refused", "wishub audit --action key.make --json"],
  async run({ flags, client, terminal, json, style }) {
    const since = flags.text("since");
    if (since !== undefined && Number.isNaN(Date.parse(since)))
      throw new UsageError(`"${since}" is not a time`);
    const limit = flags.integer("limit") ?? 50;
    const query = {
      action: flags.text("action"),
      actor: flags.text("actor"),
      resource: flags.text("resource"),
      phase: flags.text("phase"),
      from: since === undefined ? undefined : new Date(since).toISOString(),
    };
    const items: AuditEntry[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await client().audit({
        ...query,
        limit: Math.min(PAGE, limit - items.length),
        ...(cursor && { cursor }),
      });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor && items.length < limit);
    const lines = items.map((entry) => shown(entry, style, terminal.columns));
    await terminal.out(
      json ? `${JSON.stringify({ items })}\n` : `${lines.join("\n") || "no entries"}\n`,
    );
    return 0;
  },
};

export const verifyAudit: Command = {
  name: "audit verify",
  summary:
    "Verify the account's audit log: every entry, its link, and every signed head. Exit code 1 where something is wrong.",
  takes: [],
  flags: {},
  examples: [],
  async run({ client, terminal, json }) {
    const found = await client().verifyAudit();
    const { valid, entries, head, wrong } = found;
    const said = valid
      ? `valid: ${entries} entries, ${head.size} ever\nroot ${head.root}`
      : `not valid: entry ${wrong?.seq} (${wrong?.reason})`;
    await terminal.out(json ? `${JSON.stringify(found)}\n` : `${said}\n`);
    return valid ? 0 : 1;
  },
};

export const exportAudit: Command = {
  name: "audit export",
  summary: "Write the account's audit log as NDJSON to stdout, oldest first.",
  takes: [],
  flags: {},
  examples: ["wishub audit export > audit.ndjson"],
  async run({ client, terminal }) {
    for await (const entry of client().exportAudit()) {
      if (terminal.signal.aborted) return 130;
      await terminal.out(`${JSON.stringify(entry)}\n`);
    }
    return 0;
  },
};

function shown(entry: AuditEntry, style: Style, columns: number): string {
  const { seq, at, phase, action, actor, resource, status, code, detail } = entry;
  const how = phase === "outcome" ? String(status ?? "") : phase;
  const reason = typeof detail?.["reason"] === "string" ? detail["reason"] : "";
  const who = actor.credential === undefined ? "" : ` with ${actor.credential}`;
  const parts = [
    style(`${String(seq).padStart(6)}  ${at}`, "dim"),
    how.padEnd(7),
    style(harmless(action), "cyan"),
    ...[resource.id ?? resource.type, `by ${actor.id}${who}`, code ?? "", reason].map(harmless),
  ];
  return folded(parts, columns, "000000  ".length);
}
