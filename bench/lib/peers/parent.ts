import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot } from "#scripts/launch/paths.ts";
import { recallOf } from "#bench/lib/real-vectors.ts";
import type { FromChild, ToChild } from "./engine.ts";

export type Measured = {
  name: string;
  built: string;
  setting: string;
  recall: number;
  buildCpuS: number;
  grownMb: number;
  /** Medians over the rounds. */
  perCpuSecond: number;
  p50Ms: number;
};

export type Running = {
  name: string;
  /** Answers every question once. */
  wake(): Promise<void>;
  round(): Promise<void>;
  measured(): Promise<Measured>;
  end(): Promise<void>;
};

type Data = { vectors: string; queries: string; count: number; exact: Uint32Array };

const LIMIT = 10;
/** Builds an engine in a fresh process and turns its knob until the recall is enough, or as far as it goes. */
export async function runEngine(name: string, data: Data, recallGoal: number): Promise<Running> {
  // Below which the engine keeps its files, wherever it wants them.
  const folder = mkdtempSync(join(tmpdir(), "wishub-bench-"));
  const child = fork(inRoot("bench", "lib", "peers", "child.ts"), {
    // So that memory is what an engine holds rather than what its process keeps for later; the same for all of them.
    execArgv: ["--expose-gc", "--max-semi-space-size=4"],
    serialization: "advanced",
    env: { ...process.env, TMPDIR: folder, MALLOC_ARENA_MAX: "1" },
  });
  try {
    const { vectors, queries, count } = data;
    const opened = await ask(child, { ask: "load", engine: name, vectors, queries, count });
    const built = await ask(child, { ask: "build" });
    const { setting, recall } = await tuned(child, opened, data.exact, recallGoal);
    const rounds: FromChild[] = [];
    return {
      name,
      wake: async () => void (await ask(child, { ask: "answers", setting: null })),
      round: async () => void rounds.push(await ask(child, { ask: "time" })),
      async measured() {
        const { grownBytes = 0 } = await ask(child, { ask: "memory" });
        return {
          name,
          built: opened.built ?? "",
          setting: setting === null ? "" : `${opened.knob} ${setting}`,
          recall,
          buildCpuS: (built.cpuMs ?? 0) / 1_000,
          grownMb: grownBytes / 1_000_000,
          perCpuSecond: 1_000 / median(rounds.map(({ cpuMs = 0 }) => cpuMs)),
          p50Ms: median(rounds.map(({ p50Ms = 0 }) => p50Ms)),
        };
      },
      end: async () => await ended(child, folder),
    };
  } catch (error) {
    await ended(child, folder);
    throw error;
  }
}

async function tuned(child: ChildProcess, opened: FromChild, exact: Uint32Array, goal: number) {
  const settings = opened.settings?.length ? opened.settings : [null];
  let last = { setting: settings[0] ?? null, recall: 0 };
  for (const setting of settings) {
    const { answers = [] } = await ask(child, { ask: "answers", setting });
    last = { setting, recall: recallOf(answers, exact, LIMIT) };
    if (last.recall >= goal) break;
  }
  return last;
}

async function ask(child: ChildProcess, message: ToChild): Promise<FromChild> {
  const answer = new Promise<FromChild>((resolve, reject) => {
    child.once("message", (value) => resolve(value as FromChild));
    child.once("exit", (code, signal) => reject(new Error(`ended with ${signal ?? code}`)));
  });
  child.send(message);
  const value = await answer;
  child.removeAllListeners("exit");
  if (value.error !== undefined) throw new Error(value.error);
  return value;
}

async function ended(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, "exit");
    // Not asked: an engine's own threads may keep its process from ending.
    child.kill("SIGKILL");
    await exit;
  }
  rmSync(folder, { recursive: true, force: true });
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
