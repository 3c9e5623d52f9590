import { statfs } from "node:fs/promises";
import { cpus, freemem, hostname, totalmem } from "node:os";
import type { Served } from "./serve.ts";

/** A host's CPU, memory and disk in use, as shares. */
export type HostSample = { host: string; atMs: number; cpu: number; memory: number; disk: number };

type Times = { idle: number; all: number };
const EVERY_MS = 15_000;

/** Of the time that all cores had since `before`, what was not idle. */
export const busyShare = (before: Times, after: Times): number =>
  after.all <= before.all ? 0 : 1 - (after.idle - before.idle) / (after.all - before.all);

/** Of what the system, or the container around this process, has: what is taken and cannot be had back. */
export function memoryShare(limit: number, available: number, total: number, free: number): number {
  const isBounded = limit > 0 && limit < total;
  return isBounded ? 1 - Math.min(available / limit, 1) : 1 - free / total;
}

/** As `df` counts: of what may be written, what is. */
export const diskShare = (of: { blocks: number; bfree: number; bavail: number }): number => {
  const used = of.blocks - of.bfree;
  return used + of.bavail <= 0 ? 0 : used / (used + of.bavail);
};

function times(): Times {
  const all = cpus().map((core) => Object.values(core.times).reduce((sum, ms) => sum + ms, 0));
  const idle = cpus().reduce((sum, core) => sum + core.times.idle, 0);
  return { idle, all: all.reduce((sum, ms) => sum + ms, 0) };
}

/** Tells the product how this host is doing, for its alerts; what the product does not hear is not told again. */
export function sampleHost(stateDir: string, ask: Served["ask"]): { stop(): void } {
  let before = times();
  const sample = async (): Promise<void> => {
    const after = times();
    const cpu = busyShare(before, after);
    before = after;
    const disk = diskShare(await statfs(stateDir));
    const memory = memoryShare(
      process.constrainedMemory(),
      process.availableMemory(),
      totalmem(),
      freemem(),
    );
    const host: HostSample = { host: hostname(), atMs: Date.now(), cpu, memory, disk };
    await ask("/observe", host);
  };
  const timer = setInterval(() => void sample().catch(() => {}), EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
