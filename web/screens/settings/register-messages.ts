import type { Messages } from "#web/app/language.ts";

export const registerWords = {
  register: ["Register an application", "注册应用", "アプリを登録", "Registrar una aplicación"],
  registering: ["Registering…", "正在注册…", "登録中…", "Registrando…"],
  name: ["Name", "名称", "名前", "Nombre"],
  kind: ["Whom it acts for", "代表谁操作", "誰のために動くか", "Por quién actúa"],
  kindweb: [
    "for people who consent, from a server that keeps a secret",
    "代表同意的人，运行在能保管密钥的服务器上",
    "同意した人のため（秘密を保管できるサーバー上）",
    "por quien lo consienta, desde un servidor que guarda un secreto",
  ],
  kindapp: [
    "for people who consent, on their own devices",
    "代表同意的人，运行在他们自己的设备上",
    "同意した人のため（本人の端末上）",
    "por quien lo consienta, en sus propios dispositivos",
  ],
  kinditself: [
    "for itself, as you",
    "代表应用自身，以你的身份",
    "自分自身のため（あなたとして）",
    "por sí misma, en tu nombre",
  ],
  redirects: [
    "Addresses that people come back to",
    "授权后返回的地址",
    "同意後に戻るアドレス",
    "Direcciones a las que se vuelve",
  ],
  redirectsHint: [
    "One a line: https, http on the same machine, or an app's own scheme.",
    "每行一个：https、本机的 http，或应用自有的协议。",
    "1 行に 1 つ：https、同じ機器の http、またはアプリ独自のスキーム。",
    "Una por línea: https, http en la misma máquina o el esquema propio de una app.",
  ],
  redirectsBad: [
    "At least one is needed, and each has to be such an address.",
    "至少需要一个，且每个都须是这样的地址。",
    "1 つ以上必要です。どれもこの形のアドレスにしてください。",
    "Hace falta al menos una, y todas han de ser direcciones así.",
  ],
  clientId: ["Client id", "客户端 ID", "クライアント ID", "Id de cliente"],
  noSecret: [
    "It has no secret: it proves itself with each consent (PKCE).",
    "它没有密钥：每次授权时自行证明（PKCE）。",
    "秘密はありません。同意のたびに自身を証明します（PKCE）。",
    "No tiene secreto: se acredita en cada consentimiento (PKCE).",
  ],
} as const satisfies Messages;
