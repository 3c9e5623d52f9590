import type { Glossary } from "./glossary.ts";

/** Twice what the model reads of English, so a bound on work and not on meaning. */
const OUT_CHARS_MAX = 8_192;

const IDEOGRAPHS = /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3007]+/g;
const HAS_IDEOGRAPH = /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3007]/;

/** Chinese to a row of English glosses, word by longest word; all other text passes through as it is. */
export function bridge(glossary: Glossary, text: string): string {
  if (!HAS_IDEOGRAPH.test(text)) return text;
  const short = text.slice(0, OUT_CHARS_MAX).normalize("NFKC");
  return short
    .replace(IDEOGRAPHS, (run) => ` ${glossesOf(glossary, run).join(" ")} `)
    .slice(0, OUT_CHARS_MAX);
}

function glossesOf(glossary: Glossary, run: string): string[] {
  const glosses: string[] = [];
  let at = 0;
  while (at < run.length) {
    const word = glossary.longest(run, at);
    if (word && word.gloss !== "") glosses.push(word.gloss);
    at += word?.length ?? 1;
  }
  return glosses;
}
