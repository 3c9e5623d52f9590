import type { Messages } from "#web/app/language.ts";

/** How the states of agents are called. */
export const agentStates = {
  statecreated: ["waiting", "待启动", "開始待ち", "en espera"],
  stateactive: ["active", "运行中", "稼働中", "activo"],
  statepaused: ["paused", "已暂停", "一時停止", "en pausa"],
  stateretired: ["retired", "已退役", "引退", "retirado"],
  statequarantined: ["quarantined", "已隔离", "隔離中", "en cuarentena"],
} as const satisfies Messages;
