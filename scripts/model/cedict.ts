/** Headword (traditional and simplified) → a short English gloss, from CC-CEDICT's entries. */
export type Entry = [
  traditional: string,
  simplified: string,
  pinyin: string,
  english: string | string[],
  ...rest: unknown[],
];

const GLOSS_CHARS_MAX = 60;

export function glossesOf(entries: Entry[], senses = 2): Map<string, string> {
  const candidates = new Map<string, { gloss: string; rank: number }[]>();
  const pointers = new Map<string, string>();
  for (const [traditional, simplified, pinyin, english] of entries) {
    const all = typeof english === "string" ? [english] : english;
    const heads = new Set([traditional, simplified]);
    const gloss = shortGloss(all, senses);
    for (const head of heads) {
      if (gloss === "") {
        const target = pointerIn(all);
        if (target && target !== head && !pointers.has(head)) pointers.set(head, target);
        if (!candidates.has(head)) candidates.set(head, []);
        continue;
      }
      const rank = /^(surname)\b/.test(gloss) ? 2 : /^[A-Z]/.test(pinyin) ? 1 : 0;
      const list = candidates.get(head) ?? [];
      list.push({ gloss, rank });
      candidates.set(head, list);
    }
  }
  const glosses = new Map<string, string>();
  for (const [head, list] of candidates) glosses.set(head, best(list));
  for (const [head, target] of pointers)
    if (!glosses.get(head)) glosses.set(head, glosses.get(target) ?? "");
  return glosses;
}

function best(list: { gloss: string; rank: number }[]): string {
  let found = list[0];
  for (const item of list) if (found && item.rank < found.rank) found = item;
  return found?.gloss ?? "";
}

const POINTER =
  /^(?:\([^)]*\) ?)?(?:(?:old |erhua |archaic |Japanese |Taiwan )*variant of|see(?: also)?|used in|same as|also written|abbr\. for|equivalent to|short for|also called) /;

function pointerIn(senses: string[]): string | undefined {
  for (const sense of senses) {
    const match = /([\u3007\u3400-\u9fff]+)(?:\|([\u3007\u3400-\u9fff]+))?\[/.exec(sense);
    if (match) return match[2] ?? match[1];
  }
  return undefined;
}

function shortGloss(all: string[], count: number): string {
  const kept: string[] = [];
  for (const sense of all) {
    if (POINTER.test(sense) || /^(CL:|also pr\.|Taiwan pr\.|\(Tw\) pr)/.test(sense)) continue;
    for (const part of sense.split(";")) {
      const text = cleaned(part);
      if (text && !kept.includes(text)) kept.push(text);
      if (kept.length >= count) break;
    }
    if (kept.length >= count) break;
  }
  return kept.join(" ").slice(0, GLOSS_CHARS_MAX).trim();
}

function cleaned(part: string): string {
  return part
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .replace(/\([^)]*\)/g, " ")
    .replace(/\[[^\]]*\]/g, " ")
    .replace(/(?:abbr\. (?:for|of)|CL:|pr\.).*$/, " ")
    .replace(/[^\x20-\x7e]/g, " ")
    .replace(/\b(?:sth|sb|etc|fig|lit|esp)\b\.?/g, " ")
    .replace(/[|~"?!]/g, " ")
    .replace(/^\s*(?:to be|to|a|an|the)\s+/, "")
    .replace(/\s+/g, " ")
    .trim();
}
