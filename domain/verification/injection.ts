import type { Finding } from "#domain/verification/evidence.ts";
import type { Field } from "#domain/verification/fields.ts";
import { fold } from "#domain/verification/fold.ts";
import { hiddenText } from "#domain/verification/hidden-text.ts";
import { INJECTION_WORDS } from "#domain/verification/injection-words.ts";
import { chains, phraseFinder } from "#domain/verification/phrases.ts";

const find = phraseFinder(INJECTION_WORDS);

type Rule = {
  code: string;
  detail: string;
  chain: readonly string[];
  gap: number;
  verdict: Finding["verdict"];
};

/** A chain fails the unit when its words, in this order and close together, are hardly ever honest knowledge. */
const RULES: readonly Rule[] = [
  {
    code: "instruction-override",
    detail: "Tells a model to set its instructions aside",
    chain: ["ignore", "scope", "instruction"],
    gap: 24,
    verdict: "fail",
  },
  {
    code: "instruction-override",
    detail: "Tells a model to set its instructions aside",
    chain: ["ignore", "instruction", "scope"],
    gap: 24,
    verdict: "fail",
  },
  // Japanese, Korean, Hindi and German put the verb last.
  {
    code: "instruction-override",
    detail: "Tells a model to set its instructions aside",
    chain: ["scope", "instruction", "ignoreLast"],
    gap: 10,
    verdict: "fail",
  },
  {
    code: "instruction-override",
    detail: "Tells a model to set its rules aside",
    chain: ["ignore", "scope", "rule"],
    gap: 16,
    verdict: "fail",
  },
  {
    code: "instruction-override",
    detail: "Tells a model to forget what it was told",
    chain: ["ignore", "told"],
    gap: 12,
    verdict: "fail",
  },
  {
    code: "instruction-override",
    detail: "Tells a model to get around its instructions",
    chain: ["override", "scope", "instruction"],
    gap: 16,
    verdict: "fail",
  },
  {
    code: "safety-bypass",
    detail: "May tell a model to get around its rules",
    chain: ["override", "scope", "rule"],
    gap: 16,
    verdict: "note",
  },
  {
    code: "prompt-extraction",
    detail: "Asks a model for what it keeps to itself",
    chain: ["reveal", "private"],
    gap: 20,
    verdict: "fail",
  },
  {
    code: "role-takeover",
    detail: "Tells a model that it is another, unrestricted one",
    chain: ["takeover"],
    gap: 0,
    verdict: "fail",
  },
  {
    code: "addressed-to-model",
    detail: "Speaks to the model that reads it and asks for an action",
    chain: ["address", "harm"],
    gap: 160,
    verdict: "fail",
  },
  {
    code: "hidden-from-user",
    detail: "Asks for something to be kept from the user",
    chain: ["secretly"],
    gap: 0,
    verdict: "fail",
  },
  {
    code: "addressed-to-model",
    detail: "Speaks to the model that reads it",
    chain: ["address"],
    gap: 0,
    verdict: "note",
  },
  {
    code: "persona",
    detail: "Gives the reader another role",
    chain: ["persona"],
    gap: 0,
    verdict: "note",
  },
  {
    code: "response-steering",
    detail: "Says how a reader's answer should look",
    chain: ["steer"],
    gap: 0,
    verdict: "note",
  },
];

/**
 * Instructions aimed at a model that reads the unit. This is a list of rules, not an understanding: it finds known
 * turns of phrase and hidden text; `docs/design/verification.md` says how much of two public sets it finds.
 */
export function findInjection(field: Field): Finding[] {
  const text = fold(field.text);
  const hits = find(text);
  const discussed = hits.some((hit) => hit.group === "discussion");
  const findings = new Map<string, Finding>();
  const add = (finding: Finding) => {
    // One of each code, the worst: ten roles in a text are no more evidence than one.
    const known = findings.get(finding.code);
    if (known === undefined || (known.verdict === "note" && finding.verdict === "fail"))
      findings.set(finding.code, finding);
  };
  for (const { code, detail, chain, gap, verdict } of RULES) {
    for (const { from, to } of chains(text, hits, chain, gap)) {
      const softened =
        verdict === "fail" && (reported(text, from) || (discussed && quoted(text, from, to)));
      add({ verdict: softened ? "note" : verdict, code, detail, pointer: field.pointer });
    }
  }
  for (const { verdict, code, detail } of hiddenText(field.text))
    add({ verdict, code, detail, pointer: field.pointer });
  return [...findings.values()];
}

/** "You can ignore the instructions above", "this will not reveal your password": told of somebody, not to the reader. */
function reported(text: string, from: number): boolean {
  const before = text.slice(Math.max(0, from - 24), from).trimEnd();
  return /(^|[^a-z])(can|may|might|could|would|cannot|can't|won't|never|not|n't|don't|safely|they|it|which|that|users|who|attempts? to|tries to|trying to|designed to)$/.test(
    before,
  );
}

/** Inside quotation marks or code marks that open at most 40 characters before and close as soon after. */
function quoted(text: string, from: number, to: number): boolean {
  const before = text.slice(Math.max(0, from - 40), from);
  const after = text.slice(to, to + 120);
  return ['"', "`", "'", "“", "「", "《"].some((mark) => {
    const close = mark === "“" ? "”" : mark === "「" ? "」" : mark === "《" ? "》" : mark;
    return before.includes(mark) && after.includes(close);
  });
}
