import type { Messages } from "#web/app/language.ts";

/** How the roles in an account are called. */
export const roles = {
  roleowner: ["owner", "所有者", "所有者", "propietario"],
  roleadmin: ["administrator", "管理员", "管理者", "administrador"],
  rolemember: ["member", "成员", "メンバー", "miembro"],
  roleauditor: ["auditor", "审计员", "監査人", "auditor"],
  roleviewer: ["viewer", "查看者", "閲覧者", "observador"],
} as const satisfies Messages;
