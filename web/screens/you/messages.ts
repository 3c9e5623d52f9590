import type { Messages } from "#web/app/language.ts";

export const youWords = {
  title: ["You", "你", "あなた", "Tú"],
  name: ["Your name", "你的名字", "名前", "Tu nombre"],
  email: ["E-mail", "电子邮箱", "メールアドレス", "Correo electrónico"],
  signedInBy: ["Signed in by", "登录方式", "サインイン方法", "Sesión iniciada con"],
  apiKey: ["API key", "API 密钥", "API キー", "Clave de API"],
  account: ["Account", "账户", "アカウント", "Cuenta"],
  role: ["Role", "角色", "役割", "Rol"],
  secondFactor: ["Second factor", "第二重验证", "第二要素", "Segundo factor"],
  factorApp: ["authenticator app", "验证器应用", "認証アプリ", "app de autenticación"],
  factorPasskeys: [
    "passkeys: {count}",
    "通行密钥：{count} 个",
    "パスキー：{count} 個",
    "llaves de acceso: {count}",
  ],
  factorRecovery: [
    "recovery codes left: {count}",
    "剩余恢复码：{count} 个",
    "残りの回復コード：{count} 個",
    "códigos de recuperación restantes: {count}",
  ],
  factorNone: ["none yet", "尚无", "未設定", "ninguno aún"],
} as const satisfies Messages;
