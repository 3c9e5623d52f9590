import { expect, it, vi } from "vitest";
import { killable } from "./killable.ts";

const ROUNDS = 2;
const MAKERS = 4;
const WORKERS = 3;
const DONE_BEFORE_KILL = 40;
const ROUND_MS_MAX = 60_000;

type Task = { id: string; fencingToken: number; input: string };

const product = killable();
const { post } = product;

/** What was promised of tasks, by what was given to each. */
class Ledger {
  readonly made = new Set<string>();
  readonly given = new Set<string>();
  readonly done = new Set<string>();
}

/** Makes one task after the other, until the product is gone. */
async function make(maker: string, ledger: Ledger, isOver: () => boolean): Promise<void> {
  for (let n = 0; !isOver(); n++) {
    const input = `${maker} ${n}`;
    const made = await product
      .api("/v1/tasks", {
        method: "POST",
        headers: { "Idempotency-Key": input },
        body: JSON.stringify({ type: "look", input, attempts: 20 }),
      })
      .catch(() => null);
    if (made === null) return;
    expect(made.status).toBe(201);
    ledger.made.add(input);
  }
}

async function work(ledger: Ledger, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const ask = { types: ["look"], limit: 3, leaseMs: 1_500, waitMs: 200 };
    const leased = await post<{ tasks: Task[] }>("/v1/tasks/lease", ask).catch(() => null);
    if (leased === null) return;
    for (const { id, fencingToken, input } of leased.tasks) {
      expect(ledger.done.has(input), "what was answered as done is given out again").toBe(false);
      ledger.given.add(input);
      const said = { fencingToken, result: input };
      const done = await post(`/v1/tasks/${id}/complete`, said).catch(() => null);
      if (done !== null) ledger.done.add(input);
    }
  }
}

it.skipIf(process.platform !== "linux")(
  `kill -9 of everything while tasks are made and done, ${ROUNDS} times: none is lost, none that is done is done again`,
  { timeout: ROUNDS * ROUND_MS_MAX },
  async () => {
    const ledger = new Ledger();
    await product.start();
    for (let round = 0; round < ROUNDS; round++) {
      let killed = false;
      const before = ledger.done.size;
      const isOver = () => killed;
      const loops = [
        ...Array.from({ length: MAKERS }, (_, n) => make(`${round} ${n}`, ledger, isOver)),
        ...Array.from({ length: WORKERS }, () => work(ledger, isOver)),
      ];
      await vi.waitFor(() => expect(ledger.done.size - before).toBeGreaterThan(DONE_BEFORE_KILL), {
        timeout: ROUND_MS_MAX,
        interval: 5,
      });
      await product.kill();
      killed = true;
      await Promise.all(loops);
      await product.start();
    }
    const missing = () => [...ledger.made].filter((input) => !ledger.given.has(input));
    const draining = work(ledger, () => missing().length === 0);
    await vi.waitFor(() => expect(missing()).toEqual([]), { timeout: ROUND_MS_MAX, interval: 100 });
    await draining;
    const listed = (await (await product.api("/v1/queues")).json()) as {
      items: { pool: string; failed: number }[];
    };
    expect(listed.items.find(({ pool }) => pool === "account")?.failed).toBe(0);
  },
);
