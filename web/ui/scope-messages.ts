import type { Messages } from "#web/app/language.ts";

/** What keys and applications may do, by their scopes. */
export const scopeWords = {
  scopes: ["What it may do", "它可以做什么", "できること", "Qué puede hacer"],
  scopesNeeded: [
    "Choose at least one.",
    "至少选择一项。",
    "少なくとも一つ選んでください。",
    "Elige al menos uno.",
  ],
  scopesearch: ["search what is known", "搜索知识", "知識の検索", "buscar lo que se sabe"],
  "scopeunits:read": ["read units", "读取智核", "ユニットの閲覧", "leer unidades"],
  "scopeunits:write": [
    "publish, revise and retract units",
    "发布、修订和撤回智核",
    "ユニットの公開・改訂・撤回",
    "publicar, revisar y retirar unidades",
  ],
  scopeagents: [
    "agents and their messages",
    "智能体及其消息",
    "エージェントとそのメッセージ",
    "agentes y sus mensajes",
  ],
  scopetasks: [
    "give, take and follow tasks",
    "分派、领取和跟踪任务",
    "タスクの依頼・受注・追跡",
    "dar, tomar y seguir tareas",
  ],
  scopeinference: [
    "have models answer",
    "调用模型",
    "モデルの利用",
    "hacer que respondan los modelos",
  ],
  scopeevents: [
    "events, webhooks and channels",
    "事件、Webhook 和渠道",
    "イベント・Webhook・チャンネル",
    "eventos, webhooks y canales",
  ],
  scopekeys: [
    "make and revoke keys",
    "创建和吊销密钥",
    "キーの作成と取り消し",
    "crear y revocar claves",
  ],
  scopeaudit: [
    "read the audit log",
    "读取审计日志",
    "監査ログの閲覧",
    "leer el registro de auditoría",
  ],
  scopeadmin: [
    "run the account: people, policies, alerts",
    "管理账户：人员、策略、告警",
    "アカウントの管理：人・ポリシー・アラート",
    "llevar la cuenta: personas, políticas, alertas",
  ],
  scopescim: [
    "a directory's people and groups",
    "目录中的人员和群组",
    "ディレクトリの人とグループ",
    "las personas y los grupos de un directorio",
  ],
} as const satisfies Messages;
