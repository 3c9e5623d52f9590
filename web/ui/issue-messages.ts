import type { Messages } from "#web/app/language.ts";

/** What is wrong with what was typed into a field. */
export const issueWords = {
  empty: [
    "Something has to stand here.",
    "此处不能为空。",
    "入力してください。",
    "Aquí hace falta algo.",
  ],
  short: [
    "At least {n, plural, one {# character} other {# characters}}.",
    "至少 {n} 个字符。",
    "{n} 文字以上にしてください。",
    "Al menos {n, plural, one {# carácter} other {# caracteres}}.",
  ],
  long: [
    "At most {n, plural, one {# character} other {# characters}}.",
    "最多 {n} 个字符。",
    "{n} 文字以内にしてください。",
    "Como máximo {n, plural, one {# carácter} other {# caracteres}}.",
  ],
  few: ["At least {n}.", "至少 {n} 项。", "{n} 個以上にしてください。", "Al menos {n}."],
  many: ["At most {n}.", "最多 {n} 项。", "{n} 個以内にしてください。", "Como máximo {n}."],
  small: ["Not less than {n}.", "不能小于 {n}。", "{n} 以上にしてください。", "No menos de {n}."],
  large: ["Not more than {n}.", "不能大于 {n}。", "{n} 以下にしてください。", "No más de {n}."],
  number: [
    "A number is needed.",
    "需要数字。",
    "数値を入力してください。",
    "Hace falta un número.",
  ],
  whole: [
    "A whole number is needed.",
    "需要整数。",
    "整数を入力してください。",
    "Hace falta un número entero.",
  ],
  address: [
    "A whole web address is needed.",
    "需要完整的网址。",
    "完全な URL を入力してください。",
    "Hace falta una dirección web completa.",
  ],
  email: [
    "A mail address is needed.",
    "需要邮箱地址。",
    "メールアドレスを入力してください。",
    "Hace falta una dirección de correo.",
  ],
  time: [
    "A time is needed.",
    "需要填写时间。",
    "日時を入力してください。",
    "Hace falta una fecha y hora.",
  ],
} as const satisfies Messages;
