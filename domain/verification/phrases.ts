/** Where a phrase of a group stands in a text. */
export type PhraseHit = { group: string; from: number; to: number };

type Node = { next: Map<number, number>; fail: number; ends: { group: string; length: number }[] };

/**
 * Finds every phrase of every group in one pass (Aho–Corasick): the time grows with the text and its hits, whatever
 * the text is. Phrases of letters match whole words only; phrases of CJK characters match anywhere.
 */
export function phraseFinder(
  groups: Readonly<Record<string, string>>,
): (text: string) => PhraseHit[] {
  const nodes = trieOf(groups);
  link(nodes);
  return (text) => {
    const hits: PhraseHit[] = [];
    let state = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      let next = nodes[state]?.next.get(code);
      while (next === undefined && state !== 0) {
        state = nodes[state]?.fail ?? 0;
        next = nodes[state]?.next.get(code);
      }
      state = next ?? 0;
      for (const { group, length } of nodes[state]?.ends ?? []) {
        const from = at + 1 - length;
        if (standsAlone(text, from, at + 1)) hits.push({ group, from, to: at + 1 });
      }
    }
    return hits.sort((a, b) => a.from - b.from || a.to - b.to || (a.group < b.group ? -1 : 1));
  };
}

/** `phrases` are separated by `|`, lower case, single blanks inside. */
function trieOf(groups: Readonly<Record<string, string>>): Node[] {
  const nodes: Node[] = [{ next: new Map(), fail: 0, ends: [] }];
  for (const [group, phrases] of Object.entries(groups)) {
    for (const phrase of phrases.split("|")) {
      let at = 0;
      for (let i = 0; i < phrase.length; i++) {
        const code = phrase.charCodeAt(i);
        let child = nodes[at]?.next.get(code);
        if (child === undefined) {
          child = nodes.push({ next: new Map(), fail: 0, ends: [] }) - 1;
          nodes[at]?.next.set(code, child);
        }
        at = child;
      }
      nodes[at]?.ends.push({ group, length: phrase.length });
    }
  }
  return nodes;
}

/** Breadth first: each node falls back to the longest proper suffix that is also in the trie. */
function link(nodes: Node[]): void {
  const queue = [0];
  for (const at of queue) {
    const node = nodes[at];
    if (node === undefined) continue;
    for (const [code, child] of node.next) {
      queue.push(child);
      const target = nodes[child];
      if (target === undefined) continue;
      let fail = at === 0 ? -1 : node.fail;
      while (fail >= 0 && nodes[fail]?.next.get(code) === undefined)
        fail = fail === 0 ? -1 : (nodes[fail]?.fail ?? -1);
      target.fail = fail < 0 ? 0 : (nodes[fail]?.next.get(code) ?? 0);
      target.ends.push(...(nodes[target.fail]?.ends ?? []));
    }
  }
}

/** The first and last characters are not the middle of a longer word. */
function standsAlone(text: string, from: number, to: number): boolean {
  return (
    !(isWord(text.charCodeAt(from)) && isWord(text.charCodeAt(from - 1))) &&
    !(isWord(text.charCodeAt(to - 1)) && isWord(text.charCodeAt(to)))
  );
}

/** Letters of alphabets, digits and the underscore; not CJK, whose words have no blanks between them. */
function isWord(code: number): boolean {
  if (code < 0x80)
    return (
      (code >= 0x30 && code <= 0x39) ||
      code === 0x5f ||
      ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a)
    );
  return code >= 0xc0 && code <= 0x1fff;
}

/**
 * The places where one hit of each group of `chain` follows the other, with at most `gap` characters between two and
 * no end of a sentence. `hits` is sorted by place. The first group's hit and the whole range are given.
 */
export function chains(
  text: string,
  hits: readonly PhraseHit[],
  chain: readonly string[],
  gap: number,
): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  hits.forEach((hit, i) => {
    if (hit.group !== chain[0]) return;
    const to = follow(text, hits, i, chain.slice(1), gap);
    if (to !== undefined) found.push({ from: hit.from, to });
  });
  return found;
}

/** Greedy: the nearest hit of the next group. Looks at hits within the gap only, so its work has a fixed bound. */
function follow(
  text: string,
  hits: readonly PhraseHit[],
  start: number,
  rest: readonly string[],
  gap: number,
): number | undefined {
  const head = hits[start];
  const [group, ...others] = rest;
  if (head === undefined) return undefined;
  if (group === undefined) return head.to;
  for (let i = start + 1; i < hits.length; i++) {
    const next = hits[i];
    if (next === undefined || next.from > head.to + gap) return undefined;
    if (next.group !== group || next.from < head.to) continue;
    if (endsSentence(text.slice(head.to, next.from))) return undefined;
    return follow(text, hits, i, others, gap);
  }
  return undefined;
}

const endsSentence = (between: string) =>
  between.includes("\n") ||
  between.includes(". ") ||
  between.includes("。") ||
  between.includes("! ") ||
  between.includes("? ");
