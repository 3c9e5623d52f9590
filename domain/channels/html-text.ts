const NAMED: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
  nbsp: " ",
};
/** Elements that begin or end a line, and those of which nothing is shown. */
const BREAKS =
  /^(br|hr|p|div|tr|li|h[1-6]|blockquote|\/p|\/div|\/tr|\/h[1-6]|\/table|\/ul|\/ol|\/blockquote)$/;
const HIDDEN = /^(script|style|head|title)$/;
const NAME = /^<(\/?[a-z][a-z0-9]*|!--)/;
const NAME_CHARS_MAX = 20;

/** What somebody reads of an HTML text: one pass over it, whatever it is, and no more than it holds. */
export function textOfHtml(html: string): string {
  // Only A to Z: the whole keeps its length.
  const lower = html.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
  const shown: string[] = [];
  for (let at = 0; at < html.length;) {
    const open = html.indexOf("<", at);
    shown.push(html.slice(at, open === -1 ? html.length : open));
    if (open === -1) break;
    const name = NAME.exec(lower.slice(open, open + NAME_CHARS_MAX))?.[1];
    if (name === undefined) shown.push("<");
    else if (BREAKS.test(name)) shown.push("\n");
    at = name === undefined ? open + 1 : behind(lower, open, name);
  }
  return shown
    .join("")
    .replaceAll(/&(lt|gt|amp|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});/gi, character)
    .replaceAll(/[^\S\n]+/g, " ")
    .replaceAll(/ ?\n ?/g, "\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

/** Where what begins with this tag ends. */
function behind(lower: string, open: number, name: string): number {
  const end = (mark: string, from: number): number => {
    const found = lower.indexOf(mark, from);
    return found === -1 ? lower.length : found + mark.length;
  };
  if (name === "!--") return end("-->", open);
  return end(">", HIDDEN.test(name) ? end(`</${name}`, open) : open);
}

function character(whole: string, name: string): string {
  const key = name.toLowerCase();
  if (!key.startsWith("#")) return NAMED[key] ?? whole;
  const code = key.startsWith("#x") ? Number.parseInt(key.slice(2), 16) : Number(key.slice(1));
  const isOne = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isOne ? String.fromCodePoint(code) : whole;
}
