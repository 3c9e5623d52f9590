export type DigitGroup = {
  digits: string;
  at: number;
  /** The mark between this group and the one before it. */ before: string;
};
/** Groups of digits with one mark between each two, such as 4111-1111-1111-1111 or +49 (30) 123456. */
export type Cluster = { groups: DigitGroup[]; plus: boolean };

/** A longer run of digits is a measurement, a key or noise, not a person's number. */
const GROUP_DIGITS_MAX = 19;

/** All clusters of digits of a text, in one pass. Digits inside a word, a decimal or a hexadecimal number are left out. */
export function clustersOf(text: string): Cluster[] {
  const clusters: Cluster[] = [];
  let open: Cluster | undefined;
  let closeAt = -1;
  for (let at = 0; at < text.length;) {
    if (!isDigit(text.charCodeAt(at))) {
      at += 1;
      continue;
    }
    let end = at;
    while (isDigit(text.charCodeAt(end))) end += 1;
    const mark = markBetween(text, closeAt, at);
    const group = { digits: text.slice(at, end), at, before: mark ?? "" };
    const joins = open !== undefined && mark !== undefined;
    if (end - at > GROUP_DIGITS_MAX || isInsideWord(text, at, end)) open = undefined;
    else if (joins) open?.groups.push(group);
    else if (!isFraction(text, at)) {
      open = { groups: [group], plus: hasPlus(text, at) };
      clusters.push(open);
    } else open = undefined;
    closeAt = end;
    at = end;
  }
  return clusters;
}

/** What stands between two groups of one number, and the one mark that it counts as. */
const MARKS = new Map([
  ...[" ", "\u00a0"].map((mark) => [mark, " "] as const),
  ...["-", " - ", "\u2011", "\u2013"].map((mark) => [mark, "-"] as const),
  ...[")", ") ", ")-"].map((mark) => [mark, ")"] as const),
  ...["(", " (", "-("].map((mark) => [mark, "("] as const),
  [".", "."],
  ["/", "/"],
]);

/** The mark between two groups; undefined when they are apart. */
const markBetween = (text: string, from: number, to: number) =>
  from < 0 || to - from > 3 ? undefined : MARKS.get(text.slice(from, to));

function hasPlus(text: string, at: number): boolean {
  return (
    text.charAt(at - 1) === "+" ||
    text.slice(at - 2, at) === "+(" ||
    (text.charAt(at - 1) === "(" && text.charAt(at - 2) === "+")
  );
}

/** `0.4111…` and `1,234`: digits after a point or comma that follows a digit begin no number of a person. */
function isFraction(text: string, at: number): boolean {
  const before = text.charAt(at - 1);
  return (before === "." || before === ",") && isDigit(text.charCodeAt(at - 2));
}

/** Digits that touch a letter are part of a name, a hash or a unit; a final X of a resident id is none of these. */
function isInsideWord(text: string, at: number, end: number): boolean {
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(end);
  const idEnd = end - at === 17 && (after | 0x20) === 0x78 && !isWord(text.charCodeAt(end + 1));
  // The extension of a telephone: 930.167.3943x459.
  const extension = (after | 0x20) === 0x78 && isDigit(text.charCodeAt(end + 1)) && end - at === 4;
  return isWord(before) || (isWord(after) && !idEnd && !extension);
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
const isWord = (code: number) =>
  isDigit(code) ||
  code === 0x5f ||
  code === 0x23 ||
  code === 0x24 ||
  ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
