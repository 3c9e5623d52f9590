import { CloudEvent } from "cloudevents";
import { expect, it, vi } from "vitest";
import { killable } from "./killable.ts";

const ROUNDS = 2;
const APPENDERS = 6;
const ANSWERED_BEFORE_KILL = 150;
const ROUND_MS_MAX = 60_000;
const PATH = "/v1/topics/agent.events/events";

type Kept = { id: string; sequence: string; partitionkey: string; data: { n: number } };

const product = killable();

/** Appends one event after the other under a key, until the product is gone; `n` goes on where it was. */
async function append(key: string, answered: Map<string, number>, isOver: () => boolean) {
  for (let n = answered.get(key) ?? 0; !isOver();) {
    n++;
    // Again under its id where the first time was not answered: it may be there.
    const event = {
      id: `${key}/${n}`,
      type: "custom.counted",
      key,
      data: { n, note: "x".repeat(2_000) },
    };
    if ((await product.post(PATH, event).catch(() => null)) === null) return;
    answered.set(key, n);
  }
}

/** A reader that goes on where it was, over restarts. */
class Reader {
  readonly #next = new Map<number, number>();
  readonly seen: Kept[] = [];

  async read(): Promise<void> {
    const { partitions } = (await (await product.api("/v1/topics/agent.events")).json()) as {
      partitions: { partition: number; latest: number }[];
    };
    for (const { partition, latest } of partitions) {
      for (let after = this.#next.get(partition) ?? 0; after < latest;) {
        const page = (await (
          await product.api(`${PATH}?partition=${partition}&after=${after}&limit=500`)
        ).json()) as { items: Kept[]; partitions: { next: number }[] };
        for (const event of page.items) {
          after++;
          expect(Number(event.sequence), "a gap, or an event twice").toBe(after);
          this.seen.push(event);
        }
        this.#next.set(partition, after);
      }
    }
  }
}

it.skipIf(process.platform !== "linux")(
  `kill -9 of everything while events are appended, ${ROUNDS} times: none that was answered is lost or doubled, a reader sees no gap`,
  { timeout: ROUNDS * ROUND_MS_MAX },
  async () => {
    const answered = new Map<string, number>();
    const reader = new Reader();
    const count = () => [...answered.values()].reduce((sum, n) => sum + n, 0);
    await product.start();
    for (let round = 0; round < ROUNDS; round++) {
      let isOver = false;
      const before = count();
      const loops = Array.from({ length: APPENDERS }, (_, i) =>
        append(`k${i}`, answered, () => isOver),
      );
      await vi.waitFor(() => expect(count() - before).toBeGreaterThan(ANSWERED_BEFORE_KILL), {
        timeout: ROUND_MS_MAX,
        interval: 5,
      });
      await product.kill();
      isOver = true;
      await Promise.all(loops);
      await product.start();
      await reader.read();
    }
    const got = new Map<string, number[]>();
    for (const event of reader.seen) {
      got.set(event.partitionkey, [...(got.get(event.partitionkey) ?? []), event.data.n]);
      expect(new CloudEvent(event as never, true).validate()).toBe(true);
    }
    for (const [key, n] of answered) {
      const all = got.get(key) ?? [];
      expect(all, key).toEqual(Array.from(all, (_, i) => i + 1));
      expect(all.length, key).toBeGreaterThanOrEqual(n);
    }
  },
);
