import { LIMITS } from "#domain/shared/limits.ts";

/** A unit made of one section of a Markdown document. */
export type MarkdownUnit = { title: string; body: string; tags: string[] };

/** A section shorter than this says too little alone, so it goes to the one before it. */
const BODY_CHARS_MIN = 120;
/** A longer section is cut between paragraphs: a unit is one thing to know, not a book. */
const BODY_CHARS_MAX = 4_000;
/** One document gives at most so many units; what comes after is left out. */
const UNITS_MAX = 2_000;

type Section = { path: string[]; lines: string[] };

/**
 * The self-contained sections of a Markdown document, in order: each is titled with its path of headings and keeps
 * its code. Badges, HTML, comments, front matter and tables of contents are left out. `path` is the document's own,
 * and names what has no heading.
 */
export function unitsOfMarkdown(path: string, text: string): MarkdownUnit[] {
  const units: MarkdownUnit[] = [];
  const seen = new Set<string>();
  for (const { path: headings, body } of whole(sectionsOf(text.replaceAll("\r\n", "\n")))) {
    const parts = piecesOf(body);
    for (const [i, part] of parts.entries()) {
      if (units.length >= UNITS_MAX) return units;
      if (seen.has(part) || !/\p{L}{2}/u.test(part)) continue;
      seen.add(part);
      const name = headings.length > 0 ? headings.join(" › ") : nameOf(path);
      units.push({
        title: titled(parts.length > 1 ? `${name} (${i + 1})` : name),
        body: part,
        tags: tagsOf(path),
      });
    }
  }
  return units;
}

/** Splits at headings of levels 1 to 3; deeper ones stay inside their section. */
function sectionsOf(text: string): Section[] {
  const sections: Section[] = [{ path: [], lines: [] }];
  const headings: string[] = [];
  let fence = "";
  for (const line of linesOf(text)) {
    const mark = fenceMark(line);
    if (mark !== "") fence = fence === "" ? mark : mark === fence ? "" : fence;
    const level = fence === "" ? headingLevel(line) : 0;
    if (level === 0 || level > 3) {
      sections.at(-1)?.lines.push(line);
      continue;
    }
    headings.length = level - 1;
    headings[level - 1] = plain(line.slice(level));
    sections.push({
      path: headings.filter((heading) => heading !== undefined && heading !== ""),
      lines: [],
    });
  }
  return sections;
}

/** The lines worth keeping: no front matter, comments, HTML-only lines or underlined headings. */
function linesOf(text: string): string[] {
  const lines = withoutFrontMatter(text).split("\n");
  const kept: string[] = [];
  let fence = "";
  let inComment = false;
  for (const line of lines) {
    const mark = fenceMark(line);
    if (mark !== "") fence = fence === "" ? mark : mark === fence ? "" : fence;
    if (fence !== "" || mark !== "") {
      kept.push(line);
      continue;
    }
    if (inComment || line.includes("<!--")) {
      inComment =
        line.lastIndexOf("-->") < line.lastIndexOf("<!--") || (inComment && !line.includes("-->"));
      continue;
    }
    // A line of = or - below a line of text makes that line a heading.
    const under = /^(={3,}|-{3,})\s*$/.exec(line);
    const before = kept.at(-1) ?? "";
    if (
      under !== null &&
      before.trim() !== "" &&
      headingLevel(before) === 0 &&
      !before.includes("|")
    ) {
      kept[kept.length - 1] = `${line.startsWith("=") ? "#" : "##"} ${before.trim()}`;
      continue;
    }
    const cleaned = withoutHtml(withoutBadges(line));
    if (cleaned.trim() !== "" || line.trim() === "") kept.push(cleaned);
  }
  return kept;
}

function withoutFrontMatter(text: string): string {
  if (!text.startsWith("---\n")) return text;
  const end = text.indexOf("\n---", 4);
  return end < 0 ? text : text.slice(text.indexOf("\n", end + 1) + 1 || text.length);
}

/** Images, alone or as the text of a link, are dropped; links keep text and address. One forward scan. */
function withoutBadges(line: string): string {
  if (!line.includes("![")) return line;
  let out = "";
  for (let at = 0; at < line.length;) {
    const linked = line.startsWith("[![", at);
    if (!linked && !line.startsWith("![", at)) {
      out += line.charAt(at);
      at += 1;
      continue;
    }
    const image = imageEnd(line, linked ? at + 1 : at);
    at =
      linked && line.startsWith("](", image)
        ? afterParenthesis(line, image + 1)
        : linked && line.startsWith("][", image)
          ? afterBracket(line, image + 1)
          : image;
  }
  return out;
}

function imageEnd(line: string, at: number): number {
  const close = line.indexOf("]", at);
  if (close < 0) return line.length;
  const next = line.charAt(close + 1);
  return next === "("
    ? afterParenthesis(line, close + 1)
    : next === "["
      ? afterBracket(line, close + 1)
      : close + 1;
}

function afterParenthesis(line: string, at: number): number {
  const close = line.indexOf(")", at);
  return close < 0 ? line.length : close + 1;
}

function afterBracket(line: string, at: number): number {
  const close = line.indexOf("]", at);
  return close < 0 ? line.length : close + 1;
}

