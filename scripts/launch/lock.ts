import { existsSync, mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "./say.ts";

type Holder = { pid: number; startedAt: string };

const CODES: Record<string, string> = {
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ENOTDIR: "part of the path is a file",
  EEXIST: "it is a file",
};

/** Makes the state folder this process's own until `release`; a lock whose holder has died is taken over. */
export function lockState(stateDir: string): { release(): void } {
  writable(stateDir);
  const path = join(stateDir, "lock.json");
  const mine = JSON.stringify({
    pid: process.pid,
    startedAt: startOf(process.pid),
  } satisfies Holder);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(path, mine, { flag: "wx" });
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const holder = readHolder(path);
    if (holder !== undefined && isAlive(holder)) break;
    endLeftovers(stateDir);
    rmSync(path, { force: true });
  }
  const holder = readHolder(path);
  throw new Refusal(
    `the state in ${stateDir} is in use by process ${holder?.pid ?? "unknown"}, stop that one first.`,
  );
}

/** Where the wrapper around workerd notes each one it starts. */
export function pidFile(stateDir: string): string {
  return join(stateDir, "workerd.pids");
}

/** A workerd outlives its killed launcher by up to a second; two of them must not share one state. */
function endLeftovers(stateDir: string): void {
  const path = pidFile(stateDir);
  if (!existsSync(path)) return;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const [id, startedAt] = line.split(" ");
    const pid = Number(id);
    if (pid > 1 && startedAt && startOf(pid) === startedAt) process.kill(pid, "SIGKILL");
  }
  rmSync(path, { force: true });
}

function writable(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const probe = join(stateDir, `.probe-${process.pid}`);
    writeFileSync(probe, "");
    unlinkSync(probe);
  } catch (error) {
    const code = codeOf(error);
    throw new Refusal(
      `the state cannot be written to ${stateDir} (${CODES[code] ?? code}), set WISHUB_STATE to a folder that can.`,
    );
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) !== "EPERM") return false;
  }
  return startOf(holder.pid) === holder.startedAt;
}

/** Tells a process from a later one with the same id. Outside Linux there is only the id. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, "utf8")) as Holder;
    return Number.isInteger(holder.pid) ? holder : undefined;
  } catch {
    return undefined; // cut off by a kill, or just released
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
