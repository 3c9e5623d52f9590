/** Markdown as plain data. Nothing here makes HTML, and every scan goes forward, so no text can stall the page. */
export type Inline =
  | { kind: "text" | "code" | "strong" | "emphasis"; text: string }
  | { kind: "link"; text: string; url: string };
export type Block =
  | { kind: "heading"; level: number; inlines: Inline[] }
  | { kind: "paragraph" | "quote"; inlines: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "list"; ordered: boolean; items: Inline[][] };

const LABEL_CHARS_MAX = 500;

export function blocksOf(text: string): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? "";
    if (line.trim() === "") at += 1;
    else if (/^ {0,3}(```|~~~)/.test(line)) at = code(lines, at, blocks);
    else if (/^ {0,3}#{1,6} /.test(line)) {
      const marks = line.trimStart();
      const level = marks.indexOf(" ");
      blocks.push({ kind: "heading", level, inlines: inlinesOf(marks.slice(level + 1).trim()) });
      at += 1;
    } else if (isTableLine(line)) at = table(lines, at, blocks);
    else if (line.startsWith(">")) at = quote(lines, at, blocks);
    else if (itemText(line) !== undefined) at = list(lines, at, blocks);
    else at = paragraph(lines, at, blocks);
  }
  return blocks;
}

/** The words of a text without their marks, for where it is only looked at in passing. */
export function plainText(text: string): string {
  const words = (inlines: Inline[]) => inlines.map((inline) => inline.text).join("");
  return blocksOf(text)
    .map((block) => {
      if (block.kind === "code") return block.text;
      if (block.kind === "list") return block.items.map(words).join(" · ");
      return words(block.inlines);
    })
    .join(" ");
}

function code(lines: string[], start: number, blocks: Block[]): number {
  const fence = (lines[start] ?? "").trimStart().slice(0, 3);
  let at = start + 1;
  while (at < lines.length && !(lines[at] ?? "").trimStart().startsWith(fence)) at += 1;
  blocks.push({ kind: "code", text: lines.slice(start + 1, at).join("\n") });
  return at + 1;
}

const isTableLine = (line: string) => line.startsWith("|") && line.trimEnd().endsWith("|");

function table(lines: string[], start: number, blocks: Block[]): number {
  let at = start;
  while (at < lines.length && isTableLine(lines[at] ?? "")) at += 1;
  blocks.push({ kind: "code", text: lines.slice(start, at).join("\n") });
  return at;
}

function quote(lines: string[], start: number, blocks: Block[]): number {
  let at = start;
  const quoted: string[] = [];
  for (; (lines[at] ?? "").startsWith(">"); at += 1) quoted.push((lines[at] ?? "").slice(1).trim());
  blocks.push({ kind: "quote", inlines: inlinesOf(quoted.join(" ")) });
  return at;
}

function itemText(line: string): string | undefined {
  return /^ {0,8}(?:[-*+]|\d{1,9}[.)]) (.*)$/.exec(line)?.[1];
}

function list(lines: string[], start: number, blocks: Block[]): number {
  const items: string[] = [];
  let at = start;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const text = itemText(line);
    if (text !== undefined) items.push(text);
    else if (line.startsWith("  ") && line.trim() !== "")
      items[items.length - 1] = `${items.at(-1) ?? ""} ${line.trim()}`;
    else break;
  }
  blocks.push({
    kind: "list",
    ordered: /^ *\d/.test(lines[start] ?? ""),
    items: items.map(inlinesOf),
  });
  return at;
}

function paragraph(lines: string[], start: number, blocks: Block[]): number {
  let at = start + 1;
  const ends = (line: string) =>
    line.trim() === "" || /^ {0,3}(```|~~~|#{1,6} |>)/.test(line) || itemText(line) !== undefined;
  while (at < lines.length && !ends(lines[at] ?? "")) at += 1;
  const text = lines.slice(start, at).join(" ").trim();
  blocks.push({ kind: "paragraph", inlines: inlinesOf(text) });
  return at;
}

/** Code, strong, emphasis and links to http or https; everything else stays text. */
export function inlinesOf(text: string): Inline[] {
  const found: Inline[] = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const next = inlineAt(text, at);
    if (next === undefined) {
      plain += text[at] ?? "";
      at += 1;
      continue;
    }
    if (plain !== "") found.push({ kind: "text", text: plain });
    plain = "";
    found.push(next.inline);
    at = next.end;
  }
  if (plain !== "") found.push({ kind: "text", text: plain });
  return found;
}

function inlineAt(text: string, at: number): { inline: Inline; end: number } | undefined {
  const char = text[at];
  if (char === "`") return enclosed(text, at, "`", "code");
  if (text.startsWith("**", at)) return enclosed(text, at, "**", "strong");
  if (char === "*" && text[at + 1] !== " ") return enclosed(text, at, "*", "emphasis");
  return char === "[" ? linkAt(text, at) : undefined;
}

function enclosed(text: string, at: number, mark: string, kind: "code" | "strong" | "emphasis") {
  const near = text.slice(at + mark.length, at + mark.length + LABEL_CHARS_MAX);
  const length = near.indexOf(mark);
  if (length < 1) return undefined;
  return { inline: { kind, text: near.slice(0, length) }, end: at + length + 2 * mark.length };
}

function linkAt(text: string, at: number): { inline: Inline; end: number } | undefined {
  const near = text.slice(at + 1, at + 1 + LABEL_CHARS_MAX);
  const middle = near.indexOf("](");
  const close = near.indexOf(")", middle);
  if (middle < 1 || close < 0) return undefined;
  const target = near.slice(middle + 2, close).split(" ", 1)[0] ?? "";
  const label = near.slice(0, middle).replaceAll("`", "");
  const url = URL.parse(target);
  const safe = url !== null && (url.protocol === "https:" || url.protocol === "http:");
  return {
    inline: safe ? { kind: "link", text: label, url: url.href } : { kind: "text", text: label },
    end: at + close + 2,
  };
}
