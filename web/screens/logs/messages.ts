import type { Messages } from "#web/app/language.ts";

export const logWords = {
  title: ["Log", "日志", "ログ", "Registro"],
  lead: [
    "Changes of state, and what went wrong while the platform worked for you. Kept for 7 days.",
    "状态变化，以及平台为你工作时出现的问题，保留 7 天。",
    "状態の変化と、処理中に起きた問題。7 日間保存します。",
    "Cambios de estado y lo que falló mientras la plataforma trabajaba para ti. Se guarda 7 días.",
  ],
  level: ["At least", "至少", "以上", "Al menos"],
  leveldebug: ["debug", "调试", "デバッグ", "depuración"],
  levelinfo: ["info", "信息", "情報", "información"],
  levelwarn: ["warning", "警告", "警告", "aviso"],
  levelerror: ["error", "错误", "エラー", "error"],
  levelfatal: ["fatal", "致命", "致命的", "fatal"],
  service: ["Service", "服务", "サービス", "Servicio"],
  trace: ["Trace", "追踪", "トレース", "Traza"],
  text: ["Holds the text", "包含文本", "含むテキスト", "Contiene el texto"],
  any: ["any", "不限", "すべて", "cualquiera"],
  again: ["Read again", "重新读取", "再読み込み", "Leer de nuevo"],
  download: ["Export as NDJSON", "导出 NDJSON", "NDJSON で書き出す", "Exportar como NDJSON"],
  none: ["No lines", "没有日志", "ログはありません", "No hay líneas"],
  noneFit: [
    "No line is like that",
    "没有符合条件的日志",
    "条件に合うログはありません",
    "Ninguna línea es así",
  ],
  toTrace: ["See its trace", "查看其追踪", "トレースを見る", "Ver su traza"],
} as const satisfies Messages;
