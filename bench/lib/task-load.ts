import { httpRequest } from "./load.ts";
import type { Product } from "./product.ts";
import { inRounds, type Rounds } from "./rounds.ts";

const TYPE = "bench.look";
export const INPUT = { task: "Find what otters eat in winter.", notes: "x".repeat(200) };

/** Each connection makes a task, leases one and completes it, one request after the other, or `batch` at a time. */
export async function taskLoad(
  served: Product,
  connections: number,
  batch: number,
  durationMs: number,
): Promise<Rounds> {
  const post = (path: string, body: object) =>
    httpRequest("POST", path, served.headers, JSON.stringify(body));
  const task = { type: TYPE, input: INPUT };
  const make =
    batch === 1
      ? post("/v1/tasks", task)
      : post("/v1/tasks/batch", { tasks: Array.from({ length: batch }, () => task) });
  const lease = post("/v1/tasks/lease", { types: [TYPE], limit: batch });
  return await inRounds(served, connections, durationMs, async (ask) => {
    await ask(make, "201");
    const { tasks } = JSON.parse(await ask(lease, "200")) as {
      tasks: { id: string; fencingToken: number }[];
    };
    const [first] = tasks;
    if (first === undefined) throw new Error("a task that was made was not given out");
    const said = tasks.map(({ id, fencingToken }) => ({ id, fencingToken, result: "done" }));
    if (batch === 1) {
      const { fencingToken } = first;
      await ask(post(`/v1/tasks/${first.id}/complete`, { fencingToken, result: "done" }), "200");
    } else await ask(post("/v1/tasks/complete", { tasks: said }), "200");
    return tasks.length;
  });
}
