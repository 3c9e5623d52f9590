import type { Messages } from "#web/app/language.ts";

export const taskListWords = {
  title: ["Tasks", "任务", "タスク", "Tareas"],
  lead: [
    "The work of your account, the newest first. What has ended is kept for seven days.",
    "你账户的工作，最新的在前。已结束的保留七天。",
    "アカウントの仕事を新しい順に。終わったものは 7 日間残ります。",
    "El trabajo de tu cuenta, lo más nuevo primero. Lo que terminó se guarda siete días.",
  ],
  give: ["Give a task", "交付任务", "タスクを出す", "Dar una tarea"],
  giveLead: [
    "An agent that asks for tasks of this type, and has the capabilities it takes, is given it.",
    "请求该类型任务并具备所需能力的智能体会接到它。",
    "この種類のタスクを求め、必要な能力を持つエージェントに渡されます。",
    "La recibe un agente que pide tareas de este tipo y tiene las capacidades requeridas.",
  ],
  giving: ["Giving…", "正在交付…", "送信中…", "Enviando…"],
  none: ["No tasks here", "这里没有任务", "タスクはありません", "No hay tareas aquí"],
  noneDetail: [
    "Give one, and whoever does tasks of its type takes it.",
    "交付一个，处理该类型任务的智能体就会接手。",
    "タスクを出すと、その種類を担うエージェントが引き受けます。",
    "Da una, y la toma quien hace tareas de su tipo.",
  ],
  state: ["State", "状态", "状態", "Estado"],
  everyState: ["every state", "所有状态", "すべての状態", "todos los estados"],
  pool: ["Queue", "队列", "キュー", "Cola"],
  type: ["Type", "类型", "種類", "Tipo"],
  typeHint: [
    "Lower-case words such as report.weekly.",
    "小写单词，例如 report.weekly。",
    "report.weekly のような小文字の語。",
    "Palabras en minúsculas como report.weekly.",
  ],
  input: ["What to do, as JSON", "要做什么（JSON）", "内容（JSON）", "Qué hacer, en JSON"],
  requires: [
    "Capabilities that it takes, separated by commas",
    "所需能力，用逗号分隔",
    "必要な能力（コンマ区切り）",
    "Capacidades que requiere, separadas por comas",
  ],
  priority: ["Priority, 0 to 9", "优先级，0 到 9", "優先度（0～9）", "Prioridad, de 0 a 9"],
  attemptsMost: ["Attempts at most", "最多尝试次数", "最大試行回数", "Intentos como máximo"],
  deadline: ["Deadline", "截止时间", "期限", "Fecha límite"],
  callback: [
    "Address told of its end",
    "结束时通知的地址",
    "終了を知らせるアドレス",
    "Dirección a la que se avisa del final",
  ],
  progress: ["Progress", "进度", "進捗", "Progreso"],
  attempts: [
    "attempt {count, number} of {most, number}",
    "第 {count, number}/{most, number} 次尝试",
    "試行 {count, number}/{most, number}",
    "intento {count, number} de {most, number}",
  ],
} as const satisfies Messages;
