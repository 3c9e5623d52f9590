import type { Messages } from "#web/app/language.ts";

export const topicWords = {
  lead: [
    "What the topic keeps, read again from a place or a time.",
    "主题中保留的事件，从某个位置或时间重新读取。",
    "トピックに残るイベントを、位置または時刻から読み直します。",
    "Lo que guarda el tema, leído de nuevo desde un lugar o una hora.",
  ],
  partition: ["Partition", "分区", "パーティション", "Partición"],
  every: ["all of them", "全部", "すべて", "todas"],
  place: [
    "{partition}: offsets {earliest} to {latest}",
    "{partition}：偏移 {earliest} 到 {latest}",
    "{partition}：オフセット {earliest}～{latest}",
    "{partition}: posiciones {earliest} a {latest}",
  ],
  begin: ["Begin", "开始于", "開始", "Empezar"],
  beginearliest: ["at the earliest", "最早处", "最も古い所から", "por el más antiguo"],
  beginoffset: ["at an offset…", "指定偏移…", "オフセットを指定…", "en una posición…"],
  begintime: ["at a time…", "指定时间…", "時刻を指定…", "a una hora…"],
  offset: ["Offset", "偏移", "オフセット", "Posición"],
  offsetOf: [
    "The partition has the offsets {earliest} to {latest}.",
    "该分区的偏移为 {earliest} 到 {latest}。",
    "このパーティションのオフセットは {earliest}～{latest} です。",
    "La partición tiene las posiciones {earliest} a {latest}.",
  ],
  at: ["Time", "时间", "時刻", "Hora"],
  timeNeeded: ["Say a time.", "请填写时间。", "時刻を入力してください。", "Indica una hora."],
  read: ["Read", "读取", "読む", "Leer"],
  none: [
    "Nothing is kept from there on",
    "从该处起没有保留的事件",
    "そこから先に残るイベントはありません",
    "No se guarda nada desde ahí",
  ],
} as const satisfies Messages;