/** Tags outside code spans; their text stays. `<T>` in prose is lost with them, which is why code is in spans. */
function withoutHtml(line: string): string {
  if (!line.includes("<") && !line.includes("&nbsp;")) return line;
  return line
    .split("`")
    .map((part, i) =>
      i % 2 === 1
        ? part
        : part.replace(/<\/?[a-zA-Z][^<>]{0,1000}>/g, "").replaceAll("&nbsp;", " "),
    )
    .join("`");
}

/** Drops tables of contents and empty sections, and adds short sections to the one before. */
function whole(sections: Section[]): { path: string[]; body: string }[] {
  const kept: { path: string[]; body: string }[] = [];
  for (const { path, lines } of sections) {
    const body = withoutContents(lines)
      .join("\n")
      .replace(/\n{3,}/g, "\n\n")
      .trim();
    if (body === "" || isContents(path.at(-1) ?? "")) continue;
    const before = kept.at(-1);
    const fits = before !== undefined && before.body.length + body.length < BODY_CHARS_MAX;
    if (body.length >= BODY_CHARS_MIN || !fits || !sameBranch(before.path, path))
      kept.push({ path, body });
    else before.body += `\n\n### ${path.at(-1) ?? ""}\n${body}`;
  }
  return kept.filter(({ body }) => body.length >= BODY_CHARS_MIN || kept.length === 1);
}

/** A short section joins the one before when both hang below the same heading. */
const sameBranch = (before: string[], path: string[]) =>
  before.length > 0 && path.length > 1 && before[0] === path[0];

/** A list whose items are nothing but links to places in the same document. */
function withoutContents(lines: string[]): string[] {
  return lines.filter((line) => !/^\s*([-*+]|\d{1,3}\.)\s+\[[^\]]*\]\(#[^)]*\)\s*$/.test(line));
}

const isContents = (heading: string) =>
  /^(table of )?contents?$|^toc$|^(license|licence|sponsors?|backers|contributors|contributing|badges)$|^目录$/i.test(
    heading.trim(),
  );

/** Cuts a long section between paragraphs, never inside fenced code unless the code alone is too long. */
function piecesOf(body: string): string[] {
  if (body.length <= BODY_CHARS_MAX) return [body];
  const pieces: string[] = [];
  let piece = "";
  for (const block of blocksOf(body)) {
    if (piece !== "" && piece.length + block.length > BODY_CHARS_MAX) {
      pieces.push(piece.trim());
      piece = "";
    }
    piece += `${block}\n\n`;
  }
  pieces.push(piece.trim());
  return pieces.filter((part) => part !== "").flatMap(bounded);
}

/** Paragraphs, with fenced code whole. */
function blocksOf(body: string): string[] {
  const blocks: string[] = [];
  let block: string[] = [];
  let fence = "";
  for (const line of body.split("\n")) {
    const mark = fenceMark(line);
    if (mark !== "") fence = fence === "" ? mark : mark === fence ? "" : fence;
    if (line.trim() === "" && fence === "") {
      if (block.length > 0) blocks.push(block.join("\n"));
      block = [];
    } else block.push(line);
  }
  if (block.length > 0) blocks.push(block.join("\n"));
  return blocks;
}

/** No piece is longer than a unit's body may be; a cut does not part a surrogate pair. */
function bounded(piece: string): string[] {
  const parts: string[] = [];
  for (let at = 0; at < piece.length;) {
    let end = Math.min(piece.length, at + LIMITS.unitBodyCharsMax / 2);
    const last = piece.charCodeAt(end - 1);
    if (end < piece.length && last >= 0xd800 && last <= 0xdbff) end -= 1;
    parts.push(piece.slice(at, end));
    at = end;
  }
  return parts;
}

function fenceMark(line: string): string {
  const start = line.trimStart();
  return start.startsWith("```") ? "```" : start.startsWith("~~~") ? "~~~" : "";
}

/** 1 to 6 for `#` to `######` with a blank after, else 0. */
function headingLevel(line: string): number {
  let level = 0;
  while (line.charAt(level) === "#") level += 1;
  return level <= 6 && line.charAt(level) === " " ? level : 0;
}

/** A heading without marks: links keep their text. */
function plain(heading: string): string {
  return withoutHtml(withoutBadges(heading))
    .replace(/\]\([^)]{0,500}\)/g, "")
    .replace(/[`*[\]]/g, "")
    .replace(/^[^\p{L}\p{N}]+ /u, "")
    .replace(/ #+ *$/, "")
    .trim();
}

function titled(title: string): string {
  const short = title.slice(0, LIMITS.titleCharsMax);
  const last = short.charCodeAt(short.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? short.slice(0, -1) : short;
}

const nameOf = (path: string) =>
  (path.split("/").at(-1) ?? path)
    .replace(/\.(md|markdown)$/i, "")
    .slice(0, LIMITS.titleCharsMax) || "untitled";

/** The folders of a relative path: how a folder of notes says what they are about. */
function tagsOf(path: string): string[] {
  const folders = path.startsWith("/") ? [] : path.split("/").slice(0, -1);
  const tags = folders
    .map((folder) => folder.trim().slice(0, LIMITS.tagCharsMax))
    .filter((tag) => tag !== "" && tag !== "." && tag !== "..");
  return [...new Set(tags)].slice(0, LIMITS.tagsMax);
}
