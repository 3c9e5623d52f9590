import type { UnitContent } from "#domain/units/model.ts";
import { passagesOf } from "#domain/units/passages.ts";
import { evidenceOf, type Finding } from "#domain/verification/evidence.ts";
import type { Evidence } from "#domain/verification/model.ts";

/** A language tag that says nothing about a script matches any text. */
const UNDETERMINED = "und";

/** L1: there is something to read, in the language it claims. */
export function checkWellFormed(content: UnitContent, atMs: number): Evidence {
  const findings: Finding[] = [];
  const fail = (code: string, detail: string, pointer: string) =>
    findings.push({ verdict: "fail", code, detail, pointer });
  if (!/[\p{L}\p{N}]/u.test(content.title))
    fail("title-empty", "The title holds no letter or digit", "/title");
  if (!/[\p{L}\p{N}]/u.test(content.body))
    fail("body-empty", "The body holds no letter or digit", "/body");
  else if (passagesOf(content.title, content.body).length === 0)
    fail("body-empty", "The body gives no passage", "/body");
  for (const [pointer, text] of [
    ["/title", content.title],
    ["/body", content.body],
  ] as const) {
    const controls = controlCount(text);
    if (controls > 0 && controls * 50 > text.length)
      fail("control-characters", `${controls} control characters in ${text.length}`, pointer);
    else if (controls > 0)
      findings.push({
        verdict: "note",
        code: "control-characters",
        detail: `${controls} control characters`,
        pointer,
      });
  }
  if (content.language !== UNDETERMINED && !plausible(content.language, content.body)) {
    findings.push({
      verdict: "note",
      code: "language-implausible",
      detail: `The text does not look like ${content.language}`,
      pointer: "/language",
    });
  }
  return evidenceOf("well-formed", "1", "L1", findings, atMs);
}

/** C0 and C1 controls other than tab, line feed and carriage return. */
function controlCount(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (
      (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) ||
      (code >= 0x7f && code <= 0x9f)
    )
      count += 1;
  }
  return count;
}

/** Languages whose script is their own: text without one letter of it is in another language, or is code. */
const OWN_SCRIPT: Record<string, RegExp> = {
  zh: /\p{Script=Han}/u,
  ja: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u,
  ko: /\p{Script=Hangul}/u,
  ru: /\p{Script=Cyrillic}/u,
  uk: /\p{Script=Cyrillic}/u,
  ar: /\p{Script=Arabic}/u,
  he: /\p{Script=Hebrew}/u,
  el: /\p{Script=Greek}/u,
  th: /\p{Script=Thai}/u,
  hi: /\p{Script=Devanagari}/u,
};

function plausible(language: string, body: string): boolean {
  const own = OWN_SCRIPT[language.toLowerCase().split("-")[0] ?? ""];
  return own === undefined || own.test(body);
}
