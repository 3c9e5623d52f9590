import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const LOOK_EVERY_MS = 500;

/**
 * Calls `gone` when the npm or the bootstrap that started this process has died without telling it (kill -9).
 * Started in any other way, from a shell or a service manager, the parent's death means nothing.
 */
export function watchParents(gone: () => void): { stop(): void } {
  const watched = startersOf(process.ppid);
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (watched.length > 0 && (process.ppid !== parent || !watched.every(isAlive))) gone();
  }, LOOK_EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** The chain npm → (shell →) bootstrap above this process, nearest first; empty when neither had a part in it. */
function startersOf(parent: number): number[] {
  const chain: number[] = [];
  for (let pid = parent; pid > 1 && chain.length < 4;) {
    const { name, ppid } = describe(pid);
    chain.push(pid);
    if (name.startsWith("npm")) return chain;
    pid = ppid;
  }
  return process.env["WISHUB_BOOTSTRAP_PID"] === String(parent) ? [parent] : [];
}

function describe(pid: number): { name: string; ppid: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, ppid = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")), ppid: Number(ppid) };
  } catch {
    return describeByPs(pid);
  }
}

function describeByPs(pid: number): { name: string; ppid: number } {
  try {
    const [ppid = "0", ...name] = execFileSync("ps", ["-o", "ppid=,comm=", "-p", String(pid)], {
      encoding: "utf8",
    })
      .trim()
      .split(/\s+/);
    return { name: name.join(" "), ppid: Number(ppid) };
  } catch {
    return { name: "", ppid: 0 };
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
