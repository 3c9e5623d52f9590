import type { LogData } from "#domain/observability/log.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { findPii } from "#domain/verification/pii.ts";
import { findSecrets } from "#domain/verification/secrets.ts";

/** What stands for something that no log may hold. */
export const MASK = "[masked]";
const DEPTH_MAX = 5;

/** Names whose values are secret whatever they look like. */
const SECRET_NAME =
  /(password|passwd|passphrase|secret|token|authorization|cookie|api-?_?key|private-?_?key|credential|signature)$/i;
/** Names that hold what somebody is called. */
const PERSONAL_NAME = /^(e-?mail|phone|(first|last|full|display)-?_?name|address)$/i;
/**
 * Credentials of this product, also such as are short or were cut (domain/accounts/credential.ts), a wake-up's secret and
 * recovery codes, tokens that are signed JSON, those of a header, and Telegram's, which stand in its addresses.
 */
const OURS = new RegExp(
  [
    String.raw`\bw[a-z][0-9a-z]_[0-9a-v]{8,}[0-9a-zA-Z_]*`,
    String.raw`\b[a-z]{1,12}\.\d{1,3}\.[0-9a-f]{32}\b`,
    String.raw`(?<![\w-])[0-9a-v]{4}(?:-[0-9a-v]{4}){3}(?![\w-])`,
    String.raw`\beyJ[\w-]{8,}(?:\.[\w-]+)+`,
    String.raw`\b(?:Bearer|Basic|DPoP) [^\s",]+`,
    String.raw`\d{6,12}:[\w-]{30,}`,
  ].join("|"),
  "g",
);

/** Data as a log may keep it: bounded, and without secrets and personal data that a rule can tell. Linear in its length. */
export function maskedData(data: LogData): LogData {
  const budget = { left: LIMITS.logDataCharsMax };
  return (masked(data, "", 0, budget) ?? {}) as LogData;
}

/** A text with whatever is secret or personal in it cut out, and cut to a length. */
export function maskedText(text: string): string {
  const short = text.slice(0, LIMITS.logTextCharsMax).toWellFormed();
  const field = { pointer: "", text: short };
  // A published example of a secret is no loss; one of an address is what some messages are about.
  const personal = findPii(field).filter(({ verdict }) => verdict === "fail");
  const found = [...findSecrets(field), ...personal]
    .flatMap(({ code, detail }) => {
      const at = /(\d+)$/.exec(detail)?.[1];
      return at === undefined ? [] : [{ code, from: Number(at) - 1 }];
    })
    .toSorted((a, b) => a.from - b.from);
  let kept = "";
  let done = 0;
  for (const { code, from } of found) {
    if (from < done) continue;
    kept += short.slice(done, from) + MASK;
    done = endOf(short, from, code);
  }
  return (kept + short.slice(done)).replaceAll(OURS, MASK);
}

function masked(value: unknown, name: string, depth: number, budget: { left: number }): unknown {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value === undefined) return undefined;
  if (SECRET_NAME.test(name) || PERSONAL_NAME.test(name)) return MASK;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string" || value instanceof Error) {
    const text = maskedText(String(value));
    budget.left -= text.length;
    return budget.left < 0 ? "…" : text;
  }
  if (typeof value !== "object" || depth >= DEPTH_MAX) return typeof value;
  const entries: readonly (readonly [string, unknown])[] = Array.isArray(value)
    ? value.map((one, i) => [String(i), one as unknown] as const)
    : Object.entries(value);
  const all = entries.slice(0, LIMITS.logMembersMax).flatMap(([key, one]) => {
    budget.left -= key.length;
    const kept = budget.left < 0 ? undefined : masked(one, key, depth + 1, budget);
    return kept === undefined ? [] : [[maskedText(key), kept] as const];
  });
  return Array.isArray(value) ? all.map(([, one]) => one) : Object.fromEntries(all);
}

/** Where what begins here ends: a number goes on over single blanks, a private key to its last line, the rest to a blank. */
function endOf(text: string, from: number, code: string): number {
  if (code === "private-key") {
    const end = text.indexOf("-----END", from);
    return end < 0 ? text.length : Math.min(text.length, end + 40);
  }
  let at = from;
  while (at < text.length) {
    const character = text.charAt(at);
    if (isBlank(character) && !(isDigit(text.charAt(at + 1)) && isDigit(text.charAt(at - 1))))
      break;
    if (`"'<>(),;`.includes(character) && at > from) break;
    at++;
  }
  return at;
}

const isBlank = (character: string): boolean => /\s/.test(character);
const isDigit = (character: string): boolean => character >= "0" && character <= "9";
