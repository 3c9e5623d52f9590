import type { Messages } from "#web/app/language.ts";

/** What is said of the checks of a unit. */
export const evidenceWords = {
  noEvidence: [
    "No check has run yet.",
    "还没有运行过检查。",
    "まだ検査は行われていません。",
    "Aún no se ha hecho ninguna comprobación.",
  ],
  verdictpass: ["passed", "通过", "合格", "superada"],
  verdictfail: ["failed", "未通过", "不合格", "fallida"],
  verdictnote: ["noted", "备注", "注記", "anotada"],
} as const satisfies Messages;
