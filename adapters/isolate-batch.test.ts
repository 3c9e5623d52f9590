import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { isolateBatch, isolateBeat } from "#adapters/isolate-batch.ts";

const gathered = (more: { itemsMax?: number; everyMs?: number; fails?: boolean } = {}) => {
  const { itemsMax = 4, everyMs = 20, fails = false } = more;
  const sent: number[][] = [];
  const dropped: number[] = [];
  const batch = isolateBatch<number>({
    itemsMax,
    everyMs,
    send: async (items) => {
      await scheduler.wait(1);
      if (fails) throw new Error("nobody is there");
      sent.push(items);
    },
    onDropped: (items) => dropped.push(items),
  });
  return { batch, sent, dropped };
};

it("hands over what several requests brought at once, beside the first of them", async () => {
  const { batch, sent } = gathered();
  const first = createExecutionContext();
  batch.add(first, 1);
  batch.add(createExecutionContext(), 2);
  expect(sent).toEqual([]);
  await waitOnExecutionContext(first);
  expect(sent).toEqual([[1, 2]]);
  expect(batch.waiting).toBe(0);
  // And whoever comes after that waits anew.
  const next = createExecutionContext();
  batch.add(next, 3);
  await waitOnExecutionContext(next);
  expect(sent).toEqual([[1, 2], [3]]);
});

it("hands over a full batch without waiting", async () => {
  const { batch, sent } = gathered({ everyMs: 60_000 });
  const keepers = [1, 2, 3, 4].map((item) => {
    const keeper = {
      kept: [] as Promise<unknown>[],
      waitUntil: (p: Promise<unknown>) => void keeper.kept.push(p),
    };
    batch.add(keeper, item);
    return keeper;
  });
  await Promise.all(keepers[3]?.kept ?? []);
  expect(sent).toEqual([[1, 2, 3, 4]]);
});

it("goes on with another request when the one that was to hand over is gone", async () => {
  const { batch, sent } = gathered({ everyMs: 5 });
  batch.add({ waitUntil: () => {} }, 1);
  // As when its request is cancelled: nothing that it was to wait for happens. Its timer is of this test's own request.
  await scheduler.wait(30);
  const later = createExecutionContext();
  batch.add(later, 2);
  await waitOnExecutionContext(later);
  expect(sent.flat()).toEqual([1, 2]);
});

it("drops what it has no room for while others are on their way, and says how much", async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const sent: number[] = [];
  const told: number[] = [];
  const batch = isolateBatch<number>({
    itemsMax: 2,
    everyMs: 60_000,
    send: async (items) => {
      await gate;
      sent.push(...items);
    },
    onDropped: (items) => told.push(items),
  });
  // The first waits a minute for others: only the full batches are waited for here.
  const kept: Promise<unknown>[] = [];
  const taken = Array.from({ length: 20 }, (_, i) =>
    batch.add({ waitUntil: (promise) => kept.push(promise) }, i),
  );
  expect(taken.filter((one) => !one)).toHaveLength(4);
  expect([batch.waiting, batch.dropped]).toEqual([8, 4]);
  expect(told).toEqual([1, 1, 1, 1]);
  open();
  await Promise.all(kept.slice(1));
  await batch.flush();
  expect(sent).toEqual(Array.from({ length: 16 }, (_, i) => i));
});

it("counts what could not be handed over as dropped", async () => {
  const { batch, dropped } = gathered({ fails: true });
  const ctx = createExecutionContext();
  batch.add(ctx, 1);
  batch.add(ctx, 2);
  await waitOnExecutionContext(ctx);
  expect([batch.dropped, dropped]).toEqual([2, [2]]);
});

it("beats once for all that came, and for an object's sake never later than it is asked", async () => {
  let beats = 0;
  const beat = isolateBeat(50, async () => {
    beats++;
    await scheduler.wait(1);
  });
  const ctx = createExecutionContext();
  beat(env, ctx, Date.now(), true);
  beat(env, ctx, Date.now(), false);
  expect(beats).toBe(1);
  beat(env, ctx, Date.now(), true);
  beat(env, ctx, Date.now(), true);
  await waitOnExecutionContext(ctx);
  expect(beats).toBe(2);
});
