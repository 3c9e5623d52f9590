import { expect, it, vi } from "vitest";
import { WisHub } from "#sdk/client.ts";
import { commandLine } from "./command-line.ts";
import { killable } from "./killable.ts";
import { ownerOf } from "./owner.ts";

const ROUNDS = 2;
const TOLD_IN_A_ROUND = 60;
const ROUND_MS_MAX = 60_000;
const PATH = "/v1/topics/agent.events/events";

const product = killable();

/** Tells of one number after the other, until nobody answers; the newest that was answered. */
async function tellFrom(answered: number, isOver: () => boolean): Promise<number> {
  for (let newest = answered; ; newest++) {
    // Again under its id where the first time was not answered: it may be there.
    const n = newest + 1;
    const event = { id: `e-${n}`, type: "custom.counted", key: "k", data: { n } };
    if (isOver() || (await product.post(PATH, event).catch(() => null)) === null) return newest;
  }
}

it.skipIf(process.platform !== "linux")(
  `kill -9 of everything while events are told, ${ROUNDS} times: who comes back gets each once, in order`,
  { timeout: ROUNDS * ROUND_MS_MAX },
  async () => {
    await product.start();
    const { apiKey } = ownerOf(product.state);
    const over = new AbortController();
    const told: number[] = [];
    let lost = 0;
    const options = {
      topics: ["agent.events"],
      from: new Date().toISOString(),
      signal: over.signal,
      onLost: () => lost++,
    };
    const reading = (async () => {
      for await (const { event } of new WisHub({ url: product.url, apiKey }).events(options))
        told.push((event.data as { n: number }).n);
    })();
    let answered = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      let isOver = false;
      const telling = tellFrom(answered, () => isOver);
      const goal = round * TOLD_IN_A_ROUND;
      const isTold = () => expect(told.length).toBeGreaterThan(goal);
      await vi.waitFor(isTold, { timeout: ROUND_MS_MAX, interval: 5 });
      await product.kill();
      isOver = true;
      answered = await telling;
      await product.start();
    }
    const isWhole = () => expect(told.length).toBeGreaterThanOrEqual(answered);
    await vi.waitFor(isWhole, { timeout: ROUND_MS_MAX });
    expect(told).toEqual(told.map((_, i) => i + 1));
    expect(lost).toBeGreaterThanOrEqual(ROUNDS);

    // As a person reads it, and tells of something.
    const { run, document, says } = commandLine(product.state, product.url);
    expect(
      await says(["events", "append", "custom.paid", '{"order":17}', "--subject", "o-17"]),
    ).toBe("custom.paid is told\n");
    const tail = ["events", "tail", "--since", "1h", "--topic", "agent.events"];
    const { out, err } = await run([...tail, "--type", "custom.paid", "--count", "1"]);
    expect(out).toMatch(/^\S+Z custom\.paid o-17 \{"order":17\}\n$/);
    expect(err).toMatch(/^go on with --after\n[\w-]+\n$/);
    const first = await document<{ type: string }>([...tail, "--count", "1"]);
    expect(first).toMatchObject({ specversion: "1.0", type: "custom.counted", data: { n: 1 } });
    over.abort();
    await reading;
  },
);
