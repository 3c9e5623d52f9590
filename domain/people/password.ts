import { base64Of } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Invalid, Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { COMMON_STEMS } from "#domain/people/common-passwords.ts";

const utf8 = new TextEncoder();

/** Both ends of a password's life see the same text, however a keyboard composed it (NIST SP 800-63B, 5.1.1.2). */
const normal = (password: string): string => password.normalize("NFKC");

/**
 * What bcrypt is given: 64 characters of base64, whatever the password's length. bcrypt itself ignores all bytes from
 * the 73rd on and stops at a NUL. Keyed by our name, so that hashes of the same password leaked elsewhere are of no
 * use against it.
 */
export async function passwordDigest(password: string): Promise<string> {
  const key = await crypto.subtle.importKey(
    "raw",
    utf8.encode("wishub password 1"),
    { name: "HMAC", hash: "SHA-384" },
    false,
    ["sign"],
  );
  const digest = await crypto.subtle.sign("HMAC", key, utf8.encode(normal(password)));
  return base64Of(new Uint8Array(digest));
}

/** bcrypt, cost 12, of a random text that nobody knows: what a password is compared with where there is no person. */
export const NOBODYS_HASH = "$2b$12$ukEPwrxMXxx6fvOuVKQjZeP4VN13NH5w5F9E3xSqEUyvp4TsV03ei";

/**
 * Whether a new password will do (NIST SP 800-63B, 5.1.1.2): at least 12 characters, no rules about their kinds, and
 * not one that everybody tries. `about` is what the person is known by: their address and names.
 */
export function checkPassword(
  password: string,
  about: readonly string[],
  pointer = "/password",
): Result<null, Problem<"invalid-request">> {
  const refused = (detail: string) => {
    const errors: Invalid[] = [{ pointer, detail }];
    return err({ code: "invalid-request" as const, errors });
  };
  const characters = [...normal(password)];
  if (!password.isWellFormed()) return refused("must not hold an unpaired surrogate");
  if (characters.length < LIMITS.passwordCharsMin)
    return refused(`must have at least ${LIMITS.passwordCharsMin} characters`);
  if (isCommon(password, about)) return refused("is too easy to guess, choose another");
  return ok(null);
}

/** One that is made of little: one of the words everybody takes, however decorated, a run, or what the person is called. */
function isCommon(password: string, about: readonly string[]): boolean {
  // Longest first, so that no short word cuts a long one apart.
  const words = [...COMMON_STEMS, ...about.flatMap(wordsOf)].toSorted(
    (a, b) => b.length - a.length,
  );
  const plain = bare(password);
  // As typed and as meant: a walk over the keyboard has digits that stand for no letter.
  return [plain, meant(plain)].some((text) => {
    const rest = words.reduce((left, word) => left.replaceAll(word, ""), text);
    return isRepetition(text) || [...withoutRuns(rest)].length < REST_MIN;
  });
}

/** Characters that must be left once what everybody takes is gone. */
const REST_MIN = 6;
const WORD_MIN = 4;

const wordsOf = (text: string): string[] =>
  bare(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length >= WORD_MIN);

const LEET: Record<string, string> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};
/** Without the usual stand-ins for letters; digits that are no part of a word stay themselves. */
const meant = (text: string): string =>
  text.replaceAll(/(?<=\p{L})[013457@$!](?=\p{L})/gu, (sign) => LEET[sign] ?? sign);

const bare = (text: string): string =>
  text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();

/** `abcabcabcabc` is as good as `abc`. */
function isRepetition(text: string): boolean {
  const all = [...text];
  for (let period = 1; period <= Math.min(4, all.length / 2); period++)
    if (all.every((char, i) => char === all[i % period])) return true;
  return false;
}

/** Cuts runs of neighbours (`3456`, `dcba`, `aaaa`) down to their first character. */
function withoutRuns(text: string): string {
  const codes = [...text].map((char) => char.codePointAt(0) ?? 0);
  return codes
    .filter((code, i) => i === 0 || Math.abs(code - (codes[i - 1] ?? 0)) > 1)
    .map((code) => String.fromCodePoint(code))
    .join("");
}
