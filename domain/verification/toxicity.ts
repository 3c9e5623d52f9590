import type { Finding } from "#domain/verification/evidence.ts";
import type { Field } from "#domain/verification/fields.ts";
import { fold } from "#domain/verification/fold.ts";
import { phraseFinder } from "#domain/verification/phrases.ts";
import { TOXICITY_WORDS } from "#domain/verification/toxicity-words.ts";

const find = phraseFinder(TOXICITY_WORDS);

const RULES: Readonly<
  Record<string, { verdict: Finding["verdict"]; code: string; detail: string }>
> = {
  slur: { verdict: "fail", code: "slur", detail: "A word that demeans a group of people" },
  selfHarm: {
    verdict: "fail",
    code: "self-harm-encouragement",
    detail: "Urges somebody to harm themselves",
  },
  threat: { verdict: "fail", code: "threat", detail: "Threatens violence" },
  hate: { verdict: "fail", code: "hate", detail: "Calls for violence against a group of people" },
  insult: { verdict: "note", code: "insult", detail: "Insulting or obscene words" },
};

/**
 * Abuse by a small lexicon, seen through spacing, digits for letters and look-alike letters. Words of abuse in a text
 * that is about such words are a note. It knows words, not meaning: irony, context and new words pass.
 */
export function findToxicity(field: Field): Finding[] {
  const hits = find(fold(field.text));
  const mentioned = hits.some((hit) => hit.group === "mention");
  const groups = new Set(hits.map((hit) => hit.group));
  const findings: Finding[] = [];
  for (const [group, { verdict, code, detail }] of Object.entries(RULES)) {
    if (!groups.has(group)) continue;
    findings.push({ verdict: mentioned ? "note" : verdict, code, detail, pointer: field.pointer });
  }
  return findings;
}
