import type { Messages } from "#web/app/language.ts";

export const taskStates = {
  statesubmitted: ["submitted", "已提交", "受付済み", "enviada"],
  stateworking: ["working", "进行中", "作業中", "en curso"],
  "stateinput-required": ["input required", "需要输入", "入力待ち", "requiere datos"],
  "stateauth-required": ["authorization required", "需要授权", "認可待ち", "requiere autorización"],
  statecompleted: ["completed", "已完成", "完了", "completada"],
  statefailed: ["failed", "失败", "失敗", "fallida"],
  statecanceled: ["canceled", "已取消", "取り消し", "cancelada"],
  staterejected: ["rejected", "已拒绝", "却下", "rechazada"],
  poolaccount: ["Your account's", "你的账户", "自分のアカウント", "De tu cuenta"],
  poolgpu: ["Shared GPU", "共享 GPU", "共有 GPU", "GPU compartida"],
} as const satisfies Messages;
