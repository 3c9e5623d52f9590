import type { Messages } from "#web/app/language.ts";

export const overview = {
  title: ["Overview", "概览", "概要", "Resumen"],
  ask: ["What is known about…", "关于……已知什么？", "何が知られていますか…", "¿Qué se sabe de…?"],
  placeholder: [
    "Ask a question, in any language",
    "用任何语言提问",
    "どの言語でも質問できます",
    "Haz una pregunta, en cualquier idioma",
  ],
  search: ["Search", "搜索", "検索", "Buscar"],
  tryOne: ["Try", "试试", "例", "Prueba"],
  exampleOne: [
    "How do I cache the responses of requests?",
    "怎样缓存请求的响应？",
    "リクエストの応答をキャッシュするには？",
    "¿Cómo guardo en caché las respuestas de peticiones?",
  ],
  exampleTwo: [
    "怎样缓存请求的响应？",
    "How do I cache the responses of requests?",
    "How do I cache the responses of requests?",
    "怎样缓存请求的响应？",
  ],
  collectionpublic: [
    "searchable units you made public",
    "个你公开的可搜索智核",
    "件の公開した検索可能ユニット",
    "unidades localizables que hiciste públicas",
  ],
  collectionprivate: [
    "searchable units of your own",
    "个你私有的可搜索智核",
    "件の非公開の検索可能ユニット",
    "unidades localizables solo tuyas",
  ],
  onTheWay: [
    "{count, number} on the way",
    "{count, number} 个处理中",
    "{count, number} 件が処理中",
    "{count, number} en camino",
  ],
  latest: ["Your latest units", "你最近发布的智核", "最近のユニット", "Tus últimas unidades"],
  none: [
    "You have published nothing yet",
    "你还没有发布任何内容",
    "まだ何も公開していません",
    "Aún no has publicado nada",
  ],
  publishFirst: [
    "Publish what you know, and watch it being verified.",
    "发布你知道的内容，并观看它被验证。",
    "知っていることを公開し、検証の様子を見てみましょう。",
    "Publica lo que sabes y mira cómo se verifica.",
  ],
  publish: ["Publish", "发布", "公開", "Publicar"],
  happening: ["What just happened", "刚刚发生", "いま起きたこと", "Lo que acaba de pasar"],
  quiet: [
    "Nothing since you opened this page. Events appear here as they happen.",
    "打开页面以来没有新事件。事件发生时会显示在这里。",
    "このページを開いてから何も起きていません。イベントは起き次第ここに現れます。",
    "Nada desde que abriste esta página. Los eventos aparecen aquí según ocurren.",
  ],
} as const satisfies Messages;
