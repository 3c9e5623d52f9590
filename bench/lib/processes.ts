import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** User and system time a process has used, in ms (proc_pid_stat(5), fields 14 and 15, in ticks of 10 ms). */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The child (or grandchild) of a process whose command holds a name. */
export function childOf(pid: number, name: string): number {
  const all = execFileSync("ps", ["-eo", "pid=,ppid=,args="])
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/, 3).concat(line));
  const children = all.filter(([, parent]) => Number(parent) === pid).map(([id]) => Number(id));
  for (const child of children) {
    const line = all.find(([id]) => Number(id) === child)?.at(-1) ?? "";
    if (line.includes(name)) return child;
  }
  for (const child of children) {
    const found = childOf(child, name);
    if (found > 0) return found;
  }
  return -1;
}

/** A process and all below it. */
export function treeOf(pid: number): number[] {
  const parents = execFileSync("ps", ["-eo", "pid=,ppid="])
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const tree = [pid];
  for (const each of tree)
    for (const [child = 0, parent] of parents) if (parent === each) tree.push(child);
  return tree;
}

/** Resident memory of a process in MB. */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
}

/** The same for every process below `pid` whose command holds a name. */
export function cpuMsBelow(pid: number, name: string): number {
  const all = execFileSync("ps", ["-eo", "pid=,ppid=,comm="])
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const below = new Set([pid]);
  for (let size = 0; size !== below.size;) {
    size = below.size;
    for (const [id, parent] of all) if (below.has(Number(parent))) below.add(Number(id));
  }
  return all
    .filter(([id, , command]) => below.has(Number(id)) && command?.includes(name))
    .reduce((sum, [id]) => sum + cpuMs(Number(id)), 0);
}
