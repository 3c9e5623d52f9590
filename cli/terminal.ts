/** Where a command reads and writes. Tests pass a literal. */
export type Terminal = {
  out(text: string): Promise<void>;
  err(text: string): void;
  outColour: boolean;
  /** A live progress bar may be drawn on stderr. */
  errLive: boolean;
  columns: number;
  env: Record<string, string | undefined>;
  stdin: AsyncIterable<Uint8Array>;
  stdinTty: boolean;
  /** Asks for a line that is not shown; absent where nobody sits. */
  secret?(prompt: string): Promise<string>;
  cwd: string;
  /** Fires when the user interrupts. */
  signal: AbortSignal;
};

const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
export type Style = (text: string, name: keyof typeof STYLES) => string;

export function styler(colour: boolean): Style {
  return (text, name) => {
    const [on, off] = STYLES[name];
    return colour && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  };
}

/**
 * Text of somebody else made harmless for a terminal: escape sequences could repaint the screen or
 * forge an answer, and direction overrides could hide what is there.
 */
export function harmless(text: string): string {
  const plain = text.replaceAll("\r\n", "\n").replaceAll("\t", "  ");
  return plain.replace(/(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\uFFFD");
}

/** Columns a text takes: a CJK character or an emoji takes two, a combining mark none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

function charWidth(char: string): number {
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(char)) return 0;
  return isWide(char) ? 2 : 1;
}

const isWide = (char: string) =>
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$|^\p{Emoji_Presentation}$/u.test(
    char,
  );

/** Lines of at most `columns`, broken at spaces, between CJK characters, or inside a word that is too long. */
export function wrap(text: string, columns: number): string[] {
  return text.split("\n").flatMap((line) => wrapLine(line, Math.max(columns, 4)));
}

function wrapLine(line: string, columns: number): string[] {
  const lines: string[] = [];
  let current = "";
  let width = 0;
  const flush = () => {
    lines.push(current.trimEnd());
    current = "";
    width = 0;
  };
  for (const piece of pieces(line)) {
    const pieceWidth = widthOf(piece);
    if (width + pieceWidth > columns && width > 0) flush();
    if (current === "" && lines.length > 0 && piece.trim() === "") continue;
    if (pieceWidth <= columns) {
      current += piece;
      width += pieceWidth;
      continue;
    }
    for (const char of piece) {
      if (width + charWidth(char) > columns) flush();
      current += char;
      width += charWidth(char);
    }
  }
  if (current.trim() !== "" || lines.length === 0) flush();
  return lines;
}

/** Words, runs of spaces, and single wide characters. */
function pieces(line: string): string[] {
  const found: string[] = [];
  let word = "";
  for (const char of line) {
    const alone = char === " " || isWide(char);
    if (alone && word !== "") {
      found.push(word);
      word = "";
    }
    if (alone) found.push(char);
    else word += char;
  }
  if (word !== "") found.push(word);
  return found;
}

export const indent = (lines: string[], by: number) =>
  lines.map((line) => (line === "" ? "" : " ".repeat(by) + line)).join("\n");

/** `text` cut to `columns`, with an ellipsis where something is missing. */
export function clip(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  let width = 1;
  for (const char of text) {
    width += charWidth(char);
    if (width > columns) break;
    kept += char;
  }
  return `${kept.trimEnd()}…`;
}

/**
 * Parts of an entry beside each other, and on indented lines of their own where they do not fit. Parts may be styled;
 * what is wider than the terminal by itself is left whole.
 */
export function folded(parts: string[], columns: number, indentation = 4): string {
  const lines: string[] = [];
  for (const part of parts.filter((each) => each.trim() !== "")) {
    const last = lines.at(-1);
    const beside = `${last}  ${part}`;
    if (last !== undefined && shownWidth(beside.trimEnd()) <= columns)
      lines[lines.length - 1] = beside;
    else lines.push(last === undefined ? part : " ".repeat(indentation) + part);
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}

const shownWidth = (styled: string) => widthOf(styled.replaceAll(/\p{Cc}\[\d+m/gu, ""));

export const padEnd = (text: string, columns: number) =>
  text + " ".repeat(Math.max(0, columns - widthOf(text)));

export function bar(fraction: number, columns: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * columns);
  return "█".repeat(filled) + "░".repeat(columns - filled);
}
