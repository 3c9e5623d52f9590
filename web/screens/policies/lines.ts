export type Lines = {
  /** On which line of the text each value begins, by its JSON pointer; counted from 1. */
  lines: ReadonlyMap<string, number>;
  /** On which line the text stops being JSON; null where it is JSON throughout. */
  brokenAt: number | null;
};

const DEPTH_MAX = 32;
const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\n]|\\.)*"/y;

/** Where everything stands in a JSON text, as far as it can be read. */
export function linesOf(text: string): Lines {
  const lines = new Map<string, number>();
  let at = 0;
  let line = 1;
  const skip = () => {
    for (; /[ \t\r\n]/.test(text[at] ?? ""); at += 1) if (text[at] === "\n") line += 1;
  };
  const is = (char: string): boolean => {
    skip();
    if (text[at] !== char) return false;
    at += 1;
    return true;
  };
  const token = (shape: RegExp): string | null => {
    skip();
    shape.lastIndex = at;
    const found = shape.exec(text)?.[0] ?? null;
    at += found?.length ?? 0;
    return found;
  };
  const string = (): string | null => textIn(token(STRING));
  /** `end` is read already where there is nothing inside. */
  const inside = (end: string, one: (count: number) => boolean): boolean => {
    if (is(end)) return true;
    for (let count = 0; one(count); count += 1) if (!is(",")) return is(end);
    return false;
  };
  const value = (pointer: string, depth: number): boolean => {
    skip();
    lines.set(pointer, line);
    if (depth > DEPTH_MAX) return false;
    if (is("[")) return inside("]", (count) => value(`${pointer}/${count}`, depth + 1));
    if (is("{"))
      return inside("}", () => {
        const name = string();
        return name !== null && is(":") && value(`${pointer}/${escaped(name)}`, depth + 1);
      });
    return string() !== null || token(LITERAL) !== null;
  };
  const isRead = value("", 0);
  skip();
  return { lines, brokenAt: isRead && at === text.length ? null : line };
}

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** What stands between quotes; null where it may not. */
function textIn(quoted: string | null): string | null {
  if (quoted === null) return null;
  try {
    return String(JSON.parse(quoted));
  } catch {
    return null;
  }
}

/** The line of what a pointer names; of what it would be in, where it is not there. */
export function lineAt({ lines }: Lines, pointer: string): number {
  for (let name = pointer; name !== ""; name = name.slice(0, name.lastIndexOf("/"))) {
    const line = lines.get(name);
    if (line !== undefined) return line;
  }
  return 1;
}
