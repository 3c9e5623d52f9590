import { expect, it, vi } from "vitest";
import { killable } from "./killable.ts";

const ROUNDS = 2;
const LOOPS = 4;
const DONE_BEFORE_KILL = 40;
const ROUND_MS_MAX = 60_000;

type Task = { id: string; fencingToken: number };
type Told = { id: string; type: string; subject: string };

const product = killable();
const { post } = product;

/** Makes and does tasks, and publishes units, one after the other until the product is gone; keeps what was answered. */
async function work(answered: Set<string>, isOver: () => boolean): Promise<void> {
  for (let n = 0; !isOver(); n++) {
    const made = await post<Task>("/v1/tasks", { type: "look", input: n }).catch(() => null);
    if (made === null) return;
    answered.add(`task.created ${made.id}`);
    const ask = { types: ["look"], limit: 1, leaseMs: 600_000 };
    const leased = await post<{ tasks: Task[] }>("/v1/tasks/lease", ask).catch(() => null);
    for (const { id, fencingToken } of leased?.tasks ?? []) {
      const done = await post(`/v1/tasks/${id}/complete`, { fencingToken, result: n }).catch(
        () => null,
      );
      if (done !== null) answered.add(`task.completed ${id}`);
    }
    const unit = { title: `Otter ${crypto.randomUUID()}`, body: `Otters dive ${n} times.` };
    const published = await post<{ id: string }>("/v1/units", unit).catch(() => null);
    if (published !== null) answered.add(`unit.published ${published.id}`);
  }
}

async function told(topic: string): Promise<Told[]> {
  const headers = { accept: "application/x-ndjson" };
  const answer = await product.api(`/v1/topics/${topic}/events`, { headers });
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Told);
}

it.skipIf(process.platform !== "linux")(
  `kill -9 of everything while tasks are done and units published, ${ROUNDS} times: all that was answered is told, once`,
  { timeout: ROUNDS * ROUND_MS_MAX },
  async () => {
    const answered = new Set<string>();
    await product.start();
    for (let round = 0; round < ROUNDS; round++) {
      let isOver = false;
      const before = answered.size;
      const loops = Array.from({ length: LOOPS }, () => work(answered, () => isOver));
      await vi.waitFor(() => expect(answered.size - before).toBeGreaterThan(3 * DONE_BEFORE_KILL), {
        timeout: ROUND_MS_MAX,
        interval: 5,
      });
      await product.kill();
      isOver = true;
      await Promise.all(loops);
      await product.start();
    }
    const missing = async () => {
      const all = [...(await told("agent.tasks")), ...(await told("unit.events"))];
      expect(new Set(all.map(({ id }) => id)).size, "told twice").toBe(all.length);
      const said = new Set(all.map(({ type, subject }) => `${type} ${subject}`));
      return [...answered].filter((one) => !said.has(one));
    };
    await vi.waitFor(async () => expect(await missing()).toEqual([]), {
      timeout: ROUND_MS_MAX,
      interval: 500,
    });
  },
);
