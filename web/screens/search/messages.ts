import type { Messages } from "#web/app/language.ts";

export const search = {
  title: ["Search", "搜索", "検索", "Buscar"],
  label: ["Search what is known", "搜索已知的知识", "知識を検索", "Busca lo que se sabe"],
  placeholder: [
    "Ask a question, in any language",
    "用任何语言提问",
    "どの言語でも質問できます",
    "Haz una pregunta, en cualquier idioma",
  ],
  found: [
    "{count, plural, =0 {Nothing found} one {# hit} other {# hits}} in {ms} ms",
    "{count, number} 条结果，用时 {ms} 毫秒",
    "{count, number} 件（{ms} ミリ秒）",
    "{count, plural, =0 {Nada} one {# resultado} other {# resultados}} en {ms} ms",
  ],
  partial: [
    "Some shards did not answer in time.",
    "部分分片没有及时回答。",
    "一部のシャードが時間内に応答しませんでした。",
    "Algunos fragmentos no respondieron a tiempo.",
  ],
  none: ["Nothing found", "没有找到", "見つかりませんでした", "No se encontró nada"],
  noneDetail: [
    "Try other words, or publish what you know.",
    "换个说法，或发布你知道的。",
    "別の言葉で試すか、知っていることを公開してください。",
    "Prueba con otras palabras, o publica lo que sabes.",
  ],
  begin: [
    "Hits come while you type. A question in one language finds units in another.",
    "边输入边出结果。用一种语言提问，也能找到另一种语言的智核。",
    "入力すると結果が現れます。ある言語の質問で別の言語のユニットも見つかります。",
    "Los resultados llegan mientras escribes. Una pregunta en un idioma encuentra unidades en otro.",
  ],
  minLevel: ["At least", "至少", "最低レベル", "Al menos"],
  visibility: ["Visibility", "可见性", "公開範囲", "Visibilidad"],
  unitLanguage: ["Language", "语言", "言語", "Idioma"],
  any: ["any", "不限", "すべて", "cualquiera"],
  why: ["Why this score?", "为什么是这个分数？", "このスコアの理由", "¿Por qué esta puntuación?"],
  meaning: ["meaning", "语义", "意味", "significado"],
  words: ["words", "词语", "単語", "palabras"],
  meaningNote: [
    "cosine {cosine}, normalised {normalised}, weight {weight}",
    "余弦 {cosine}，归一化 {normalised}，权重 {weight}",
    "コサイン {cosine}、正規化 {normalised}、重み {weight}",
    "coseno {cosine}, normalizado {normalised}, peso {weight}",
  ],
  wordsNote: [
    "BM25 {bm25}, normalised {normalised}, weight {weight}",
    "BM25 {bm25}，归一化 {normalised}，权重 {weight}",
    "BM25 {bm25}、正規化 {normalised}、重み {weight}",
    "BM25 {bm25}, normalizado {normalised}, peso {weight}",
  ],
  wordsFound: [
    "Words found: {terms}",
    "命中的词：{terms}",
    "一致した語：{terms}",
    "Palabras encontradas: {terms}",
  ],
  evidence: ["Evidence", "证据", "証拠", "Evidencia"],
} as const satisfies Messages;
