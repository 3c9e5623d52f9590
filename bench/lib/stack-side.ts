import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countsOf, rounded, settled, spaceOf } from "./corpus.ts";
import { type ConventionalStack, conventionalStack } from "./peers/stack.ts";
import { cpuMs, residentMb, treeOf } from "./processes.ts";
import { memoryBelow, product } from "./product.ts";
import type { Entry } from "./wordnet.ts";

/** Filled with units: how long until the last was accepted, and until all could be found. */
export type Filled = { acceptedS: number; searchableS: number; ids: string[] };

/** One of the two stacks as the load sees it. */
export type Side = {
  name: string;
  url: string;
  headers: Record<string, string>;
  /** What goes into every body beside vectors. */
  space: string | undefined;
  fill(units: UnitSource): Promise<Filled>;
  /** CPU time so far of every process of the stack, in ms. */
  cpuMs(): number;
  memory(): { whole: number; parts: string };
  /** Sets how thoroughly vectors are searched; null where there is nothing to set. */
  widen: ((width: number) => Promise<void>) | null;
  stop(): Promise<void>;
};

/** A folder in which a product was kept when it was filled, for later runs. */
export type Kept = { folder: string };
const stateOf = ({ folder }: Kept): string => join(folder, "state");
const filledOf = ({ folder }: Kept): string => join(folder, "filled.json");

export type UnitSource = { count: number; line(n: number, space: string | undefined): string };

const UNITS_PER_REQUEST = 10_000;
const SETTLED_MS = 3_600_000;

export const unitLine = (
  { title, body, kind }: Entry,
  vector: Float32Array,
  space: string | undefined,
): string => JSON.stringify({ title, body, kind, tags: [kind], vector: rounded(vector), space });

/** Fills a product once and keeps it; what happens to it afterwards happens to copies. */
export async function keepFilled(kept: Kept, units: UnitSource): Promise<void> {
  if (existsSync(filledOf(kept))) return;
  const side = await ourSide();
  try {
    const filled = await side.fill(units);
    await side.stop(stateOf(kept));
    writeFileSync(filledOf(kept), JSON.stringify(filled));
  } finally {
    await side.stop();
  }
}

/** The served product as `npm start` serves it, without the gpu-backend: vectors come with the requests. */
export async function ourSide(
  kept?: Kept,
): Promise<Side & { stop(keepIn?: string): Promise<void> }> {
  const served = await product({
    gpu: false,
    ...(kept === undefined ? {} : { from: stateOf(kept) }),
  });
  const space = await spaceOf(served);
  return {
    name: "ours",
    url: served.url,
    headers: served.headers,
    space,
    async fill(units) {
      if (kept !== undefined) return JSON.parse(readFileSync(filledOf(kept), "utf8")) as Filled;
      const startedAt = performance.now();
      const ids: string[] = [];
      for (let first = 0; first < units.count; first += UNITS_PER_REQUEST) {
        const answer = await served.fetch("/v1/units/import", {
          method: "POST",
          headers: { "content-type": "application/x-ndjson" },
          body: linesOf(units, first, space),
        });
        if (!answer.ok) throw new Error(`import answered ${answer.status}`);
        for (const line of (await answer.text()).trim().split("\n"))
          ids.push((JSON.parse(line) as { id?: string }).id ?? "");
      }
      const acceptedS = since(startedAt);
      await settled(served, SETTLED_MS);
      const counts = await countsOf(served);
      if ((counts["searchable"] ?? 0) < units.count * 0.99)
        throw new Error(`only ${counts["searchable"]} of ${units.count} units are searchable`);
      return { acceptedS, searchableS: since(startedAt), ids };
    },
    cpuMs: () => sum(treeOf(served.pid).map(cpuMs)),
    memory() {
      const processes = memoryBelow(served.pid);
      return {
        whole: sum(processes.map(({ megabytes }) => megabytes)),
        parts: processes
          .map(({ command, megabytes }) => `${command} ${megabytes.toFixed(0)}`)
          .join(", "),
      };
    },
    widen: null,
    stop: served.stop,
  };
}

export async function peerSide(): Promise<Side> {
  const stack = await conventionalStack();
  return {
    name: "conventional",
    url: stack.url,
    headers: stack.headers,
    space: undefined,
    async fill(units) {
      const startedAt = performance.now();
      const ids: string[] = [];
      for (let first = 0; first < units.count; first += UNITS_PER_REQUEST) {
        const answer = await posted(stack, "/v1/units/bulk", linesOf(units, first, undefined));
        ids.push(...((await answer.json()) as { ids: string[] }).ids);
      }
      const acceptedS = since(startedAt);
      await posted(stack, "/optimize", "");
      return { acceptedS, searchableS: since(startedAt), ids };
    },
    cpuMs: () => sum(stack.pids.map(cpuMs)),
    memory() {
      const [server = 0, redis = 0] = stack.pids.map(residentMb);
      return {
        whole: server + redis,
        parts: `node ${server.toFixed(0)}, redis ${redis.toFixed(0)}`,
      };
    },
    widen: async (width) => void (await posted(stack, `/widen/${width}`, "")),
    stop: stack.stop,
  };
}

async function posted(stack: ConventionalStack, path: string, body: string): Promise<Response> {
  const answer = await fetch(`${stack.url}${path}`, {
    method: "POST",
    headers: stack.headers,
    body,
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer;
}

const linesOf = (units: UnitSource, first: number, space: string | undefined): string =>
  Array.from({ length: Math.min(UNITS_PER_REQUEST, units.count - first) }, (_, n) =>
    units.line(first + n, space),
  ).join("\n");

const since = (startedAt: number): number => (performance.now() - startedAt) / 1_000;
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
