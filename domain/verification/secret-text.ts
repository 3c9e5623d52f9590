/** Longer runs are data (an image, a bundle), not a credential, and would make matching them costly. */
export const TOKEN_CHARS_MAX = 4_096;

export type Token = { text: string; at: number };

/** The runs of characters that credentials are made of, at least 16 long, with no mark of a sentence at their end. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let from = -1;
  for (let at = 0; at <= text.length; at++) {
    if (isTokenChar(text.charCodeAt(at))) {
      if (from < 0) from = at;
      continue;
    }
    if (from >= 0) push(tokens, text, from, at);
    from = -1;
  }
  return tokens;
}

function push(tokens: Token[], text: string, from: number, to: number): void {
  let end = to;
  while (end > from && ".:-_".includes(text.charAt(end - 1))) end -= 1;
  if (end - from < 16 || end - from > TOKEN_CHARS_MAX) return;
  const whole = text.slice(from, end);
  tokens.push({ text: whole, at: from });
  // `key:value`, `key=value` and addresses: the value alone is a candidate too.
  for (const mark of ["=", ":", "/"]) {
    const split = whole.indexOf(mark);
    if (split >= 0 && end - from - split > 16)
      tokens.push({ text: whole.slice(split + 1), at: from + split + 1 });
  }
}

function isTokenChar(code: number): boolean {
  if ((code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a))
    return true;
  return (
    code === 0x5f ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x2b ||
    code === 0x2f ||
    code === 0x3d ||
    code === 0x3a
  );
}

const SECRET_NAMES =
  /(password|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|auth[_-]?key|credential|private[_-]?key|密码|口令|密钥|令牌)["'`\]]{0,2}$/i;
/** How much before a sign is looked at for a name, and after it for a value. */
const NAME_CHARS = 48;
const VALUE_CHARS = 256;

/** Values given to names that say "secret", as in `api_key = "…"`, `"token": "…"`, `PASSWORD=…`. */
export function assignments(text: string): { name: string; value: string; at: number }[] {
  const found: { name: string; value: string; at: number }[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character !== "=" && character !== ":" && character !== "：") continue;
    const end = text.charAt(at - 1) === " " ? at - 1 : at;
    if (!endsName(text.charCodeAt(end - 1))) continue;
    const before = text.slice(Math.max(0, end - NAME_CHARS), end);
    const name = SECRET_NAMES.exec(before)?.[1];
    if (name === undefined) continue;
    const value = valueAfter(text, at + 1);
    if (value !== undefined) found.push({ name: name.toLowerCase(), ...value });
  }
  return found;
}

/** A name ends in a letter, a digit, a quotation mark or a bracket: a row of signs has no name before each. */
function endsName(code: number): boolean {
  return (
    code >= 0x4e00 ||
    (code | 0x20) === 0x7d ||
    code === 0x22 ||
    code === 0x27 ||
    code === 0x60 ||
    ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a)
  );
}

/** A quoted literal without blanks, or a bare run that is no expression. */
function valueAfter(text: string, from: number): { value: string; at: number } | undefined {
  let at = from;
  while (at < from + 4 && " >=\t".includes(text.charAt(at)) && at < text.length) at += 1;
  const quote = text.charAt(at);
  const quoted = quote === '"' || quote === "'" || quote === "`";
  const rest = text.slice(quoted ? at + 1 : at, at + VALUE_CHARS);
  if (quoted) {
    const end = rest.indexOf(quote);
    const value = rest.slice(0, end);
    return end < 0 || /[\s{}<>$]/.test(value) ? undefined : { value, at: at + 1 };
  }
  const bare = /^[A-Za-z0-9+/=_~!@#%^&-]+/.exec(rest)?.[0] ?? "";
  const after = rest.charAt(bare.length);
  // `process.env.TOKEN`, `getToken(…)`, `Token<T>` and `a[b]` are code, not values.
  return bare === "" || (".([{<$".includes(after) && after !== "")
    ? undefined
    : { value: bare, at };
}

/** Words that say a value stands for another. */
const STANDS_IN =
  /example|sample|placeholder|changeme|change[-_]?me|dummy|fake|mock|redacted|insert|replace|secret|password|passwd|token|apikey|api[-_]key|foobar|your|test|xxx|abcdef|123456|000000|\.\.\.|\*\*\*|<|>|\$\{|\{\{/i;

export function isPlaceholder(value: string): boolean {
  return (
    STANDS_IN.test(value) ||
    new Set(value).size <= Math.min(5, value.length / 3) ||
    /^(user|root|admin|postgres|pass|guest|foo|bar|pw)\d*$/i.test(value)
  );
}

/** Shannon entropy in bits a character. */
export function entropyOf(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values())
    bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}
