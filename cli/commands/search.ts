import type { SearchAnswer, SearchHit, SearchRequest } from "#sdk/client.ts";
import type { Command } from "#cli/command.ts";
import { bar, clip, harmless, indent, padEnd, widthOf, wrap, type Style } from "#cli/terminal.ts";

const LEVELS = ["L0", "L1", "L2", "L3", "L4", "L4.5", "L5"] as const;
const MODES = ["hybrid", "semantic", "lexical"] as const;
const BAR_COLUMNS = 20;

export const search: Command = {
  name: "search",
  summary: "Find knowledge with a question in any language.",
  takes: ["QUESTION"],
  flags: {
    mode: { type: "text", choices: MODES, help: "how to match" },
    limit: { type: "integer", min: 1, max: 50, help: "how many hits (default: 10)" },
    lang: { type: "text", help: "only units in this language" },
    tags: { type: "text", value: "A,B", help: "only units with these tags" },
    kind: { type: "text", help: "only units of this kind" },
    "min-level": { type: "text", choices: LEVELS, help: "only units verified at least this far" },
    explain: { type: "switch", help: "show how each score is made" },
  },
  examples: [
    'wishub search "how do I keep a queue message from being lost?"',
    'wishub search "如何避免消息丢失" --explain --limit 3',
  ],
  async run({ args, flags, client, terminal, json, style }) {
    const filter: NonNullable<SearchRequest["filter"]> = {};
    const [language, kind, tags] = [flags.text("lang"), flags.text("kind"), flags.list("tags")];
    const minLevel = LEVELS.find((level) => level === flags.text("min-level"));
    if (language !== undefined) filter.language = language;
    if (kind !== undefined) filter.kind = kind;
    if (tags !== undefined) filter.tags = tags;
    if (minLevel !== undefined) filter.minLevel = minLevel;
    const request: SearchRequest = { query: args[0] ?? "", explain: flags.on("explain") };
    const mode = MODES.find((known) => known === flags.text("mode"));
    const limit = flags.integer("limit");
    if (mode !== undefined) request.mode = mode;
    if (limit !== undefined) request.limit = limit;
    if (Object.keys(filter).length > 0) request.filter = filter;
    const answer = await client().search(request);
    await terminal.out(
      json ? `${JSON.stringify(answer)}\n` : answerText(answer, terminal.columns, style),
    );
    return 0;
  },
};

function answerText(answer: SearchAnswer, columns: number, style: Style): string {
  const took = `${answer.tookMs < 10 ? answer.tookMs.toFixed(1) : Math.round(answer.tookMs)} ms`;
  const count =
    answer.hits.length === 0
      ? "Nothing found"
      : `${answer.hits.length} ${answer.hits.length === 1 ? "hit" : "hits"}`;
  const part = answer.partial ? ", and some shards did not answer in time" : "";
  return `${answer.hits.map((hit, index) => hitText(hit, index + 1, columns, style)).join("\n")}${answer.hits.length === 0 ? "" : "\n"}${style(`${count} in ${took}${part}`, "dim")}\n`;
}

function hitText(hit: SearchHit, rank: number, columns: number, style: Style): string {
  const right = `${hit.level}  ${hit.score.toFixed(3)}`;
  const left = columns - 4 - widthOf(right) - 2;
  const title = clip(harmless(hit.title).replaceAll("\n", " "), left);
  return [
    `${String(rank).padStart(2)}  ${style(title, "bold")}${padEnd("", left - widthOf(title))}  ${style(hit.level, "green")}  ${hit.score.toFixed(3)}`,
    indent(wrap(harmless(hit.snippet).replace(/\s+/g, " "), columns - 4).slice(0, 4), 4),
    ...whyLines(hit, columns, style),
    `    ${style(hit.unitId, "cyan")}`,
    "",
  ].join("\n");
}

/** Each part's share of the score, so that the bars add up to it. */
function whyLines({ why, score }: SearchHit, columns: number, style: Style): string[] {
  if (why === undefined) return [];
  const line = (name: string, part: number, note: string) =>
    `    ${padEnd(name, 9)} ${style(bar(score === 0 ? 0 : part / score, BAR_COLUMNS), "cyan")} ${part.toFixed(3)}  ${style(clip(note, columns - 46), "dim")}`;
  const lines: string[] = [];
  if (why.semantic !== null) {
    const { weight, normalised, cosine } = why.semantic;
    lines.push(
      line(
        "meaning",
        weight * normalised,
        `${weight} × ${normalised.toFixed(3)}, cosine ${cosine.toFixed(3)}`,
      ),
    );
  }
  if (why.lexical !== null) {
    const { weight, normalised, terms } = why.lexical;
    lines.push(
      line(
        "words",
        weight * normalised,
        `${weight} × ${normalised.toFixed(3)}, ${harmless(terms.map(({ term }) => term).join(" "))}`,
      ),
    );
  }
  return lines;
}
