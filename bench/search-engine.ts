import { childOf, cpuMs } from "./lib/processes.ts";
import { syntheticAsks, syntheticUnits } from "./lib/synthetic.ts";
import { benchWorker } from "./lib/worker.ts";

// One shard of 10,000 units in workerd, called through the search port from the same isolate as in the product:
// CPU per search (which other work on the machine does not lengthen) and the time it took.

const UNITS = 10_000;
const ASKS = 1_000;
const BATCH = 100;

const miniflare = await benchWorker({
  entry: { file: "bench/lib/search-bench-worker.ts" },
  objects: ["SearchShard"],
});
try {
  const url = await miniflare.ready;
  const post = async (path: string, body?: unknown): Promise<Response> => {
    const answer = await fetch(new URL(path, url), {
      method: "POST",
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer;
  };
  const units = syntheticUnits(UNITS);
  const startedAt = performance.now();
  for (let first = 0; first < units.length; first += BATCH)
    await post("/index", units.slice(first, first + BATCH));
  process.stdout.write(
    `indexed ${Math.round((UNITS / (performance.now() - startedAt)) * 1_000)} units/s in batches of ${BATCH}\n`,
  );
  await post("/questions", syntheticAsks(ASKS));
  const workerd = childOf(process.pid, "workerd");
  for (const mode of ["hybrid", "semantic", "lexical"]) {
    await post(`/search?mode=${mode}`);
    const cpu = cpuMs(workerd);
    const from = performance.now();
    await post(`/search?mode=${mode}`);
    const wall = performance.now() - from;
    process.stdout.write(
      `${mode.padEnd(8)} ${((cpuMs(workerd) - cpu) / ASKS).toFixed(3)} ms CPU, ${(wall / ASKS).toFixed(3)} ms elapsed a search\n`,
    );
  }
} finally {
  await miniflare.dispose();
}
